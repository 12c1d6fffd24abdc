//! One evaluation: policy and image from the database, outcome from the policy engine.

use super::subject;
use super::types::{PolicyEvaluationDetails, PolicyEvaluationResult};
use crate::http::{ApiError, ApiResult};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::reference::TagReference;
use crate::resources::policies::document::Policy;
use crate::resources::policies::engine::{
    CompiledPolicy, EvaluatedImage, Evaluation, compile, evaluate, mark_inherited,
};
use crate::resources::policies::problem::PolicyEvaluationProblem;
use crate::resources::policies::{handlers, store};
use crate::store::Transaction;
use crate::time::Timestamp;

/// What to evaluate.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) account: String,
    pub(super) image_digest: String,
    pub(super) tag: TagReference,
    /// The active one when none.
    pub(super) policy_id: Option<String>,
    /// The base image to compare with.
    pub(super) base_digest: Option<String>,
    pub(super) now: Timestamp,
}

/// The evaluation, with all details.
///
/// # Errors
/// 404 when image, base image or policy are not there, or when an image is not analysed.
pub(super) fn answer(
    tx: &mut Transaction<'_>,
    question: &Question,
) -> ApiResult<(Policy, PolicyEvaluationResult)> {
    // Before the policy: clients that wait for an analysis look for its message.
    find_analyzed(tx, &question.account, &question.image_digest)?;
    let policy = policy(tx, question)?;
    let (compiled, problems) = compile(&policy);
    let mut evaluation = of_image(tx, question, &question.image_digest, &compiled, &problems)?;
    if let Some(base_digest) = &question.base_digest {
        let base = of_image(tx, question, base_digest, &compiled, &problems)?;
        mark_inherited(&mut evaluation.findings, &base.findings);
    }
    let result = PolicyEvaluationResult {
        comparison_image_digest: question.base_digest.clone(),
        evaluation_time: question.now,
        status: evaluation.status(),
        evaluation_problems: evaluation.problems,
        final_action: evaluation.final_action,
        final_action_reason: evaluation.reason,
        image_allowlisted: evaluation.allowlisted_by.is_some(),
        matched_allowlisted_images_rule: evaluation.allowlisted_by,
        image_denylisted: evaluation.denylisted_by.is_some(),
        matched_denylisted_images_rule: evaluation.denylisted_by,
        image_mapped_to_rule: evaluation.mapping.is_some(),
        matched_mapping_rule: evaluation.mapping,
        number_of_findings: evaluation.findings.len(),
        details: Some(PolicyEvaluationDetails {
            policy: policy.clone(),
            findings: evaluation.findings,
            policy_action: evaluation.policy_action,
            remediations: Some(Vec::new()),
        }),
    };
    Ok((policy, result))
}

fn policy(tx: &mut Transaction<'_>, question: &Question) -> ApiResult<Policy> {
    let account = &question.account;
    match &question.policy_id {
        Some(policy_id) => store::get(tx, account, policy_id, true)?
            .and_then(|record| record.policy)
            .ok_or_else(|| handlers::not_found(policy_id)),
        None => store::active(tx, account)?
            .ok_or_else(|| ApiError::not_found("no policy bundle is currently active")),
    }
}

/// The evaluation of one image under the tag that was asked for.
fn of_image(
    tx: &mut Transaction<'_>,
    question: &Question,
    digest: &str,
    policy: &CompiledPolicy,
    problems: &[PolicyEvaluationProblem],
) -> ApiResult<Evaluation> {
    let mut subject = subject::load(tx, &question.account, digest)?;
    let image = EvaluatedImage {
        registry: question.tag.registry.clone(),
        repository: question.tag.repository.clone(),
        tag: question.tag.tag.clone(),
        digest: digest.to_owned(),
        id: Some(subject.image.image_id.clone()),
    };
    // Only now is it known which rules apply. A pattern that cannot be matched comes up again in the evaluation.
    if let Ok(Some(mapping)) = policy.mapping_for(&image) {
        subject::load_listings(tx, &question.account, &mut subject, policy.needs(mapping))?;
    }
    Ok(evaluate(
        policy,
        problems.to_vec(),
        &image,
        &subject,
        question.now,
    ))
}
