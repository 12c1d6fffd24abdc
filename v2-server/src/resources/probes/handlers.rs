//! The operations for monitors and clients that look for a server.

use axum::extract::State;
use http::StatusCode;

use super::readiness;
use super::types::{ServiceVersion, StatusResponse};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Json};
use crate::state::AppState;

/// Get the prefix of the API
#[utoipa::path(
    get, path = "/", tag = "System", security(()),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The word `v2`", body = String, content_type = "application/json")),
)]
pub(super) async fn ping() -> Json<&'static str> {
    Json("v2")
}

/// Tell whether the server can work
///
/// It can when its database answers within five seconds, and while it does not stop.
#[utoipa::path(
    get, path = "/health", tag = "System", security(()),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses(
        (status = 200, description = "It can"),
        (status = 503, description = "It cannot", body = ApiErrorResponse),
    ),
)]
pub(crate) async fn health_check(State(state): State<AppState>) -> ApiResult<StatusCode> {
    match readiness::unready(&state).await {
        None => Ok(StatusCode::OK),
        Some(reason) => Err(ApiError::unavailable(reason.to_string())),
    }
}

/// Get the versions of the service, its API and its tables
#[utoipa::path(
    get, path = "/version", tag = "System", security(()),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The versions", body = ServiceVersion)),
)]
pub(crate) async fn version_check() -> Json<ServiceVersion> {
    Json(ServiceVersion::current())
}

/// Get the status of the service
#[utoipa::path(
    get, path = "/status", tag = "System",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The status", body = StatusResponse)),
)]
pub(super) async fn get_status(State(state): State<AppState>) -> Json<StatusResponse> {
    Json(StatusResponse::of(&state))
}
