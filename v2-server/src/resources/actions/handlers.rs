//! The operations on action plans.

use std::fmt::Write as _;

use axum::extract::State;

use super::store::{self, Filter};
use super::types::{ActionPlan, ActionPlansQuery};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Problem, Query};
use crate::resources::notifications::{EndpointType, Message, send_now};
use crate::state::AppState;

/// The one type of plans.
const NOTIFICATION: &str = "notification";

/// List the action plans that were sent, newest first
#[utoipa::path(
    get, path = "/actions", tag = "Actions", params(ActionPlansQuery),
    extensions(("x-anchore-authz-action" = json!("getActions"))),
    responses((status = 200, description = "Plans", body = [ActionPlan])),
)]
pub(super) async fn get_action_plans(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ActionPlansQuery>,
) -> ApiResult<Json<Vec<ActionPlan>>> {
    let created_after = query
        .created_after
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| {
            Problem::bad_request(format!("query parameter `created_after`: {error}"))
        })?;
    let filter = Filter {
        image_tag: query.image_tag,
        image_digest: query.image_digest,
        created_after,
    };
    let account = caller.account();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, &filter)?))
        .await?;
    Ok(Json(found))
}

/// Send an action plan through a notification configuration, and store it
///
/// What could not be sent is not stored.
#[utoipa::path(
    post, path = "/actions", tag = "Actions",
    extensions(("x-anchore-authz-action" = json!("addAction"))),
    request_body = ActionPlan,
    responses(
        (status = 200, description = "The plan, which was sent", body = ActionPlan),
        (status = 409, description = "The type of endpoint is disabled", body = ApiErrorResponse),
        (status = 502, description = "The endpoint did not take the plan", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_action_plan(
    State(state): State<AppState>,
    caller: Caller,
    Json(mut plan): Json<ActionPlan>,
) -> ApiResult<Json<ActionPlan>> {
    let endpoint = check(&plan)?;
    let now = state.now();
    plan.uuid = Some(state.uuid().to_string());
    plan.created_at = Some(now);
    plan.last_updated = Some(now);
    let message = message(&plan)?;
    let account = caller.account();
    let configuration = plan.configuration_id.clone();
    let outcome = send_now(&state, account.clone(), endpoint, configuration, &message)
        .await?
        .ok_or_else(|| {
            ApiError::bad_request(format!(
                "`configuration_id`: expected the id of a {} configuration, got `{}`",
                plan.endpoint, plan.configuration_id
            ))
        })?;
    if let Err(reason) = outcome {
        return Err(ApiError::bad_gateway(format!(
            "the {} configuration `{}` did not take the plan: {reason}",
            plan.endpoint, plan.configuration_id
        )));
    }
    let sent = plan.clone();
    state
        .write(move |tx| Ok(store::insert(tx, &account, &sent)?))
        .await?;
    Ok(Json(plan))
}

/// Checks what types cannot say; gives the type of endpoint.
///
/// # Errors
/// 400 that names the place, what was expected and what came.
fn check(plan: &ActionPlan) -> Result<EndpointType, Problem> {
    let wrong = |field: &str, expected: &str, got: &str| {
        Problem::bad_request(format!(
            "Request body, `{field}`: expected {expected}, got `{got}`"
        ))
    };
    if plan.kind != NOTIFICATION {
        let expected = format!("`{NOTIFICATION}`");
        return Err(wrong("type", &expected, &plan.kind));
    }
    for (field, text) in [("subject", &plan.subject), ("message", &plan.message)] {
        if text.trim().is_empty() {
            return Err(wrong(field, "a text that is not blank", text));
        }
    }
    EndpointType::parse(&plan.endpoint).ok_or_else(|| {
        let expected = format!("one of {}", EndpointType::words());
        wrong("endpoint", &expected, &plan.endpoint)
    })
}

/// The plan as it is told.
fn message(plan: &ActionPlan) -> ApiResult<Message> {
    let mut text = format!("{}\n", plan.message);
    for (name, value) in [
        ("Tag", &plan.image_tag),
        ("Image", &plan.image_digest),
        ("Policy", &plan.policy_id),
    ] {
        if let Some(value) = value {
            let _ = write!(text, "\n{name}: {value}");
        }
    }
    for resolution in &plan.resolutions {
        let triggers = resolution.trigger_ids.join(", ");
        let _ = write!(text, "\n\n{triggers}\n{}", resolution.content);
    }
    let record = serde_json::to_string(plan).map_err(ApiError::internal)?;
    Ok(Message::new(&plan.subject, &text, record))
}
