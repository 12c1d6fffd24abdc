//! From a policy document to something that can be run, finding every problem on the way.

use super::allowlist::CompiledAllowlist;
use super::compiled::{CompiledPolicy, CompiledRule, CompiledRuleSet, Run};
use super::selection::{Selector, SourceSelector};
use super::{Action, PatternError};
use crate::resources::policies::catalogue::{
    Arguments, Build, Gate, State, Trigger, find_gate, gates, nearest,
};
use crate::resources::policies::document::{ArtifactType, Policy, PolicyRule, RuleAction, RuleSet};
use crate::resources::policies::problem::{PolicyEvaluationProblem, ProblemKind};

/// The format version that documents must have.
pub(crate) const SUPPORTED_VERSION: &str = "2";

/// Compiles a policy and lists all its problems. Parts with a problem are left out of the compiled policy, so it may
/// only be run when the caller has decided that the problems allow it.
pub(crate) fn compile(policy: &Policy) -> (CompiledPolicy, Vec<PolicyEvaluationProblem>) {
    let mut compiler = Compiler {
        problems: Vec::new(),
    };
    if policy.version != SUPPORTED_VERSION {
        // What the rest of a document of another version means is not known.
        compiler
            .problems
            .push(ProblemKind::UnsupportedVersion.error(format!(
                "policy `{}` has version `{}`, expected `{SUPPORTED_VERSION}`",
                policy.id, policy.version
            )));
        return (CompiledPolicy::default(), compiler.problems);
    }
    let compiled = compiler.policy(policy);
    (compiled, compiler.problems)
}

struct Compiler {
    problems: Vec<PolicyEvaluationProblem>,
}

impl Compiler {
    fn policy(&mut self, policy: &Policy) -> CompiledPolicy {
        let rule_set_ids: Vec<&str> = policy.rule_sets.iter().map(|set| set.id.as_str()).collect();
        let allowlist_ids: Vec<&str> = policy
            .allowlists
            .iter()
            .map(|list| list.id.as_str())
            .collect();
        self.unique("rule set", &rule_set_ids);
        self.unique("allowlist", &allowlist_ids);
        for (kind, mapping_id, wanted_rule_sets, wanted_allowlists) in policy
            .mappings
            .iter()
            .map(|mapping| {
                (
                    "mapping",
                    &mapping.id,
                    &mapping.rule_set_ids,
                    &mapping.allowlist_ids,
                )
            })
            .chain(policy.source_mappings.iter().map(|mapping| {
                (
                    "source mapping",
                    &mapping.id,
                    &mapping.rule_set_ids,
                    &mapping.allowlist_ids,
                )
            }))
        {
            let place = format!("{kind} `{mapping_id}`");
            self.references(&place, "rule set", wanted_rule_sets, &rule_set_ids);
            self.references(&place, "allowlist", wanted_allowlists, &allowlist_ids);
        }
        let mut source_mappings = Vec::new();
        for mapping in &policy.source_mappings {
            let place = format!("source mapping `{}`", mapping.id);
            if let Some(selector) = self.pattern(&place, SourceSelector::of_mapping(mapping)) {
                source_mappings.push((selector, mapping.clone()));
            }
        }
        CompiledPolicy {
            rule_sets: policy
                .rule_sets
                .iter()
                .map(|set| self.rule_set(set))
                .collect(),
            allowlists: policy
                .allowlists
                .iter()
                .map(|list| {
                    CompiledAllowlist::compile(list, |item, error| {
                        let place = format!("item `{}` of allowlist `{}`", item.id, list.id);
                        self.pattern::<()>(&place, Err(error));
                    })
                })
                .collect(),
            source_mappings,
            mappings: self.selectors("mapping", &policy.mappings, Selector::of_mapping, |rule| {
                &rule.id
            }),
            allowlisted_images: self.selectors(
                "allowlisted image",
                &policy.allowlisted_images,
                Selector::of_image_list,
                |rule| &rule.id,
            ),
            denylisted_images: self.selectors(
                "denylisted image",
                &policy.denylisted_images,
                Selector::of_image_list,
                |rule| &rule.id,
            ),
        }
    }

    fn unique(&mut self, what: &str, ids: &[&str]) {
        for (place, id) in ids.iter().enumerate() {
            let is_first_repetition =
                ids[..place].iter().filter(|earlier| *earlier == id).count() == 1;
            if is_first_repetition {
                self.problems.push(
                    ProblemKind::DuplicateIdentifier
                        .error(format!("more than one {what} has the id `{id}`")),
                );
            }
        }
    }

    fn references(&mut self, place: &str, what: &str, wanted: &[String], known: &[&str]) {
        for id in wanted {
            if !known.contains(&id.as_str()) {
                self.problems
                    .push(ProblemKind::ReferenceNotFound.error(format!(
                        "{place} refers to {what} `{id}`, which the policy does not have"
                    )));
            }
        }
    }

    fn pattern<T>(&mut self, place: &str, compiled: Result<T, PatternError>) -> Option<T> {
        compiled
            .map_err(|error| {
                self.problems
                    .push(ProblemKind::Pattern.error(format!("{place}: {error}")));
            })
            .ok()
    }

    fn selectors<T: Clone>(
        &mut self,
        what: &str,
        rules: &[T],
        compile: impl Fn(&T) -> Result<Selector, PatternError>,
        id: impl Fn(&T) -> &str,
    ) -> Vec<(Selector, T)> {
        rules
            .iter()
            .filter_map(|rule| {
                let place = format!("{what} `{}`", id(rule));
                let selector = self.pattern(&place, compile(rule))?;
                Some((selector, rule.clone()))
            })
            .collect()
    }

    fn rule_set(&mut self, rule_set: &RuleSet) -> CompiledRuleSet {
        CompiledRuleSet {
            id: rule_set.id.clone(),
            is_for_sources: rule_set.artifact_type == Some(ArtifactType::Source),
            rules: rule_set
                .rules
                .iter()
                .filter_map(|rule| self.rule(rule_set, rule))
                .collect(),
        }
    }

    fn rule(&mut self, rule_set: &RuleSet, rule: &PolicyRule) -> Option<CompiledRule> {
        let place = format!("rule `{}` of rule set `{}`", rule.id, rule_set.id);
        let Some(gate) = find_gate(&rule.gate) else {
            let known = gates()
                .filter(|gate| gate.state == State::Active)
                .map(|gate| gate.name);
            self.unknown(
                ProblemKind::GateNotFound,
                &place,
                &format!("gate `{}` is not known", rule.gate),
                &rule.gate,
                &known.collect::<Vec<_>>(),
            );
            return None;
        };
        let Some(trigger) = gate.trigger(&rule.trigger) else {
            self.unknown(
                ProblemKind::TriggerNotFound,
                &place,
                &format!("gate `{}` has no trigger `{}`", gate.name, rule.trigger),
                &rule.trigger,
                &gate
                    .triggers
                    .iter()
                    .map(|trigger| trigger.name)
                    .collect::<Vec<_>>(),
            );
            return None;
        };
        if rule_set.artifact_type == Some(ArtifactType::Source) && !trigger.for_sources {
            self.problems
                .push(ProblemKind::TriggerNotForSources.error(format!(
                "{place}: gate `{}`, trigger `{}` looks at images, but the rule set is for sources",
                gate.name, trigger.name
            )));
            return None;
        }
        let run = match trigger.build {
            Build::Retired => {
                let instead = gate
                    .superseded_by
                    .map(|successor| format!("; use gate `{successor}` instead"))
                    .unwrap_or_default();
                self.problems.push(ProblemKind::EndOfLife.error(format!(
                    "{place}: gate `{}`, trigger `{}` is at its end of life and is not evaluated{instead}",
                    gate.name, trigger.name
                )));
                Run::Retired
            }
            Build::NotAvailable => {
                self.arguments(&place, gate, trigger, rule)?;
                Run::NotAvailable
            }
            Build::Check(build) => Run::Check(build(&self.arguments(&place, gate, trigger, rule)?)),
            Build::TryCheck(build) => {
                let arguments = self.arguments(&place, gate, trigger, rule)?;
                match build(&arguments) {
                    Ok(check) => Run::Check(check),
                    Err(bad) => {
                        let given = arguments.text(bad.parameter).unwrap_or_default();
                        self.bad_value(&place, gate, trigger, bad.parameter, given, &bad.expected);
                        return None;
                    }
                }
            }
        };
        Some(CompiledRule {
            gate,
            trigger,
            id: rule.id.clone(),
            recommendation: rule.recommendation.clone().unwrap_or_default(),
            action: match rule.action {
                RuleAction::Go => Action::Go,
                RuleAction::Warn => Action::Warn,
                RuleAction::Stop => Action::Stop,
            },
            run,
        })
    }

    /// Reads the rule's parameters; none when one of them has a problem.
    fn arguments(
        &mut self,
        place: &str,
        gate: &Gate,
        trigger: &'static Trigger,
        rule: &PolicyRule,
    ) -> Option<Arguments> {
        let problems_before = self.problems.len();
        let mut arguments = Arguments::for_rule(&rule.id);
        for given in &rule.params {
            let Some(parameter) = trigger.parameter(&given.name) else {
                self.unknown(
                    ProblemKind::InvalidParameter,
                    place,
                    &format!(
                        "gate `{}`, trigger `{}` has no parameter `{}`",
                        gate.name, trigger.name, given.name
                    ),
                    &given.name,
                    &trigger
                        .parameters
                        .iter()
                        .map(|parameter| parameter.name)
                        .collect::<Vec<_>>(),
                );
                continue;
            };
            match parameter.kind.read(&given.value) {
                Ok(value) => {
                    if !arguments.insert(parameter, value) {
                        self.problems.push(ProblemKind::InvalidParameter.error(format!(
                            "{place}: gate `{}`, trigger `{}`: parameter `{}` is given more than once",
                            gate.name, trigger.name, parameter.name
                        )));
                    }
                }
                Err(expected) => {
                    self.bad_value(
                        place,
                        gate,
                        trigger,
                        parameter.name,
                        &given.value,
                        &expected,
                    );
                }
            }
        }
        for parameter in trigger.parameters {
            let is_given = rule
                .params
                .iter()
                .any(|given| parameter.answers_to(&given.name));
            if parameter.required && !is_given {
                self.problems
                    .push(ProblemKind::RequiredParameter.error(format!(
                        "{place}: gate `{}`, trigger `{}` needs parameter `{}`",
                        gate.name, trigger.name, parameter.name
                    )));
            }
        }
        (self.problems.len() == problems_before).then_some(arguments)
    }

    fn bad_value(
        &mut self,
        place: &str,
        gate: &Gate,
        trigger: &Trigger,
        parameter: &str,
        value: &str,
        expected: &str,
    ) {
        self.problems.push(ProblemKind::ParameterValue.error(format!(
            "{place}: gate `{}`, trigger `{}`: parameter `{parameter}` is `{value}`, expected {expected}",
            gate.name, trigger.name
        )));
    }

    fn unknown(
        &mut self,
        kind: ProblemKind,
        place: &str,
        what: &str,
        name: &str,
        known: &[&'static str],
    ) {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has none".to_owned(),
            None => format!("known are {}", known.join(", ")),
        };
        self.problems
            .push(kind.error(format!("{place}: {what}; {help}")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problems(document: Value) -> Vec<(String, String)> {
        let policy: Policy = serde_json::from_value(document).unwrap();
        let (_, problems) = compile(&policy);
        problems
            .into_iter()
            .map(|problem| (problem.problem_type, problem.details))
            .collect()
    }

    fn kinds(document: Value) -> Vec<String> {
        problems(document)
            .into_iter()
            .map(|(kind, _)| kind)
            .collect()
    }

    fn policy(rules: &[Value]) -> Value {
        json!({
            "id": "p", "name": "P", "version": "2",
            "rule_sets": [{"id": "rs", "name": "RS", "version": "2", "rules": rules}],
            "allowlists": [{"id": "al", "name": "AL", "version": "2", "items": []}],
            "mappings": [{
                "id": "m", "name": "M", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
                "rule_set_ids": ["rs"], "allowlist_ids": ["al"],
            }],
        })
    }

    fn rule(gate: &str, trigger: &str, params: &[(&str, &str)]) -> Value {
        let params: Vec<Value> = params
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        json!({"id": "r", "gate": gate, "trigger": trigger, "action": "STOP", "params": params})
    }

    fn of_rule(gate: &str, trigger: &str, params: &[(&str, &str)]) -> Vec<(String, String)> {
        problems(policy(&[rule(gate, trigger, params)]))
    }

    #[track_caller]
    fn is_only(found: &[(String, String)], kind: &str, details: &str) {
        let [(found_kind, found_details)] = found else {
            panic!("not one problem: {found:?}");
        };
        assert_eq!(found_kind, kind);
        assert_eq!(found_details, details);
    }

    #[test]
    fn a_good_policy_has_no_problem() {
        let good = [
            rule("Always", "ALWAYS", &[]),
            rule("vulnerabilities", "package", &[("Package_Type", "all")]),
            rule("ancestry", "no_ancestors_analyzed", &[]),
        ];
        assert_eq!(problems(policy(&good)), []);
    }

    #[test]
    fn another_version_is_the_only_thing_said_about_a_document() {
        let mut document = policy(&[rule("nosuch", "nosuch", &[])]);
        document["version"] = json!("3");
        is_only(
            &problems(document),
            "UnsupportedVersionError",
            "policy `p` has version `3`, expected `2`",
        );
    }

    #[test]
    fn every_problem_is_listed() {
        let mut document = policy(&[
            rule("nosuch", "nosuch", &[]),
            rule("vulnerabilities", "nosuch", &[]),
            rule("vulnerabilities", "package", &[("severity", "worst")]),
            rule("pkgcheck", "verify", &[]),
        ]);
        let set = document["rule_sets"][0].clone();
        document["rule_sets"].as_array_mut().unwrap().push(set);
        document["mappings"][0]["rule_set_ids"] = json!(["rs", "gone"]);
        document["mappings"][0]["allowlist_ids"] = json!(["lost"]);
        document["mappings"][0]["registry"] = json!("regexp:(");
        document["allowlists"][0]["items"] =
            json!([{"id": "i", "gate": "g", "trigger_id": "regexp:["}]);
        let of_rules = [
            "GateNotFoundError",
            "TriggerNotFoundError",
            "ParameterValueInvalidError",
            "RequiredParameterNotSetError",
            "EndOfLifedError",
        ];
        let expected = [
            &[
                "DuplicateIdentifierFoundError",
                "ReferencedObjectNotFoundError",
                "ReferencedObjectNotFoundError",
            ][..],
            &of_rules,
            &of_rules,
            &["PatternInvalidError", "PatternInvalidError"],
        ]
        .concat();
        assert_eq!(kinds(document), expected);
    }

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        is_only(
            &of_rule("vulnerabilites", "package", &[]),
            "GateNotFoundError",
            "rule `r` of rule set `rs`: gate `vulnerabilites` is not known; did you mean `vulnerabilities`?",
        );
        is_only(
            &of_rule("malware", "zzz", &[]),
            "TriggerNotFoundError",
            "rule `r` of rule set `rs`: gate `malware` has no trigger `zzz`; known are scans, scan_not_run",
        );
        is_only(
            &of_rule("always", "always", &[("x", "")]),
            "InvalidParameterError",
            "rule `r` of rule set `rs`: gate `always`, trigger `always` has no parameter `x`; it has none",
        );
    }

    #[test]
    fn a_bad_value_is_quoted_with_what_was_expected() {
        is_only(
            &of_rule(
                "vulnerabilities",
                "stale_feed_data",
                &[("max_days_since_sync", "two")],
            ),
            "ParameterValueInvalidError",
            "rule `r` of rule set `rs`: gate `vulnerabilities`, trigger `stale_feed_data`: parameter \
             `max_days_since_sync` is `two`, expected a whole number",
        );
    }

    #[test]
    fn a_value_that_only_the_trigger_can_judge_is_a_bad_value_too() {
        let params = [("attribute", "size"), ("check", ">"), ("value", "big")];
        is_only(
            &of_rule("metadata", "attribute", &params),
            "ParameterValueInvalidError",
            "rule `r` of rule set `rs`: gate `metadata`, trigger `attribute`: parameter `value` is `big`, expected a \
             size such as `1073741824` or `100mb`, as the attribute is `size`",
        );
    }

    #[test]
    fn a_parameter_may_be_given_once() {
        let twice = &[("licenses", "MIT"), ("LICENSES", "BSD")];
        is_only(
            &of_rule("licenses", "denylist_exact_match", twice),
            "InvalidParameterError",
            "rule `r` of rule set `rs`: gate `licenses`, trigger `denylist_exact_match`: parameter `licenses` is given \
             more than once",
        );
    }

    #[test]
    fn a_retired_gate_names_its_successor() {
        is_only(
            &of_rule("anchoresec", "vulnhigh", &[("whatever", "")]),
            "EndOfLifedError",
            "rule `r` of rule set `rs`: gate `anchoresec`, trigger `vulnhigh` is at its end of life and is not \
             evaluated; use gate `vulnerabilities` instead",
        );
    }

    #[test]
    fn rules_for_sources_are_limited_to_what_sources_have() {
        let mut document = policy(&[
            rule(
                "vulnerabilities",
                "denylist",
                &[("vulnerability_ids", "CVE-1")],
            ),
            rule("always", "always", &[]),
        ]);
        document["rule_sets"][0]["artifact_type"] = json!("source");
        is_only(
            &problems(document),
            "TriggerNotSupportedForSourceError",
            "rule `r` of rule set `rs`: gate `always`, trigger `always` looks at images, but the rule set is for sources",
        );
    }

    #[test]
    fn source_mappings_are_checked_like_the_others() {
        let mut document = policy(&[]);
        document["source_mappings"] = json!([{
            "id": "s", "name": "S", "host": "regexp:)", "repository": "*", "rule_set_ids": ["gone"],
            "allowlist_ids": [],
        }]);
        assert_eq!(
            kinds(document),
            ["ReferencedObjectNotFoundError", "PatternInvalidError"]
        );
    }

    #[test]
    fn rule_ids_need_not_be_unique() {
        let same = rule("always", "always", &[]);
        assert_eq!(problems(policy(&[same.clone(), same])), []);
    }
}
