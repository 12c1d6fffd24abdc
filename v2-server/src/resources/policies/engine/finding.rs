//! Findings: what rules found in an image.

use std::collections::HashSet;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Action, Match};

/// One finding of a policy evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationFinding {
    /// Names the finding in allowlists; the same for the same finding in every evaluation.
    pub(crate) trigger_id: String,
    /// The gate that found it.
    pub(crate) gate: String,
    /// The trigger that found it.
    pub(crate) trigger: String,
    /// What was found, in words.
    pub(crate) message: String,
    /// What it leads to: the rule's action, or `go` when an allowlist names it.
    pub(crate) action: Action,
    /// The id of the rule set.
    pub(crate) policy_id: String,
    /// What the rule says to do about it; empty when it says nothing.
    pub(crate) recommendation: String,
    /// The id of the rule.
    pub(crate) rule_id: String,
    /// Whether an allowlist names it.
    pub(crate) allowlisted: bool,
    /// The allowlist that names it.
    #[serde(default)]
    #[schema(default = json!(null))]
    pub(crate) allowlist_match: Option<PolicyEvaluationFindingAllowlistMatch>,
    /// Whether the base image has the same finding; null without a base image to compare with.
    #[serde(default)]
    #[schema(default = json!(null))]
    pub(crate) inherited_from_base: Option<bool>,
}

/// The allowlist that a finding is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationFindingAllowlistMatch {
    /// The allowlist's id.
    pub(crate) id: String,
    /// The allowlist's name.
    pub(crate) name: String,
    /// The id of the item that matched.
    pub(crate) matched_rule_id: String,
}

/// Where a finding comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) gate: &'static str,
    pub(super) trigger: &'static str,
    pub(super) rule_set_id: &'a str,
    pub(super) rule_id: &'a str,
    pub(super) recommendation: &'a str,
    pub(super) action: Action,
}

impl Origin<'_> {
    /// The finding that a match becomes, before allowlists.
    pub(super) fn finding(&self, found: Match) -> PolicyEvaluationFinding {
        PolicyEvaluationFinding {
            trigger_id: found
                .trigger_id
                .unwrap_or_else(|| message_id(self.gate, self.trigger, &found.message)),
            gate: self.gate.to_owned(),
            trigger: self.trigger.to_owned(),
            message: found.message,
            action: self.action,
            policy_id: self.rule_set_id.to_owned(),
            recommendation: self.recommendation.to_owned(),
            rule_id: self.rule_id.to_owned(),
            allowlisted: false,
            allowlist_match: None,
            inherited_from_base: None,
        }
    }
}

/// The id of a finding that its trigger gives none: the MD5 of gate, trigger and message, in hexadecimal.
fn message_id(gate: &str, trigger: &str, message: &str) -> String {
    let mut hash = Md5::new();
    hash.update(gate);
    hash.update(trigger);
    hash.update(message);
    crate::resources::policies::hex(&hash.finalize())
}

/// Marks each finding by whether the base image has one with the same trigger id.
pub(crate) fn mark_inherited(
    findings: &mut [PolicyEvaluationFinding],
    base: &[PolicyEvaluationFinding],
) {
    let in_base: HashSet<&str> = base
        .iter()
        .map(|finding| finding.trigger_id.as_str())
        .collect();
    for finding in findings {
        finding.inherited_from_base = Some(in_base.contains(finding.trigger_id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(trigger_id: &str) -> PolicyEvaluationFinding {
        let origin = Origin {
            gate: "packages",
            trigger: "denylist",
            rule_set_id: "rs",
            rule_id: "r",
            recommendation: "",
            action: Action::Stop,
        };
        origin.finding(Match::with_id(trigger_id, "a message"))
    }

    #[test]
    fn ids_made_from_messages_are_those_that_servers_have_always_given() {
        // Both were recorded from a server of the previous generation.
        assert_eq!(
            message_id(
                "dockerfile",
                "instruction",
                "Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check"
            ),
            "41cb7cdf04850e33a11f80c42bf660b3"
        );
        assert_eq!(
            message_id(
                "vulnerabilities",
                "stale_feed_data",
                "The vulnerability feed for this image distro is older than MAXAGE (2) days"
            ),
            "deb3f1afb4ea0ddf587e6c62c341c6fa"
        );
    }

    #[test]
    fn findings_are_compared_with_the_base_by_trigger_id() {
        let mut findings = [finding("CVE-1+a"), finding("CVE-2+b")];
        mark_inherited(&mut findings, &[finding("CVE-2+b"), finding("CVE-3+c")]);
        assert_eq!(findings[0].inherited_from_base, Some(false));
        assert_eq!(findings[1].inherited_from_base, Some(true));
    }
}
