//! Checking an image without being asked.

use super::evaluation::{Question, answer};
use super::handlers::keep;
use super::store::Place;
use crate::http::{ApiError, ApiResult};
use crate::resources::events::Origin;
use crate::resources::images::record;
use crate::resources::images::reference::TagReference;
use crate::resources::policies::engine::Action;
use crate::state::AppState;
use crate::time::Timestamp;

/// What the active policy makes of an image.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The policy.
    pub(crate) policy_id: String,
    /// The evaluation, as it is stored.
    pub(crate) evaluation_id: String,
    /// When.
    pub(crate) evaluated_at: Timestamp,
    /// Whether the image must stop.
    pub(crate) stops: bool,
    /// Why it gets the action it gets.
    pub(crate) reason: String,
    /// Findings that stop it.
    pub(crate) violations: i64,
}

/// Checks an image under a tag against the active policy, and stores the outcome as a check by a client does.
///
/// # Errors
/// 404 when the image is not there or not analysed, or when no policy is active.
pub(crate) async fn evaluate_now(
    state: &AppState,
    account: &str,
    image_digest: &str,
    tag: &TagReference,
    origin: &Origin,
) -> ApiResult<Outcome> {
    let question = Question {
        account: account.to_owned(),
        image_digest: image_digest.to_owned(),
        tag: tag.clone(),
        policy_id: None,
        base_digest: None,
        now: origin.now(),
    };
    let asked = question.clone();
    let (policy, result) = state.read(move |tx| answer(tx, &asked)).await?;
    let (full_tag, origin) = (tag.full_tag(), origin.clone());
    state
        .write(move |tx| {
            let place = Place {
                account: &question.account,
                image: record::find_analyzed(tx, &question.account, &question.image_digest)?.key,
                image_digest: &question.image_digest,
                tag: &full_tag,
                policy_id: &policy.id,
            };
            keep(tx, &place, &result, &origin)?;
            let violations = result.details.iter().flat_map(|details| &details.findings);
            let violations = violations
                .filter(|finding| finding.action == Action::Stop && !finding.allowlisted)
                .count();
            let reason =
                serde_json::to_value(result.final_action_reason).map_err(ApiError::internal)?;
            Ok(Outcome {
                policy_id: policy.id.clone(),
                evaluation_id: place.evaluation_id(&result),
                evaluated_at: result.evaluation_time,
                stops: result.final_action == Action::Stop,
                reason: reason.as_str().unwrap_or_default().to_owned(),
                violations: i64::try_from(violations).unwrap_or(i64::MAX),
            })
        })
        .await
}
