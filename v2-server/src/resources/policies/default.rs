//! The policy that every account begins with. Its ids are the ones that servers of this API have always used.

use super::document::{
    Allowlist, ArtifactType, ImageRef, ImageRefType, MappingRule, Policy, PolicyRule,
    PolicyRuleParam, RuleAction, RuleSet,
};

const POLICY_ID: &str = "2c53a13c-1765-11e8-82ef-23527761d060";
const RULE_SET_ID: &str = "48e6f7d6-1765-11e8-b5f9-8b6f228548b6";
const ALLOWLIST_ID: &str = "37fd763e-1765-11e8-add4-3b16c029ac5c";
const MAPPING_ID: &str = "c4f9bf74-dc38-4ddf-b5cf-00e9c0074611";

/// The default policy: no open SSH port, a health check, and no severe vulnerabilities.
pub(super) fn policy() -> Policy {
    Policy {
        id: POLICY_ID.to_owned(),
        name: "Default policy".to_owned(),
        description: Some("The policy that every account begins with".to_owned()),
        version: "2".to_owned(),
        allowlists: vec![Allowlist {
            id: ALLOWLIST_ID.to_owned(),
            name: "Global allowlist".to_owned(),
            version: "2".to_owned(),
            description: Some("For findings that do not count anywhere".to_owned()),
            items: Vec::new(),
        }],
        rule_sets: vec![RuleSet {
            id: RULE_SET_ID.to_owned(),
            name: "Default rule set".to_owned(),
            description: Some("The rules of the default policy".to_owned()),
            version: "2".to_owned(),
            artifact_type: Some(ArtifactType::Image),
            rules: rules(),
        }],
        source_mappings: Vec::new(),
        mappings: vec![MappingRule {
            id: MAPPING_ID.to_owned(),
            name: "default".to_owned(),
            allowlist_ids: vec![ALLOWLIST_ID.to_owned()],
            rule_set_ids: vec![RULE_SET_ID.to_owned()],
            registry: "*".to_owned(),
            repository: "*".to_owned(),
            image: ImageRef {
                kind: ImageRefType::Tag,
                value: "*".to_owned(),
            },
            description: None,
        }],
        allowlisted_images: Vec::new(),
        denylisted_images: Vec::new(),
        last_updated: None,
    }
}

fn rules() -> Vec<PolicyRule> {
    let medium = |comparison| {
        [
            ("package_type", "all"),
            ("severity_comparison", comparison),
            ("severity", "medium"),
        ]
    };
    vec![
        rule(
            "ce7b8000-829b-4c27-8122-69cd59018400",
            ("dockerfile", "exposed_ports"),
            RuleAction::Stop,
            &[("ports", "22"), ("type", "denylist")],
        ),
        rule(
            "312d9e41-1c05-4e2f-ad89-b7d34b0855bb",
            ("dockerfile", "instruction"),
            RuleAction::Warn,
            &[("instruction", "HEALTHCHECK"), ("check", "not_exists")],
        ),
        rule(
            "6b5c14e7-a6f7-48cc-99d2-959273a2c6fa",
            ("vulnerabilities", "stale_feed_data"),
            RuleAction::Warn,
            &[("max_days_since_sync", "2")],
        ),
        rule(
            "3e79ea94-18c4-4d26-9e29-3b9172a62c2e",
            ("vulnerabilities", "vulnerability_data_unavailable"),
            RuleAction::Warn,
            &[],
        ),
        rule(
            "6063fdde-b1c5-46af-973a-915739451ac4",
            ("vulnerabilities", "package"),
            RuleAction::Warn,
            &medium("="),
        ),
        rule(
            "b30e8abc-444f-45b1-8a37-55be1b8c8bb5",
            ("vulnerabilities", "package"),
            RuleAction::Stop,
            &medium(">"),
        ),
    ]
}

fn rule(
    id: &str,
    (gate, trigger): (&str, &str),
    action: RuleAction,
    params: &[(&str, &str)],
) -> PolicyRule {
    PolicyRule {
        id: id.to_owned(),
        gate: gate.to_owned(),
        trigger: trigger.to_owned(),
        action,
        description: None,
        params: params
            .iter()
            .map(|&(name, value)| PolicyRuleParam {
                name: name.to_owned(),
                value: value.to_owned(),
            })
            .collect(),
        recommendation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::compile;
    use super::*;

    #[test]
    fn the_default_policy_has_no_problem() {
        let (_, problems) = compile(&policy());
        assert_eq!(problems, []);
    }
}
