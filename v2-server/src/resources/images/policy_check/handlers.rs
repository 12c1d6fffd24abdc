//! The operation on policy checks.

use axum::extract::State;
use serde_json::{Value, json};

use super::evaluation::{Question, answer};
use super::store::{self, Place};
use super::types::{CheckQuery, PolicyEvaluation, PolicyEvaluationResult};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::events::catalogue::USER_TAG_POLICY_EVALUATION_UPDATE;
use crate::resources::events::{self, NewEvent, Origin};
use crate::resources::images::record;
use crate::resources::images::record::types::ImagePath;
use crate::resources::images::reference::TagReference;
use crate::state::AppState;
use crate::store::Transaction;

/// The service that events about evaluations name.
const SERVICE: &str = "catalog";

/// Check an image against a policy
///
/// The image is evaluated now. The outcome is stored, unless `interactive` is set; when the final action is another than
/// that of the last evaluation under the tag, an event says so.
#[utoipa::path(
    get, path = "/images/{image_digest}/check", tag = "Images", params(ImagePath, CheckQuery),
    extensions(("x-anchore-authz-action" = json!("getImageEvaluation"))),
    responses(
        (status = 200, description = "The evaluation", body = PolicyEvaluation),
        (status = 404, description = "No such image or policy, or the image is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_policy_check_by_digest(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
    Query(query): Query<CheckQuery>,
) -> ApiResult<Json<PolicyEvaluation>> {
    let tag = parse_tag(&query.tag)?;
    let evaluated_tag = tag.full_tag();
    let question = Question {
        account: caller.account(),
        image_digest: path.image_digest,
        tag,
        policy_id: query.policy_id,
        base_digest: query.base_digest,
        now: state.now(),
    };
    let asked = question.clone();
    let (policy, result) = state.read(move |tx| answer(tx, &asked)).await?;
    let mut evaluations = if query.interactive.unwrap_or(false) {
        vec![result]
    } else {
        let origin = Origin::of(&state, SERVICE);
        let (tag, policy_id) = (evaluated_tag.clone(), policy.id.clone());
        let wants_history = query.history.unwrap_or(false);
        let question = question.clone();
        state
            .write(move |tx| {
                let place = Place {
                    account: &question.account,
                    image: record::find_analyzed(tx, &question.account, &question.image_digest)?
                        .key,
                    image_digest: &question.image_digest,
                    tag: &tag,
                    policy_id: &policy_id,
                };
                keep(tx, &place, &result, &origin)?;
                let mut evaluations = vec![result.clone()];
                if wants_history {
                    evaluations.extend(store::history(tx, &place)?.into_iter().skip(1));
                }
                Ok(evaluations)
            })
            .await?
    };
    if !query.detail.unwrap_or(true) {
        for evaluation in &mut evaluations {
            evaluation.details = None;
        }
    }
    Ok(Json(PolicyEvaluation {
        policy_id: policy.id,
        image_digest: question.image_digest,
        evaluated_tag,
        evaluations,
    }))
}

/// Reads a tag; `dockerhub` is an old name of Docker Hub.
///
/// # Errors
/// 400 when it is none.
fn parse_tag(text: &str) -> ApiResult<TagReference> {
    let text = match text.strip_prefix("dockerhub/") {
        Some(rest) => format!("docker.io/{rest}"),
        None => text.to_owned(),
    };
    TagReference::parse(&text).map_err(|error| ApiError::bad_request(error.to_string()))
}

/// Stores an evaluation, and tells when its final action is another than before.
///
/// What is stored is the image's alone: it does not depend on a base image that was compared with.
pub(super) fn keep(
    tx: &mut Transaction<'_>,
    place: &Place<'_>,
    result: &PolicyEvaluationResult,
    origin: &Origin,
) -> ApiResult<()> {
    let last = store::latest(tx, place)?;
    store::save(tx, place, &without_comparison(result))?;
    let Some((last_policy_id, last)) = last else {
        return Ok(());
    };
    if last.final_action == result.final_action {
        return Ok(());
    }
    let mut details = json!({
        "subscription_type": "policy_eval",
        "curr_eval": outcome(place, place.policy_id, result),
        "last_eval": outcome(place, &last_policy_id, &last),
    });
    let annotations = record::store::annotations(tx, place.image)?;
    if !annotations.is_empty() {
        details["annotations"] = Value::Object(annotations);
    }
    events::store::record(
        tx,
        &NewEvent {
            kind: &USER_TAG_POLICY_EVALUATION_UPDATE,
            account: place.account,
            resource_id: Some(place.tag),
            details,
            origin,
        },
    )?;
    Ok(())
}

/// What an event tells about an evaluation.
fn outcome(place: &Place<'_>, policy_id: &str, result: &PolicyEvaluationResult) -> Value {
    json!({
        "image_digest": place.image_digest,
        "tag": place.tag,
        "policy_id": policy_id,
        "status": result.status,
        "final_action": result.final_action,
        "final_action_reason": result.final_action_reason,
        "evaluation_time": result.evaluation_time,
    })
}

fn without_comparison(result: &PolicyEvaluationResult) -> PolicyEvaluationResult {
    let mut result = result.clone();
    result.comparison_image_digest = None;
    if let Some(details) = &mut result.details {
        for finding in &mut details.findings {
            finding.inherited_from_base = None;
        }
    }
    result
}
