//! Clients that many teams run, from `data/clients.toml`.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::wildcard;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    client: Vec<Entry>,
    probes: Probes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probes {
    operations: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    user_agents: Vec<String>,
    #[serde(default)]
    calls: Vec<String>,
    certainty: Certainty,
    #[serde(default)]
    v2: Option<String>,
    advice: String,
}

/// How sure it is that a client is what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certainty {
    /// The user agent names the program.
    Certain,
    /// The user agent names a library that it uses, and it calls what the program calls.
    Likely,
}

/// A client that was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Known {
    /// The program.
    pub(crate) name: String,
    /// How sure that is.
    pub(crate) certainty: Certainty,
    /// The first version that speaks V2, where it is public knowledge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) v2: Option<String>,
    /// What its owner does.
    pub(crate) advice: String,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/clients.toml"))
        .expect("`the_file_of_known_clients_is_right` keeps it readable")
});

/// The known client with this user agent that calls one of these V1 operations.
pub(crate) fn recognise(user_agent: Option<&str>, operations: &[&str]) -> Option<Known> {
    let agent = user_agent?;
    let entry = FILE.client.iter().find(|entry| {
        entry
            .user_agents
            .iter()
            .any(|pattern| wildcard(pattern, agent))
            && (entry.calls.is_empty()
                || entry
                    .calls
                    .iter()
                    .any(|call| operations.contains(&call.as_str())))
    })?;
    Some(Known {
        name: entry.name.clone(),
        certainty: entry.certainty,
        v2: entry.v2.clone(),
        advice: entry.advice.clone(),
    })
}

/// Whether V2 servers answer this operation without a version too.
pub(crate) fn is_probe(operation: &str) -> bool {
    FILE.probes
        .operations
        .iter()
        .any(|probe| probe == operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_known_clients_is_right() {
        let mappings = windlass_mappings::mappings();
        let named = FILE.client.iter().flat_map(|entry| &entry.calls);
        for operation in named.chain(&FILE.probes.operations) {
            assert!(mappings.operation(operation).is_some(), "{operation}");
        }
    }

    #[test]
    fn a_library_is_a_known_client_only_by_what_it_calls() {
        let known = |calls: &[&str]| recognise(Some("python-requests/2.26.0"), calls);
        assert_eq!(known(&["ping", "list_images"]).unwrap().name, "anchore-cli");
        assert_eq!(known(&["list_images"]), None);
        let probe = recognise(Some("kube-probe/1.29"), &[]).unwrap();
        assert_eq!(probe.certainty, Certainty::Certain);
    }
}
