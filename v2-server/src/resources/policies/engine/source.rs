//! Running a compiled policy on a source.

use super::decision::conclude;
use super::evaluate::check;
use super::{
    Action, CompiledPolicy, EvaluatedSource, FinalActionReason, PatternError,
    PolicyEvaluationFinding, Subject,
};
use crate::resources::policies::document::SourceMappingRule;
use crate::resources::policies::problem::{PolicyEvaluationProblem, ProblemKind};
use crate::time::Timestamp;

/// What a policy makes of a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceEvaluation {
    /// The mapping that applied.
    pub(crate) mapping: Option<SourceMappingRule>,
    /// What the rules found, allowlisted findings included, in the order of rule sets and rules.
    pub(crate) findings: Vec<PolicyEvaluationFinding>,
    /// What was in the way.
    pub(crate) problems: Vec<PolicyEvaluationProblem>,
    /// What the policy leads to.
    pub(crate) final_action: Action,
    /// Why.
    pub(crate) reason: FinalActionReason,
}

impl SourceEvaluation {
    fn failed(problems: Vec<PolicyEvaluationProblem>) -> Self {
        Self {
            mapping: None,
            findings: Vec::new(),
            problems,
            final_action: Action::Stop,
            reason: FinalActionReason::PolicyEvaluation,
        }
    }
}

/// Evaluates the policy for a source, as [`evaluate`](super::evaluate) does for an image. Only its rule sets for sources are run, and
/// there are no lists of sources that pass or fail as a whole.
pub(crate) fn evaluate_source(
    policy: &CompiledPolicy,
    problems: Vec<PolicyEvaluationProblem>,
    source: &EvaluatedSource,
    subject: &Subject,
    now: Timestamp,
) -> SourceEvaluation {
    if problems
        .iter()
        .any(|problem| !problem.is(ProblemKind::EndOfLife))
    {
        return SourceEvaluation::failed(problems);
    }
    let run = || {
        let mapping = policy.source_mapping_for(source)?;
        let (rule_sets, allowlists) = mapping.map_or((&[][..], &[][..]), |mapping| {
            (&mapping.rule_set_ids, &mapping.allowlist_ids)
        });
        let for_sources: Vec<String> = rule_sets
            .iter()
            .filter(|id| policy.is_for_sources(id))
            .cloned()
            .collect();
        let checked = check(policy, &for_sources, allowlists, subject, now)?;
        let (final_action, reason) = conclude(checked.action, false, false);
        Ok::<_, PatternError>(SourceEvaluation {
            mapping: mapping.cloned(),
            findings: checked.findings,
            problems: checked.problems,
            final_action,
            reason,
        })
    };
    run().unwrap_or_else(|error| {
        SourceEvaluation::failed(vec![ProblemKind::Pattern.error(error.to_string())])
    })
}
