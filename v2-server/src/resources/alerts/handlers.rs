//! The operations on alerts.

use axum::extract::State;

use super::store::{self, Filter};
use super::types::{
    AlertPath, AlertState, AlertStateFilter, AlertSummary, AlertsQuery, ComplianceViolationAlert,
    ComplianceViolationAlertState, SummariesQuery,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem, Query};
use crate::state::AppState;
use crate::time::Timestamp;

/// Most alerts on a page.
const LARGEST_PAGE: i64 = 100;

/// List alerts about images that fail a policy, newest first
#[utoipa::path(
    get, path = "/alerts/compliance-violations", tag = "Alerts", params(AlertsQuery),
    extensions(("x-anchore-authz-action" = json!("listAlerts"))),
    responses((status = 200, description = "A page of alerts", body = [ComplianceViolationAlert])),
)]
pub(super) async fn get_compliance_violation_alerts(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<AlertsQuery>,
) -> ApiResult<Json<Vec<ComplianceViolationAlert>>> {
    let filter = Filter {
        state: query
            .state
            .map_or(Some(AlertState::Open), AlertStateFilter::only),
        created_after: moment("created_after", query.created_after.as_deref())?,
        created_before: moment("created_before", query.created_before.as_deref())?,
        image_digest: query.resource_image_digest,
        image_tag: query.resource_image_tag,
        registry: query.resource_registry,
        repository: query.resource_repository,
        policy_id: None,
    };
    let (offset, limit) = window(query.page, query.limit)?;
    let account = caller.account();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, &filter, offset, limit)?))
        .await?;
    Ok(Json(found))
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|error| Problem::bad_request(format!("query parameter `{name}`: {error}")))
    })
    .transpose()
}

/// How many alerts come before a page, and how many are on it.
fn window(page: Option<i64>, limit: Option<i64>) -> Result<(i64, i64), Problem> {
    let (page, limit) = (page.unwrap_or(1), limit.unwrap_or(LARGEST_PAGE));
    if page < 1 {
        return Err(Problem::bad_request(format!(
            "query parameter `page`: expected 1 or more, got `{page}`"
        )));
    }
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "query parameter `limit`: expected 1 to {LARGEST_PAGE}, got `{limit}`"
        )));
    }
    Ok(((page - 1).saturating_mul(limit), limit))
}

/// Get an alert
#[utoipa::path(
    get, path = "/alerts/compliance-violations/{uuid}", tag = "Alerts", params(AlertPath),
    extensions(("x-anchore-authz-action" = json!("getAlert"))),
    responses(
        (status = 200, description = "The alert", body = ComplianceViolationAlert),
        (status = 404, description = "The account has no such alert", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_compliance_violation_alert(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<AlertPath>,
) -> ApiResult<Json<ComplianceViolationAlert>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::get(tx, &account, &path.uuid)?))
        .await?
        .map(Json)
        .ok_or_else(unknown)
}

/// Close an alert, or open it again
///
/// An alert that is in the state already stays as it is.
#[utoipa::path(
    patch, path = "/alerts/compliance-violations/{uuid}", tag = "Alerts", params(AlertPath),
    extensions(("x-anchore-authz-action" = json!("updateAlert"))),
    request_body = ComplianceViolationAlertState,
    responses(
        (status = 200, description = "The alert", body = ComplianceViolationAlert),
        (status = 404, description = "The account has no such alert", body = ApiErrorResponse),
        (status = 409, description = "Another alert about the same is open", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_compliance_violation_alert_state(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<AlertPath>,
    Json(wanted): Json<ComplianceViolationAlertState>,
) -> ApiResult<Json<ComplianceViolationAlert>> {
    let account = caller.account();
    let now = state.now();
    let alert = state
        .write(move |tx| {
            let mut alert = store::get(tx, &account, &path.uuid)?.ok_or_else(unknown)?;
            if alert.state == wanted.state {
                return Ok(alert);
            }
            if wanted.state == AlertState::Open {
                let last = store::last(tx, &account, &alert.resource)?;
                if last.is_some_and(|last| last.state == AlertState::Open) {
                    return Err(ApiError::conflict(
                        "another alert about this image, tag and policy is open",
                    ));
                }
            }
            let closes = wanted.state == AlertState::Closed;
            alert.state = wanted.state;
            alert.closed_by = closes.then(|| account.clone());
            alert.closed_reason = closes.then(|| "closed by a user".to_owned());
            alert.last_updated = now;
            store::update(tx, &account, &alert)?;
            Ok(alert)
        })
        .await?;
    Ok(Json(alert))
}

/// List alerts of all types in short, newest first
#[utoipa::path(
    get, path = "/alerts/summaries", tag = "Alerts", params(SummariesQuery),
    extensions(("x-anchore-authz-action" = json!("listAlerts"))),
    responses((status = 200, description = "A page of summaries", body = [AlertSummary])),
)]
pub(super) async fn get_alert_summaries(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<SummariesQuery>,
) -> ApiResult<Json<Vec<AlertSummary>>> {
    let (offset, limit) = window(query.page, query.limit)?;
    let mut filter = Filter {
        state: query
            .state
            .map_or(Some(AlertState::Open), AlertStateFilter::only),
        created_after: moment("created_after", query.created_after.as_deref())?,
        created_before: moment("created_before", query.created_before.as_deref())?,
        ..Filter::default()
    };
    let mut is_possible = true;
    for label in &query.resource_label {
        let (key, value) = split(label)?;
        let field = match key {
            "tag" => &mut filter.image_tag,
            "image_digest" => &mut filter.image_digest,
            "registry" => &mut filter.registry,
            "repository" => &mut filter.repository,
            "policy_id" => &mut filter.policy_id,
            _ => {
                is_possible = false;
                continue;
            }
        };
        // Nothing has two values of one label.
        is_possible &= field
            .replace(value.to_owned())
            .is_none_or(|other| other == value);
    }
    if !is_possible {
        return Ok(Json(Vec::new()));
    }
    let account = caller.account();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, &filter, offset, limit)?))
        .await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// The parts of `key=value`.
fn split(label: &str) -> Result<(&str, &str), Problem> {
    label
        .split_once('=')
        .filter(|(key, value)| {
            !key.is_empty() && !value.is_empty() && !label.contains(char::is_whitespace)
        })
        .ok_or_else(|| {
            Problem::bad_request(format!(
                "query parameter `resource_label`: expected `key=value`, got `{label}`"
            ))
        })
}

fn unknown() -> ApiError {
    ApiError::not_found("alert not found")
}
