//! The policy document: rule sets, allowlists, and the mappings that join them to images.
//!
//! The types are named as in the published V2 specification. Its schemas are closed, so an unknown member is an error.
//! What the types cannot say (references, gate names, parameter values) is checked by [`super::validation`].

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::http::strict::nullable;
use crate::time::Timestamp;

/// A policy: what to check, on which images, and what to make of the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The policy's identifier, unique in its account.
    #[serde(deserialize_with = "not_empty")]
    #[schema(min_length = 1)]
    pub(crate) id: String,
    /// The policy's name, for people.
    #[serde(deserialize_with = "not_empty")]
    #[schema(min_length = 1)]
    pub(crate) name: String,
    /// What the policy is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The version of the document's format: `2`.
    pub(crate) version: String,
    /// Findings that do not count.
    #[serde(default)]
    pub(crate) allowlists: Vec<Allowlist>,
    /// The checks.
    pub(crate) rule_sets: Vec<RuleSet>,
    /// Which rule sets and allowlists apply to which source repository; the first that matches decides.
    #[serde(default)]
    pub(crate) source_mappings: Vec<SourceMappingRule>,
    /// Which rule sets and allowlists apply to which image; the first that matches decides.
    pub(crate) mappings: Vec<MappingRule>,
    /// Images that pass whatever the rules say, unless they are denied too.
    #[serde(default)]
    pub(crate) allowlisted_images: Vec<ImageSelectionRule>,
    /// Images that fail whatever the rules say.
    #[serde(default)]
    pub(crate) denylisted_images: Vec<ImageSelectionRule>,
    /// When the document was last changed, in epoch seconds; kept as sent, never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub(crate) last_updated: Option<serde_json::Number>,
}

/// A named list of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSet {
    /// The identifier that mappings refer to.
    pub(crate) id: String,
    /// The name, for people.
    pub(crate) name: String,
    /// What the rule set is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The version of the rule set's format.
    pub(crate) version: String,
    /// What the rules look at; images when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<ArtifactType>,
    /// The rules, run in this order.
    pub(crate) rules: Vec<PolicyRule>,
}

/// What a rule set looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ArtifactType {
    /// A container image.
    Image,
    /// A source repository.
    Source,
}

/// One check and what its findings lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyRule {
    /// The rule's identifier, repeated in its findings.
    pub(crate) id: String,
    /// The gate that knows the trigger.
    pub(crate) gate: String,
    /// The condition that is looked for.
    pub(crate) trigger: String,
    /// What a finding leads to.
    pub(crate) action: RuleAction,
    /// What the rule is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The trigger's parameters.
    pub(crate) params: Vec<PolicyRuleParam>,
    /// What to do about a finding; repeated in the findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recommendation: Option<String>,
}

/// One parameter of a rule; every value is text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyRuleParam {
    /// The parameter's name, in any case.
    pub(crate) name: String,
    /// Its value, as text whatever its type.
    pub(crate) value: String,
}

/// What a finding leads to, as rules write it. Read in any case, written in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum RuleAction {
    /// Nothing: the finding is only listed.
    Go,
    /// The image is suspicious but passes.
    Warn,
    /// The image fails.
    Stop,
}

impl<'de> Deserialize<'de> for RuleAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_uppercase().as_str() {
            "GO" => Ok(Self::Go),
            "WARN" => Ok(Self::Warn),
            "STOP" => Ok(Self::Stop),
            _ => Err(de::Error::unknown_variant(&text, &["GO", "WARN", "STOP"])),
        }
    }
}

/// A named list of findings that do not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowlist {
    /// The identifier that mappings refer to.
    pub(crate) id: String,
    /// The name, for people.
    pub(crate) name: String,
    /// The version of the allowlist's format.
    pub(crate) version: String,
    /// What the allowlist is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The entries; the first that matches a finding wins.
    pub(crate) items: Vec<AllowlistItem>,
}

/// One finding, or a pattern of findings, that does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowlistItem {
    /// The item's identifier, repeated in the findings that it matches.
    pub(crate) id: String,
    /// The gate of the finding, in any case.
    pub(crate) gate: String,
    /// The trigger id of the finding, with `*` wildcards, or `regexp:` and a regular expression.
    pub(crate) trigger_id: String,
    /// From when on the item no longer counts; never when left out or null.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(default = json!(null))]
    pub(crate) expires_on: Option<Timestamp>,
    /// Why the finding does not count, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// Joins images to rule sets and allowlists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingRule {
    /// The mapping's identifier.
    pub(crate) id: String,
    /// The name, for people.
    pub(crate) name: String,
    /// The allowlists that apply, in order.
    pub(crate) allowlist_ids: Vec<String>,
    /// The rule sets that are evaluated, in order and all to the end.
    pub(crate) rule_set_ids: Vec<String>,
    /// The registry, with `*` wildcards, or `regexp:` and a regular expression.
    pub(crate) registry: String,
    /// The repository, in the same form.
    pub(crate) repository: String,
    /// The image in that repository.
    pub(crate) image: ImageRef,
    /// What the mapping is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// Joins source repositories to rule sets and allowlists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceMappingRule {
    /// The mapping's identifier.
    pub(crate) id: String,
    /// The name, for people.
    pub(crate) name: String,
    /// The allowlists that apply, in order.
    pub(crate) allowlist_ids: Vec<String>,
    /// The rule sets that are evaluated, in order and all to the end.
    pub(crate) rule_set_ids: Vec<String>,
    /// The host of the repository, with `*` wildcards, or `regexp:` and a regular expression.
    pub(crate) host: String,
    /// The repository, in the same form.
    pub(crate) repository: String,
    /// What the mapping is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// Images that are allowed or denied as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageSelectionRule {
    /// The rule's identifier.
    pub(crate) id: String,
    /// The name, for people.
    pub(crate) name: String,
    /// The registry, with `*` wildcards, or `regexp:` and a regular expression.
    pub(crate) registry: String,
    /// The repository, in the same form.
    pub(crate) repository: String,
    /// The image in that repository.
    pub(crate) image: ImageRef,
    /// Why the image is allowed or denied, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// An image in a repository, by tag pattern or by exact digest or id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageRef {
    /// What `value` is.
    #[serde(rename = "type")]
    pub(crate) kind: ImageRefType,
    /// The tag pattern, the digest or the id.
    pub(crate) value: String,
}

/// How an [`ImageRef`] names its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImageRefType {
    /// By a pattern on the tag.
    Tag,
    /// By digest.
    Digest,
    /// By image id.
    Id,
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(de::Error::invalid_value(
            de::Unexpected::Str(""),
            &"a text of at least one character",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn smallest() -> serde_json::Value {
        json!({"id": "p", "name": "P", "version": "2", "rule_sets": [], "mappings": []})
    }

    #[test]
    fn lists_that_may_be_left_out_are_written_as_empty_lists() {
        let policy: Policy = serde_json::from_value(smallest()).unwrap();
        let written = serde_json::to_value(policy).unwrap();
        assert_eq!(
            written,
            json!({"id": "p", "name": "P", "version": "2", "allowlists": [], "rule_sets": [], "source_mappings": [],
                   "mappings": [], "allowlisted_images": [], "denylisted_images": []})
        );
    }

    #[test]
    fn an_unknown_member_is_refused_by_name() {
        let mut document = smallest();
        document["policies"] = json!([]);
        let error = serde_json::from_value::<Policy>(document).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `policies`"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_name_is_refused() {
        let mut document = smallest();
        document["name"] = json!("");
        let error = serde_json::from_value::<Policy>(document).unwrap_err();
        assert!(
            error.to_string().contains("at least one character"),
            "{error}"
        );
    }

    #[test]
    fn actions_are_read_in_any_case_and_written_in_capitals() {
        let action: RuleAction = serde_json::from_value(json!("stop")).unwrap();
        assert_eq!(serde_json::to_value(action).unwrap(), json!("STOP"));
        let error = serde_json::from_value::<RuleAction>(json!("MAYBE")).unwrap_err();
        assert!(error.to_string().contains("MAYBE"), "{error}");
    }

    #[test]
    fn expiry_times_keep_their_second() {
        let item = |time: serde_json::Value| {
            serde_json::from_value::<AllowlistItem>(
                json!({"id": "i", "gate": "g", "trigger_id": "t", "expires_on": time}),
            )
        };
        for (sent, kept) in [
            ("2030-01-31T02:00:00+02:00", "2030-01-31T00:00:00Z"),
            ("2030-01-31T00:00:00", "2030-01-31T00:00:00Z"),
            ("2030-01-31T00:00:00.250Z", "2030-01-31T00:00:00Z"),
        ] {
            let written = serde_json::to_value(item(json!(sent)).unwrap()).unwrap();
            assert_eq!(written["expires_on"], json!(kept));
        }
        assert_eq!(item(json!(null)).unwrap().expires_on, None);
        assert!(item(json!("tomorrow")).is_err());
    }
}
