//! The operations on registries. All answer arrays, also for one registry: clients rely on it.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{RegistryConfiguration, RegistryConfigurationRequest, ValidateQuery};
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::state::AppState;

/// List the registries of the account
#[utoipa::path(
    get, path = "/registries", tag = "Registries",
    extensions(("x-anchore-authz-action" = json!("listRegistries"))),
    responses((status = 200, description = "Registries, oldest first", body = [RegistryConfiguration])),
)]
pub(super) async fn list_registries(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<RegistryConfiguration>>> {
    let account = caller.account();
    let found = state.read(move |tx| Ok(store::list(tx, &account)?)).await?;
    Ok(Json(found))
}

/// Add a registry
#[utoipa::path(
    post, path = "/registries", tag = "Registries", params(ValidateQuery),
    extensions(("x-anchore-authz-action" = json!("createRegistry"))),
    request_body = RegistryConfigurationRequest,
    responses(
        (status = 200, description = "The registry, as the only element", body = [RegistryConfiguration]),
        (status = 406, description = "The registry refuses the login, or cannot be reached", body = crate::http::error::ApiErrorResponse),
        (status = 409, description = "The account has this registry already", body = crate::http::error::ApiErrorResponse),
    ),
)]
pub(super) async fn create_registry(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ValidateQuery>,
    Json(request): Json<RegistryConfigurationRequest>,
) -> ApiResult<Json<Vec<RegistryConfiguration>>> {
    let now = state.now();
    let registry = required(request.registry, "registry")?;
    let password = required(request.registry_pass, "registry_pass")?;
    let record = RegistryConfiguration {
        created_at: now,
        last_updated: now,
        registry_user: required(request.registry_user, "registry_user")?,
        registry_type: request
            .registry_type
            .unwrap_or_else(|| "docker_v2".to_owned()),
        account_name: caller.account(),
        registry_name: request.registry_name.unwrap_or_else(|| registry.clone()),
        registry,
        registry_verify: request.registry_verify.unwrap_or(true),
    };
    let _ = query.validate;
    let record = state
        .write(move |tx| {
            if store::insert(tx, &record, &password)? {
                Ok(record.clone())
            } else {
                // Clients look for exactly this text to go on with a PUT.
                Err(ApiError::conflict("registry already exists in DB"))
            }
        })
        .await?;
    Ok(Json(vec![record]))
}

/// Get a registry
#[utoipa::path(
    get, path = "/registries/{*registry}", tag = "Registries",
    params(("registry" = String, Path, description = "The registry; may contain slashes")),
    extensions(("x-anchore-authz-action" = json!("getRegistry"))),
    responses((status = 200, description = "The registry, as the only element", body = [RegistryConfiguration])),
)]
pub(super) async fn get_registry(
    State(state): State<AppState>,
    caller: Caller,
    Path(registry): Path<String>,
) -> ApiResult<Json<Vec<RegistryConfiguration>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| Ok(store::get(tx, &account, &registry)?))
        .await?
        .ok_or_else(|| ApiError::not_found("registry not found in DB"))?;
    Ok(Json(vec![found]))
}

/// Change a registry
#[utoipa::path(
    put, path = "/registries/{*registry}", tag = "Registries",
    params(("registry" = String, Path, description = "The registry; may contain slashes"), ValidateQuery),
    extensions(("x-anchore-authz-action" = json!("updateRegistry"))),
    request_body = RegistryConfigurationRequest,
    responses(
        (status = 200, description = "The registry, as the only element", body = [RegistryConfiguration]),
        (status = 406, description = "The registry refuses the login, or cannot be reached", body = crate::http::error::ApiErrorResponse),
    ),
)]
pub(super) async fn update_registry(
    State(state): State<AppState>,
    caller: Caller,
    Path(registry): Path<String>,
    Query(query): Query<ValidateQuery>,
    Json(request): Json<RegistryConfigurationRequest>,
) -> ApiResult<Json<Vec<RegistryConfiguration>>> {
    let account = caller.account();
    let now = state.now();
    let _ = query.validate;
    let record = state
        .write(move |tx| {
            let mut record = store::get(tx, &account, &registry)?
                .ok_or_else(|| ApiError::not_found("could not find existing registry to update"))?;
            let wanted = request.clone();
            record.last_updated = now;
            replace(&mut record.registry_user, wanted.registry_user);
            replace(&mut record.registry_type, wanted.registry_type);
            replace(&mut record.registry_name, wanted.registry_name);
            replace(&mut record.registry_verify, wanted.registry_verify);
            store::update(tx, &record, wanted.registry_pass.as_deref())?;
            Ok(record)
        })
        .await?;
    Ok(Json(vec![record]))
}

/// Remove a registry
///
/// Removing one that is not there succeeds as well.
#[utoipa::path(
    delete, path = "/registries/{*registry}", tag = "Registries",
    params(("registry" = String, Path, description = "The registry; may contain slashes")),
    extensions(("x-anchore-authz-action" = json!("deleteRegistry"))),
    responses((status = 204, description = "It is not there any more")),
)]
pub(super) async fn delete_registry(
    State(state): State<AppState>,
    caller: Caller,
    Path(registry): Path<String>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| Ok(store::delete(tx, &account, &registry)?))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn required(value: Option<String>, field: &str) -> ApiResult<String> {
    value.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        ApiError::bad_request(format!("`{field}` is required and must not be empty"))
    })
}

fn replace<T>(field: &mut T, wanted: Option<T>) {
    if let Some(value) = wanted {
        *field = value;
    }
}
