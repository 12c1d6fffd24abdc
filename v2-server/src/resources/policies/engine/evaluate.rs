//! Running a compiled policy on an image.

use crate::time::Timestamp;

use super::compiled::{CompiledRule, Run};
use super::decision::conclude;
use super::selection::first;
use super::{
    Action, CheckError, CompiledPolicy, EvaluatedImage, FinalActionReason, PatternError,
    PolicyEvaluationFinding, Status, Subject, allowlist,
};
use crate::resources::policies::document::{ImageSelectionRule, MappingRule};
use crate::resources::policies::problem::{PolicyEvaluationProblem, ProblemKind, ProblemSeverity};

/// What a policy makes of an image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evaluation {
    /// The mapping that applied.
    pub(crate) mapping: Option<MappingRule>,
    /// What the rules found, allowlisted findings included, in the order of rule sets and rules.
    pub(crate) findings: Vec<PolicyEvaluationFinding>,
    /// What was in the way.
    pub(crate) problems: Vec<PolicyEvaluationProblem>,
    /// What the rules lead to.
    pub(crate) policy_action: Action,
    /// The image list entry that allows the image.
    pub(crate) allowlisted_by: Option<ImageSelectionRule>,
    /// The image list entry that denies the image.
    pub(crate) denylisted_by: Option<ImageSelectionRule>,
    /// What the policy as a whole leads to.
    pub(crate) final_action: Action,
    /// Why.
    pub(crate) reason: FinalActionReason,
}

impl Evaluation {
    /// Whether the image passes.
    pub(crate) fn status(&self) -> Status {
        self.final_action.into()
    }

    /// The evaluation of a policy that cannot be run: it fails, whatever the image.
    pub(crate) fn failed(problems: Vec<PolicyEvaluationProblem>) -> Self {
        Self {
            mapping: None,
            findings: Vec::new(),
            problems,
            policy_action: Action::Stop,
            allowlisted_by: None,
            denylisted_by: None,
            final_action: Action::Stop,
            reason: FinalActionReason::PolicyEvaluation,
        }
    }
}

/// Evaluates the policy.
///
/// `problems` are those of compiling it. Rules at their end of life are skipped with a warning; any other problem means
/// that nobody knows what the policy would have found, so the image fails.
///
/// A rule that cannot be run counts as if it had fired: the image gets the rule's action, with the problem beside it,
/// and never a pass that nobody checked. Only when the image's analysis holds no data of the kind the rule looks at is
/// the rule left out, with a warning.
pub(crate) fn evaluate(
    policy: &CompiledPolicy,
    problems: Vec<PolicyEvaluationProblem>,
    image: &EvaluatedImage,
    subject: &Subject,
    now: Timestamp,
) -> Evaluation {
    if problems
        .iter()
        .any(|problem| !problem.is(ProblemKind::EndOfLife))
    {
        return Evaluation::failed(problems);
    }
    run(policy, image, subject, now).unwrap_or_else(|error| {
        Evaluation::failed(vec![ProblemKind::Pattern.error(error.to_string())])
    })
}

fn run(
    policy: &CompiledPolicy,
    image: &EvaluatedImage,
    subject: &Subject,
    now: Timestamp,
) -> Result<Evaluation, PatternError> {
    let mapping = policy.mapping_for(image)?;
    let (rule_sets, allowlists) = mapping.map_or((&[][..], &[][..]), |mapping| {
        (&mapping.rule_set_ids, &mapping.allowlist_ids)
    });
    let checked = check(policy, rule_sets, allowlists, subject, now)?;
    let allowlisted_by = first(&policy.allowlisted_images, image)?.cloned();
    let denylisted_by = first(&policy.denylisted_images, image)?.cloned();
    let (final_action, reason) = conclude(
        checked.action,
        denylisted_by.is_some(),
        allowlisted_by.is_some(),
    );
    Ok(Evaluation {
        mapping: mapping.cloned(),
        findings: checked.findings,
        problems: checked.problems,
        policy_action: checked.action,
        allowlisted_by,
        denylisted_by,
        final_action,
        reason,
    })
}

/// What rules found.
pub(super) struct Checked {
    pub(super) findings: Vec<PolicyEvaluationFinding>,
    pub(super) problems: Vec<PolicyEvaluationProblem>,
    /// The worst of what counts.
    pub(super) action: Action,
}

/// Runs the rules of some rule sets, and applies some allowlists to what they find.
pub(super) fn check(
    policy: &CompiledPolicy,
    rule_set_ids: &[String],
    allowlist_ids: &[String],
    subject: &Subject,
    now: Timestamp,
) -> Result<Checked, PatternError> {
    let mut findings = Vec::new();
    let mut problems = Vec::new();
    let mut unchecked = Vec::new();
    for rule_set in policy.rule_sets_of(rule_set_ids) {
        for rule in &rule_set.rules {
            match run_rule(rule, &rule_set.id, subject, now) {
                Ok(found) => findings.extend(found),
                Err(skipped) => {
                    problems.push(skipped.problem);
                    unchecked.extend(skipped.counts_as);
                }
            }
        }
    }
    for finding in &mut findings {
        allowlist::apply(policy.allowlists_of(allowlist_ids), finding, now)?;
    }
    let action = Action::worst(
        findings
            .iter()
            .filter(|finding| !finding.allowlisted)
            .map(|finding| finding.action)
            .chain(unchecked),
    );
    Ok(Checked {
        findings,
        problems,
        action,
    })
}

/// A rule that was not run.
struct Skipped {
    problem: PolicyEvaluationProblem,
    /// The action that it counts with.
    counts_as: Option<Action>,
}

fn run_rule(
    rule: &CompiledRule,
    rule_set_id: &str,
    subject: &Subject,
    now: Timestamp,
) -> Result<Vec<PolicyEvaluationFinding>, Skipped> {
    let place = rule.place(rule_set_id);
    match &rule.run {
        Run::Check(check) => match check.run(subject, now) {
            Ok(matches) => {
                let origin = rule.origin(rule_set_id);
                Ok(matches
                    .into_iter()
                    .map(|found| origin.finding(found))
                    .collect())
            }
            Err(error @ CheckError::NoData(_)) => Err(Skipped {
                problem: ProblemKind::DataNotAvailable
                    .warning(format!("{place} was left out: {error}")),
                counts_as: None,
            }),
            Err(error @ CheckError::Pattern(_)) => Err(counted(
                rule,
                ProblemKind::TriggerEvaluation,
                &format!("{place} failed: {error}"),
            )),
        },
        Run::NotAvailable => Err(counted(
            rule,
            ProblemKind::TriggerNotAvailable,
            &format!("{place} is not evaluated by this server"),
        )),
        Run::Retired => {
            let instead = rule
                .successor()
                .map(|successor| format!("; use gate `{successor}` instead"))
                .unwrap_or_default();
            Err(Skipped {
                problem: ProblemKind::EndOfLife.warning(format!(
                    "{place} is at its end of life and was not evaluated{instead}"
                )),
                counts_as: None,
            })
        }
    }
}

/// A rule that should have been run: it counts with its action. Only a rule that stops makes the problem an error.
fn counted(rule: &CompiledRule, kind: ProblemKind, details: &str) -> Skipped {
    let severity = match rule.action {
        Action::Stop => ProblemSeverity::Error,
        Action::Warn | Action::Go => ProblemSeverity::Warn,
    };
    Skipped {
        problem: kind.with_severity(
            severity,
            format!("{details}; the rule counts as `{}`", rule.action.as_str()),
        ),
        counts_as: Some(rule.action),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::resources::policies::document::Policy;
    use crate::resources::policies::engine::compile;
    use crate::resources::policies::engine::testing::{now, package, subject};

    fn image() -> EvaluatedImage {
        EvaluatedImage {
            registry: "docker.io".to_owned(),
            repository: "library/app".to_owned(),
            tag: "1.0".to_owned(),
            digest: "sha256:aa".to_owned(),
            id: Some("1d".to_owned()),
        }
    }

    /// Evaluates on an image with the packages `musl` and `curl`.
    fn evaluated(document: Value) -> Evaluation {
        let policy: Policy = serde_json::from_value(document).unwrap();
        let (compiled, problems) = compile(&policy);
        let mut subject = subject();
        subject.image.packages = vec![
            package("musl", "1", &["MIT"]),
            package("curl", "8", &["curl"]),
        ];
        evaluate(&compiled, problems, &image(), &subject, now())
    }

    fn rule(id: &str, action: &str, gate: &str, trigger: &str, params: &[(&str, &str)]) -> Value {
        let params: Vec<Value> = params
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        json!({"id": id, "gate": gate, "trigger": trigger, "action": action, "params": params})
    }

    fn always(action: &str) -> Value {
        rule("always", action, "always", "always", &[])
    }

    fn denied(name: &str) -> Value {
        rule(name, "STOP", "packages", "denylist", &[("name", name)])
    }

    fn rule_set(id: &str, rules: &[Value]) -> Value {
        json!({"id": id, "name": id, "version": "2", "rules": rules})
    }

    fn mapping(repository: &str, rule_sets: &[&str], allowlists: &[&str]) -> Value {
        json!({
            "id": format!("to {repository}"), "name": "M", "registry": "*", "repository": repository,
            "image": {"type": "tag", "value": "*"}, "rule_set_ids": rule_sets, "allowlist_ids": allowlists,
        })
    }

    fn policy(rules: &[Value]) -> Value {
        json!({
            "id": "p", "name": "P", "version": "2", "rule_sets": [rule_set("rs", rules)],
            "mappings": [mapping("*", &["rs"], &[])],
        })
    }

    fn selection(tag: &str) -> Value {
        json!({
            "id": tag, "name": "N", "registry": "docker.io", "repository": "library/*",
            "image": {"type": "tag", "value": tag},
        })
    }

    fn actions(evaluation: &Evaluation) -> Vec<(&str, Action)> {
        evaluation
            .findings
            .iter()
            .map(|finding| (finding.rule_id.as_str(), finding.action))
            .collect()
    }

    #[test]
    fn the_worst_finding_decides() {
        for (rules, action, status) in [
            (vec![always("GO")], Action::Go, Status::Pass),
            (
                vec![always("GO"), always("WARN")],
                Action::Warn,
                Status::Pass,
            ),
            (
                vec![always("WARN"), always("STOP")],
                Action::Stop,
                Status::Fail,
            ),
            (vec![], Action::Go, Status::Pass),
        ] {
            let evaluation = evaluated(policy(&rules));
            assert_eq!(evaluation.policy_action, action);
            assert_eq!(evaluation.final_action, action);
            assert_eq!(evaluation.status(), status);
            assert_eq!(evaluation.reason, FinalActionReason::PolicyEvaluation);
            assert_eq!(evaluation.findings.len(), rules.len());
        }
    }

    #[test]
    fn a_finding_carries_its_rule() {
        let mut document = policy(&[denied("curl")]);
        document["rule_sets"][0]["rules"][0]["recommendation"] = json!("use wget");
        let evaluation = evaluated(document);
        let written = serde_json::to_value(&evaluation.findings).unwrap();
        assert_eq!(
            written,
            json!([{
                "trigger_id": "78d2dbda3b6ddf4c458247ac7d6501a4", "gate": "packages", "trigger": "denylist",
                "message": "Package is denylisted: curl", "action": "stop", "policy_id": "rs",
                "recommendation": "use wget", "rule_id": "curl", "allowlisted": false, "allowlist_match": null,
                "inherited_from_base": null,
            }])
        );
    }

    #[test]
    fn the_first_mapping_that_fits_is_the_only_one() {
        let mut document = policy(&[]);
        document["rule_sets"] = json!([
            rule_set("first", &[always("WARN")]),
            rule_set("second", &[always("STOP")]),
        ]);
        document["mappings"] = json!([
            mapping("other/*", &["second"], &[]),
            mapping("library/*", &["first"], &[]),
            mapping("*", &["second"], &[]),
        ]);
        let evaluation = evaluated(document);
        assert_eq!(evaluation.mapping.unwrap().id, "to library/*");
        assert_eq!(evaluation.final_action, Action::Warn);
    }

    #[test]
    fn an_image_without_mapping_passes() {
        let mut document = policy(&[always("STOP")]);
        document["mappings"] = json!([mapping("other/*", &["rs"], &[])]);
        let evaluation = evaluated(document);
        assert_eq!(evaluation.mapping, None);
        assert_eq!(evaluation.findings, []);
        assert_eq!(evaluation.problems, []);
        assert_eq!(evaluation.final_action, Action::Go);
    }

    #[test]
    fn every_rule_set_of_the_mapping_is_run_to_its_end() {
        let mut document = policy(&[]);
        document["rule_sets"] = json!([
            rule_set("a", &[always("STOP"), denied("curl")]),
            rule_set("b", &[denied("musl")]),
        ]);
        document["mappings"] = json!([mapping("*", &["b", "a"], &[])]);
        let evaluation = evaluated(document);
        let rule_sets: Vec<&str> = evaluation
            .findings
            .iter()
            .map(|finding| finding.policy_id.as_str())
            .collect();
        assert_eq!(rule_sets, ["b", "a", "a"]);
    }

    #[test]
    fn allowlisted_findings_stay_listed_and_do_not_count() {
        let mut document = policy(&[denied("curl"), always("WARN")]);
        document["allowlists"] = json!([{
            "id": "al", "name": "AL", "version": "2",
            "items": [{"id": "i", "gate": "packages", "trigger_id": "*"}],
        }]);
        document["mappings"] = json!([mapping("*", &["rs"], &["al"])]);
        let evaluation = evaluated(document);
        assert_eq!(
            actions(&evaluation),
            [("curl", Action::Go), ("always", Action::Warn)]
        );
        assert_eq!(evaluation.policy_action, Action::Warn);
        let matched = evaluation.findings[0].allowlist_match.as_ref().unwrap();
        assert_eq!(
            (matched.id.as_str(), matched.matched_rule_id.as_str()),
            ("al", "i")
        );
    }

    #[test]
    fn an_allowlist_that_the_mapping_does_not_name_does_not_count() {
        let mut document = policy(&[denied("curl")]);
        document["allowlists"] = json!([{
            "id": "al", "name": "AL", "version": "2",
            "items": [{"id": "i", "gate": "packages", "trigger_id": "*"}],
        }]);
        assert_eq!(evaluated(document).final_action, Action::Stop);
    }

    #[test]
    fn an_allowed_image_goes_whatever_the_rules_say() {
        let mut document = policy(&[always("STOP")]);
        document["allowlisted_images"] =
            json!([selection("2.0"), selection("1.0"), selection("*")]);
        let evaluation = evaluated(document.clone());
        assert_eq!(evaluation.allowlisted_by.unwrap().id, "1.0");
        assert_eq!(evaluation.final_action, Action::Go);
        assert_eq!(evaluation.reason, FinalActionReason::Allowlisted);
        assert_eq!(evaluation.policy_action, Action::Stop);
        assert_eq!(evaluation.findings.len(), 1);

        document["denylisted_images"] = json!([selection("*")]);
        let evaluation = evaluated(document);
        assert!(evaluation.allowlisted_by.is_some());
        assert_eq!(evaluation.denylisted_by.unwrap().id, "*");
        assert_eq!(evaluation.final_action, Action::Stop);
        assert_eq!(evaluation.reason, FinalActionReason::Denylisted);
    }

    fn unavailable(action: &str) -> Evaluation {
        evaluated(policy(&[rule(
            "r",
            action,
            "ancestry",
            "no_ancestors_analyzed",
            &[],
        )]))
    }

    #[test]
    fn a_rule_that_cannot_be_run_counts_with_its_action() {
        let evaluation = unavailable("STOP");
        assert_eq!(evaluation.findings, []);
        assert_eq!(evaluation.status(), Status::Fail);
        assert_eq!(
            evaluation.problems,
            [ProblemKind::TriggerNotAvailable.error(
                "gate `ancestry`, trigger `no_ancestors_analyzed`, rule `r` of rule set `rs` is not evaluated by this \
                 server; the rule counts as `stop`"
            )]
        );
        for (action, expected) in [("WARN", Action::Warn), ("GO", Action::Go)] {
            let evaluation = unavailable(action);
            assert_eq!(evaluation.final_action, expected);
            assert_eq!(evaluation.problems.len(), 1);
            assert_eq!(evaluation.problems[0].severity, ProblemSeverity::Warn);
        }
    }

    #[test]
    fn a_rule_that_fails_does_not_keep_the_others_from_running() {
        let runaway = r"(a|a)*(?=b)\1c";
        let mut document = policy(&[
            rule(
                "r",
                "STOP",
                "metadata",
                "attribute",
                &[
                    ("attribute", "distro"),
                    ("check", "like"),
                    ("value", runaway),
                ],
            ),
            denied("curl"),
        ]);
        document["rule_sets"][0]["rules"][0]["action"] = json!("WARN");
        let policy: Policy = serde_json::from_value(document).unwrap();
        let (compiled, problems) = compile(&policy);
        let mut subject = subject();
        subject.image.metadata.distro = Some("a".repeat(64));
        subject.image.packages = vec![package("curl", "8", &[])];
        let evaluation = evaluate(&compiled, problems, &image(), &subject, now());
        assert_eq!(actions(&evaluation), [("curl", Action::Stop)]);
        assert_eq!(evaluation.problems.len(), 1);
        assert!(evaluation.problems[0].is(ProblemKind::TriggerEvaluation));
        assert_eq!(evaluation.problems[0].severity, ProblemSeverity::Warn);
    }

    #[test]
    fn a_rule_without_data_is_left_out_with_a_warning() {
        let evaluation = evaluated(policy(&[rule(
            "r",
            "STOP",
            "files",
            "name_match",
            &[("regex", ".*")],
        )]));
        assert_eq!(evaluation.final_action, Action::Go);
        assert_eq!(
            evaluation.problems,
            [ProblemKind::DataNotAvailable.warning(
                "gate `files`, trigger `name_match`, rule `r` of rule set `rs` was left out: the image's analysis holds \
                 no file listing"
            )]
        );
    }

    #[test]
    fn a_retired_rule_is_skipped_with_a_warning() {
        let evaluation = evaluated(policy(&[
            rule("r", "STOP", "pkgcheck", "verify", &[]),
            always("WARN"),
        ]));
        assert_eq!(evaluation.final_action, Action::Warn);
        assert_eq!(
            evaluation.problems,
            [ProblemKind::EndOfLife.warning(
                "gate `pkgcheck`, trigger `verify`, rule `r` of rule set `rs` is at its end of life and was not \
                 evaluated; use gate `packages` instead"
            )]
        );
    }

    #[test]
    fn a_policy_with_other_problems_fails_every_image() {
        let mut document = policy(&[rule("r", "GO", "nosuch", "nosuch", &[])]);
        document["allowlisted_images"] = json!([selection("*")]);
        let evaluation = evaluated(document);
        assert_eq!(evaluation.status(), Status::Fail);
        assert_eq!(evaluation.final_action, Action::Stop);
        assert!(evaluation.problems[0].is(ProblemKind::GateNotFound));
    }

    #[test]
    fn only_the_listings_that_the_mapping_looks_at_are_needed() {
        let mut document = policy(&[]);
        document["rule_sets"] = json!([
            rule_set(
                "files",
                &[rule("r", "STOP", "files", "suid_or_guid_set", &[])]
            ),
            rule_set(
                "secrets",
                &[rule(
                    "r",
                    "STOP",
                    "secret_scans",
                    "content_regex_checks",
                    &[]
                )]
            ),
        ]);
        document["mappings"] = json!([mapping("*", &["files"], &[])]);
        let policy: Policy = serde_json::from_value(document).unwrap();
        let (compiled, _) = compile(&policy);
        let mapping = compiled.mapping_for(&image()).unwrap().unwrap();
        let needs = compiled.needs(mapping);
        assert!(needs.files);
        assert!(!needs.secret_matches);
    }
}
