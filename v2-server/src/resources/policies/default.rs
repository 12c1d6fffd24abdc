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
    use super::super::engine::testing::{now, subject, vulnerability};
    use super::super::engine::{EvaluatedImage, compile, evaluate};
    use super::*;
    use crate::resources::images::evaluation::{
        Dockerfile, DockerfileMode, PackageClass, VulnerabilityMatch,
    };

    #[test]
    fn the_default_policy_has_no_problem() {
        let (_, problems) = compile(&policy());
        assert_eq!(problems, []);
    }

    fn outside_the_distribution(
        found: VulnerabilityMatch,
        package_type: &str,
        version: &str,
        path: &str,
    ) -> VulnerabilityMatch {
        VulnerabilityMatch {
            fix: None,
            package_type: package_type.to_owned(),
            package_version: version.to_owned(),
            package_class: PackageClass::NonOs,
            package_path: path.to_owned(),
            ..found
        }
    }

    /// What a server of the previous generation was recorded to find with its default policy, on an image with the same
    /// Dockerfile, packages and vulnerabilities.
    #[test]
    fn findings_are_those_that_servers_have_always_made() {
        let mut subject = subject();
        subject.feed.last_sync = Some(now().plus_seconds(-3 * 24 * 60 * 60));
        subject.image.dockerfile = Some(Dockerfile {
            mode: DockerfileMode::Actual,
            text: "FROM scratch\nADD rootfs.tar /\nCMD [\"/bin/sh\"]\n".to_owned(),
        });
        subject.image.vulnerabilities = vec![
            vulnerability("CVE-2020-28928", "Medium", "musl"),
            outside_the_distribution(
                vulnerability("CVE-2017-12794", "Medium", "django"),
                "python",
                "1.11.0",
                "/usr/lib/python3/site-packages/django",
            ),
            outside_the_distribution(
                vulnerability("CVE-2021-44228", "Critical", "log4j"),
                "java",
                "2.14.1",
                "/app/log4j-core-2.14.1.jar",
            ),
            VulnerabilityMatch {
                fix: Some("1.1.1k-r0".to_owned()),
                ..vulnerability("CVE-2021-3449", "High", "libcrypto1.1")
            },
        ];
        for found in &mut subject.image.vulnerabilities {
            found.url = Some("http://cve".to_owned());
        }
        let (compiled, problems) = compile(&policy());
        let image = EvaluatedImage {
            tag: "1.0".to_owned(),
            ..EvaluatedImage::default()
        };
        let evaluation = evaluate(&compiled, problems, &image, &subject, now());
        let rows: Vec<_> = evaluation
            .findings
            .iter()
            .map(|row| {
                let [id, trigger, message] = [&row.trigger_id, &row.trigger, &row.message];
                (
                    id.as_str(),
                    trigger.as_str(),
                    message.as_str(),
                    row.action.as_str(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (
                    "41cb7cdf04850e33a11f80c42bf660b3",
                    "instruction",
                    "Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check",
                    "warn",
                ),
                (
                    "deb3f1afb4ea0ddf587e6c62c341c6fa",
                    "stale_feed_data",
                    "The vulnerability feed for this image distro is older than MAXAGE (2) days",
                    "warn",
                ),
                (
                    "CVE-2020-28928+musl",
                    "package",
                    "MEDIUM Vulnerability found in os package type (APKG) - musl (fixed in: 1.1.24-r10)\
                     (CVE-2020-28928 - http://cve)",
                    "warn",
                ),
                (
                    "CVE-2017-12794+django-1.11.0",
                    "package",
                    "MEDIUM Vulnerability found in non-os package type (python) - \
                     /usr/lib/python3/site-packages/django (CVE-2017-12794 - http://cve)",
                    "warn",
                ),
                (
                    "CVE-2021-44228+log4j-core-2.14.1.jar",
                    "package",
                    "CRITICAL Vulnerability found in non-os package type (java) - /app/log4j-core-2.14.1.jar \
                     (CVE-2021-44228 - http://cve)",
                    "stop",
                ),
                (
                    "CVE-2021-3449+libcrypto1.1",
                    "package",
                    "HIGH Vulnerability found in os package type (APKG) - libcrypto1.1 (fixed in: 1.1.1k-r0)\
                     (CVE-2021-3449 - http://cve)",
                    "stop",
                ),
            ]
        );
    }
}
