//! The operations on the types of endpoints, and what is offered for all of them.

use axum::extract::State;

use super::matching;
use super::store;
use super::types::{
    EndpointPath, EndpointType, NotificationEndpoint, NotificationEndpointEnabledStatus,
    NotificationSelector,
};
use crate::bootstrap::ADMIN;
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::state::AppState;

/// List the types of notification endpoints
#[utoipa::path(
    get, path = "/notifications/endpoints", tag = "Notifications",
    extensions(("x-anchore-authz-action" = json!("listNotificationEndpoints"))),
    responses((status = 200, description = "The types, by name", body = [NotificationEndpoint])),
)]
pub(super) async fn list_endpoints(
    State(state): State<AppState>,
    _: Caller,
) -> ApiResult<Json<Vec<NotificationEndpoint>>> {
    let found = state.read(|tx| Ok(store::endpoints(tx)?)).await?;
    Ok(Json(found))
}

/// Enable or disable a type of notification endpoints, in all accounts
///
/// For administrators. What waits to be sent when a type is disabled is forgotten; what happens while it is disabled is
/// not sent later.
#[utoipa::path(
    put, path = "/notifications/endpoints/{name}", tag = "Notifications", params(EndpointPath),
    extensions(("x-anchore-authz-action" = json!("updateNotificationEndpoint"))),
    request_body = NotificationEndpointEnabledStatus,
    responses((status = 200, description = "How it is now", body = NotificationEndpointEnabledStatus)),
)]
pub(super) async fn update_endpoint_status(
    State(state): State<AppState>,
    _: Caller,
    Path(path): Path<EndpointPath>,
    Json(wanted): Json<NotificationEndpointEnabledStatus>,
) -> ApiResult<Json<NotificationEndpointEnabledStatus>> {
    let endpoint = EndpointType::parse(&path.name).ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no notification endpoint `{}`; there are {}",
            path.name,
            EndpointType::words()
        ))
    })?;
    let (enabled, now) = (wanted.enabled, state.now());
    let last_updated = state
        .write(move |tx| Ok(store::switch(tx, endpoint, enabled, now)?))
        .await?;
    Ok(Json(NotificationEndpointEnabledStatus {
        enabled,
        last_updated: Some(last_updated),
    }))
}

/// List the selectors that are offered to the account, ready to be added to a configuration
#[utoipa::path(
    get, path = "/notifications/selectors", tag = "Notifications", operation_id = "list_selectors",
    extensions(("x-anchore-authz-action" = json!("listNotificationEndpointConfigurations"))),
    responses((status = 200, description = "Selectors without ids", body = [NotificationSelector])),
)]
pub(super) async fn list_selectors_offered(caller: Caller) -> Json<Vec<NotificationSelector>> {
    Json(matching::offered(&*caller.account == ADMIN))
}
