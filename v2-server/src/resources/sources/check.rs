//! `/sources/{source_id}/check`: what a policy makes of a source.
//!
//! Nothing is stored: the same question gives the same answer as long as source, policy and time are the same.

use axum::extract::State;
use uuid::Uuid;

use super::types::{SourceCheckQuery, SourcePath, SourcePolicyEvaluation};
use super::{find_analyzed, store, unknown};
use crate::analysis::packages_of;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::images::evaluation::{EvaluationInput, ImageMetadata, Package};
use crate::resources::policies::engine::{
    EvaluatedSource, FeedState, Subject, compile, evaluate_source,
};
use crate::resources::policies::{handlers, store as policies};
use crate::state::AppState;
use crate::store::Transaction;

/// Check a source against a policy
#[utoipa::path(
    get, path = "/sources/{source_id}/check", tag = "Sources", params(SourcePath, SourceCheckQuery),
    extensions(("x-anchore-authz-action" = json!("getSourceEvaluation"))),
    responses(
        (status = 200, description = "The evaluation", body = SourcePolicyEvaluation),
        (status = 404, description = "No such source or policy, or the source is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_policy_check(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
    Query(query): Query<SourceCheckQuery>,
) -> ApiResult<Json<SourcePolicyEvaluation>> {
    let account = caller.account();
    let now = state.now();
    let evaluation = state
        .read(move |tx| {
            let state = find_analyzed(tx, &account, &path.source_id)?;
            let source = store::get(tx, &account, &path.source_id)?.ok_or_else(unknown)?;
            let policy = match &query.policy_id {
                Some(policy_id) => policies::get(tx, &account, policy_id, true)?
                    .and_then(|record| record.policy)
                    .ok_or_else(|| handlers::not_found(policy_id))?,
                None => policies::active(tx, &account)?
                    .ok_or_else(|| ApiError::not_found("no policy bundle is currently active"))?,
            };
            let (compiled, problems) = compile(&policy);
            let wanted = EvaluatedSource {
                host: source.host.clone(),
                repository: source.repository_name.clone(),
            };
            let subject = subject(tx, state.key)?;
            let evaluation = evaluate_source(&compiled, problems, &wanted, &subject, now);
            let outcome = format!(
                "{account}+{}+{}+{}",
                source.uuid,
                policy.id,
                serde_json::to_string(&evaluation.final_action).map_err(ApiError::internal)?
            );
            Ok(SourcePolicyEvaluation {
                account_name: source.account_name,
                evaluation_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, outcome.as_bytes())
                    .simple()
                    .to_string(),
                source_id: source.uuid,
                host: source.host,
                repository_name: source.repository_name,
                revision: source.revision,
                source_mapped_to_rule: evaluation.mapping.is_some(),
                matched_mapping_rule: evaluation.mapping,
                number_of_findings: evaluation.findings.len(),
                findings: evaluation.findings.into_iter().map(Into::into).collect(),
                evaluation_time: now,
                status: evaluation.final_action.into(),
                final_action: evaluation.final_action,
                final_action_reason: evaluation.reason,
                evaluation_problems: evaluation.problems,
                policy,
            })
        })
        .await?;
    Ok(Json(evaluation))
}

/// What rules can look at: a source has packages and vulnerabilities, and nothing of an image.
fn subject(tx: &mut Transaction<'_>, source: store::SourceKey) -> ApiResult<Subject> {
    let sbom = store::sbom(tx, source)?
        .ok_or_else(|| ApiError::internal("an analysed source has no SBOM"))?;
    let packages = packages_of(&sbom).map_err(ApiError::internal)?;
    Ok(Subject {
        image: EvaluationInput {
            image_digest: String::new(),
            parent_digest: String::new(),
            image_id: String::new(),
            tags: Vec::new(),
            metadata: ImageMetadata::default(),
            dockerfile: None,
            packages: packages
                .into_iter()
                .map(|package| Package {
                    name: package.name,
                    version: package.version,
                    package_type: package.ecosystem.package_type.to_owned(),
                    class: package.ecosystem.class,
                    licenses: package.licenses,
                    location: package.location,
                })
                .collect(),
            vulnerabilities: store::vulnerabilities(tx, source)?,
        },
        feed: FeedState::default(),
        files: None,
        content_matches: Vec::new(),
        secret_matches: Vec::new(),
        retrieved_files: Vec::new(),
        malware_scans: Vec::new(),
    })
}
