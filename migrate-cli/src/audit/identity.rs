//! Who is one client: which parts of a call tell clients apart, and which are merged.

use std::path::Path;

use anyhow::{Context as _, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::redact;

/// What stands for a client in every count. Absent parts are unknown or do not count.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientKey {
    /// The name a rule gave it; the other parts are absent then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// User name of Basic credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// `x-anchore-account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// `User-Agent`, or the product in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// Address, where addresses tell clients apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
}

impl ClientKey {
    /// One line for people; two clients of one audit never have the same.
    pub(crate) fn display(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let mut text = self.user.clone().unwrap_or_else(|| "(no user)".to_owned());
        if let Some(account) = &self.account {
            text.push_str(" for ");
            text.push_str(account);
        }
        text.push_str(" via ");
        text.push_str(self.user_agent.as_deref().unwrap_or("(no user agent)"));
        if let Some(address) = &self.address {
            text.push_str(" from ");
            text.push_str(address);
        }
        text
    }

    /// A number that orders clients the same way on every machine, unlike their names.
    pub(crate) fn rank(&self) -> u64 {
        let parts = [
            &self.name,
            &self.user,
            &self.account,
            &self.user_agent,
            &self.address,
        ];
        // FNV-1a, with what MurmurHash3 does at its end.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for part in parts {
            let bytes = part.as_deref().unwrap_or("\u{0}").bytes();
            for byte in bytes.chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^ (hash >> 33)
    }
}

/// A part of a call that tells clients apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// User name of Basic credentials
    User,
    /// The account of `x-anchore-account`
    Account,
    /// The whole `User-Agent`
    Agent,
    /// The product of the `User-Agent`, without its version
    Product,
    /// The address
    Address,
}

/// Which parts count, and which clients are one.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    parts: Vec<Part>,
    rules: Vec<Rule>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            parts: vec![Part::User, Part::Account, Part::Agent],
            rules: Vec::new(),
        }
    }
}

/// A file of merge rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    client: Vec<Rule>,
}

/// Calls whose parts all fit are of the client `name`. `*` stands for any text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    user: Option<String>,
    account: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
}

impl Identity {
    /// With these parts, and the merge rules of a TOML file.
    pub(crate) fn new(parts: &[Part], rules: Option<&Path>) -> anyhow::Result<Self> {
        let rules = match rules {
            None => Vec::new(),
            Some(path) => {
                let name = path.display();
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("failed to read `{name}`"))?;
                let rules: Rules =
                    toml::from_str(&text).with_context(|| format!("failed to read `{name}`"))?;
                if let Some(empty) = rules.client.iter().find(|rule| rule.is_empty()) {
                    bail!(
                        "the rule `{}` in `{name}` fits every call; expected `user`, `account`, `user_agent` or `address`",
                        empty.name
                    );
                }
                rules.client
            }
        };
        Ok(Self {
            parts: parts.to_vec(),
            rules,
        })
    }

    /// The client of a call, and its address as far as it is one.
    pub(crate) fn client(&self, call: &Call<'_>) -> (ClientKey, Option<String>) {
        let text = |bytes: Option<&[u8]>| bytes.map(redact::text);
        let (user, account, user_agent) =
            (text(call.user), text(call.account), text(call.user_agent));
        let address = call.address.and_then(redact::address);
        let fits = |pattern: &Option<String>, value: &Option<String>| match (pattern, value) {
            (None, _) => true,
            (Some(pattern), value) => wildcard(pattern, value.as_deref().unwrap_or_default()),
        };
        let rule = self.rules.iter().find(|rule| {
            fits(&rule.user, &user)
                && fits(&rule.account, &account)
                && fits(&rule.user_agent, &user_agent)
                && fits(&rule.address, &address)
        });
        if let Some(rule) = rule {
            let key = ClientKey {
                name: Some(rule.name.clone()),
                ..ClientKey::default()
            };
            return (key, address);
        }
        let has = |part| self.parts.contains(&part);
        let key = ClientKey {
            name: None,
            user: user.filter(|_| has(Part::User)),
            account: account.filter(|_| has(Part::Account)),
            user_agent: user_agent
                .filter(|_| has(Part::Agent) || has(Part::Product))
                .map(|agent| {
                    if has(Part::Agent) {
                        agent
                    } else {
                        product(&agent).to_owned()
                    }
                }),
            address: address.clone().filter(|_| has(Part::Address)),
        };
        (key, address)
    }
}

impl Rule {
    fn is_empty(&self) -> bool {
        self.user.is_none()
            && self.account.is_none()
            && self.user_agent.is_none()
            && self.address.is_none()
    }
}

/// `python-requests` of `python-requests/2.26.0 …`.
pub(crate) fn product(agent: &str) -> &str {
    agent.split(['/', ' ']).next().unwrap_or(agent)
}

/// Whether `text` fits `pattern`, in which `*` stands for any text. Case counts for nothing:
/// user agents are written as their authors like.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_case_does_not_count() {
        for (pattern, text, fits) in [
            ("python-requests/*", "Python-Requests/2.26.0", true),
            ("*requests*", "python-requests/2", true),
            ("ci-*-bot", "ci-nightly-bot", true),
            ("ci-*-bot", "ci-bot", false),
            ("admin", "admin2", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(wildcard(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn rules_merge_clients_and_parts_tell_them_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.toml");
        std::fs::write(
            &path,
            "[[client]]\nname = \"nightly jobs\"\nuser = \"ci-*\"\n",
        )
        .unwrap();
        let identity = Identity::new(&[Part::User, Part::Product], Some(&path)).unwrap();
        let call = |user: &'static str| Call {
            user: Some(user.as_bytes()),
            user_agent: Some(b"curl/8.1 (x)"),
            address: Some(b"10.0.0.7:99"),
            ..Call::default()
        };
        let (client, address) = identity.client(&call("ci-7"));
        assert_eq!(client.display(), "nightly jobs");
        assert_eq!(address.as_deref(), Some("10.0.0.7"));
        assert_eq!(identity.client(&call("bob")).0.display(), "bob via curl");
    }

    #[test]
    fn a_rule_that_fits_everything_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.toml");
        std::fs::write(&path, "[[client]]\nname = \"all\"\n").unwrap();
        let error = Identity::new(&[], Some(&path)).unwrap_err().to_string();
        assert!(error.contains("fits every call"), "{error}");
    }
}
