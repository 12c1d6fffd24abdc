//! The operations on the system itself.

use axum::extract::State;

use super::servers::store::{self, Removal};
use super::types::{AnchoreErrorCode, ERROR_CODES, Service, SystemStatusResponse};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Json, Path};
use crate::resources::events::Origin;
use crate::resources::policies::spec::{GateSpec, gate_specs};
use crate::state::AppState;

/// List all services and their state
#[utoipa::path(
    get, path = "/system", tag = "System",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The services", body = SystemStatusResponse)),
)]
pub(super) async fn get_service_detail(
    State(state): State<AppState>,
) -> ApiResult<Json<SystemStatusResponse>> {
    let service_states = Service::all(&state).await?;
    Ok(Json(SystemStatusResponse { service_states }))
}

/// List the services
#[utoipa::path(
    get, path = "/system/services", tag = "System",
    extensions(("x-anchore-authz-action" = json!("listServices"))),
    responses((status = 200, description = "The services", body = [Service])),
)]
pub(super) async fn list_services(State(state): State<AppState>) -> ApiResult<Json<Vec<Service>>> {
    Ok(Json(Service::all(&state).await?))
}

/// List the services of one name
#[utoipa::path(
    get, path = "/system/services/{service_name}", tag = "System",
    params(("service_name" = String, Path, description = "The name of the service")),
    extensions(("x-anchore-authz-action" = json!("getService"))),
    responses((status = 200, description = "The services, none when the name is unknown", body = [Service])),
)]
pub(super) async fn get_services_by_name(
    State(state): State<AppState>,
    Path(service_name): Path<String>,
) -> ApiResult<Json<Vec<Service>>> {
    let mut services = Service::all(&state).await?;
    services.retain(|service| service.service_name == service_name);
    Ok(Json(services))
}

/// Get one service on one host
#[utoipa::path(
    get, path = "/system/services/{service_name}/{host_id}", tag = "System",
    params(
        ("service_name" = String, Path, description = "The name of the service"),
        ("host_id" = String, Path, description = "The server it runs on"),
    ),
    extensions(("x-anchore-authz-action" = json!("getService"))),
    responses((status = 200, description = "The service, as the only element", body = [Service])),
)]
pub(super) async fn get_services_by_name_and_host(
    State(state): State<AppState>,
    Path((service_name, host_id)): Path<(String, String)>,
) -> ApiResult<Json<Vec<Service>>> {
    let mut services = Service::all(&state).await?;
    services.retain(|service| service.service_name == service_name && service.host_id == host_id);
    if services.is_empty() {
        return Err(unknown(&service_name, &host_id));
    }
    Ok(Json(services))
}

/// Forget a service that no longer runs
///
/// Its server has stopped, or has not been seen for a minute.
#[utoipa::path(
    delete, path = "/system/services/{service_name}/{host_id}", tag = "System",
    params(
        ("service_name" = String, Path, description = "The name of the service"),
        ("host_id" = String, Path, description = "The server it ran on"),
    ),
    extensions(("x-anchore-authz-action" = json!("deleteService"))),
    responses(
        (status = 200, description = "It is forgotten"),
        (status = 409, description = "It runs", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_service(
    State(state): State<AppState>,
    Path((service_name, host_id)): Path<(String, String)>,
) -> ApiResult<()> {
    let origin = Origin::of(&state, "catalog");
    state
        .write(
            move |tx| match store::remove(tx, &service_name, &host_id, &origin)? {
                Removal::Removed => Ok(()),
                Removal::Running => Err(ApiError::conflict("cannot delete an active service")),
                Removal::Unknown => Err(unknown(&service_name, &host_id)),
            },
        )
        .await
}

/// List the words that errors carry
#[utoipa::path(
    get, path = "/system/error-codes", tag = "System",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The error codes", body = [AnchoreErrorCode])),
)]
pub(super) async fn describe_error_codes() -> Json<&'static [AnchoreErrorCode]> {
    Json(&ERROR_CODES)
}

/// Describe the policy language
///
/// Every gate, trigger and parameter that policies can use, and those that are at their end of life.
#[utoipa::path(
    get, path = "/system/policy-spec", tag = "System",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The gates, those in use first", body = [GateSpec])),
)]
pub(super) async fn describe_policy() -> Json<Vec<GateSpec>> {
    Json(gate_specs())
}

fn unknown(service_name: &str, host_id: &str) -> ApiError {
    ApiError::not_found(format!(
        "service_name/host_id ({service_name}/{host_id}) not found"
    ))
}
