//! The operations on registries. All answer arrays, also for one registry: clients rely on it.

use axum::extract::State;
use http::StatusCode;

use super::login::{self, Login};
use super::store;
use super::types::{RegistryConfiguration, RegistryConfigurationRequest, ValidateQuery};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::state::AppState;
use crate::store::Transaction;

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
///
/// The login is tried first, unless `validate` is false.
#[utoipa::path(
    post, path = "/registries", tag = "Registries", params(ValidateQuery),
    extensions(("x-anchore-authz-action" = json!("createRegistry"))),
    request_body = RegistryConfigurationRequest,
    responses(
        (status = 200, description = "The registry, as the only element", body = [RegistryConfiguration]),
        (status = 406, description = "The registry refuses the login, or cannot be reached", body = ApiErrorResponse),
        (status = 409, description = "The account has this registry already", body = ApiErrorResponse),
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
    if query.validate != Some(false) {
        check_login(&state, &record, &password).await?;
    }
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
        .peek(move |tx| Ok(store::get(tx, &account, &registry)?))
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
        (status = 406, description = "The registry refuses the login, or cannot be reached", body = ApiErrorResponse),
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
    if query.validate != Some(false) {
        let (account, registry, request) = (account.clone(), registry.clone(), request.clone());
        let (record, password) = state
            .read(move |tx| {
                let record = changed(tx, &account, &registry, &request)?;
                let password = match &request.registry_pass {
                    Some(password) => password.clone(),
                    None => store::password(tx, &account, &registry)?,
                };
                Ok((record, password))
            })
            .await?;
        check_login(&state, &record, &password).await?;
    }
    let record = state
        .write(move |tx| {
            let mut record = changed(tx, &account, &registry, &request)?;
            record.last_updated = now;
            store::update(tx, &record, request.registry_pass.as_deref())?;
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

/// The stored registry with what the request asks for.
///
/// # Errors
/// 404 when it is not there.
fn changed(
    tx: &mut Transaction<'_>,
    account: &str,
    registry: &str,
    request: &RegistryConfigurationRequest,
) -> ApiResult<RegistryConfiguration> {
    let mut record = store::get(tx, account, registry)?
        .ok_or_else(|| ApiError::not_found("could not find existing registry to update"))?;
    replace(&mut record.registry_user, request.registry_user.as_ref());
    replace(&mut record.registry_type, request.registry_type.as_ref());
    replace(&mut record.registry_name, request.registry_name.as_ref());
    replace(
        &mut record.registry_verify,
        request.registry_verify.as_ref(),
    );
    Ok(record)
}

fn replace<T: Clone>(field: &mut T, wanted: Option<&T>) {
    if let Some(value) = wanted {
        field.clone_from(value);
    }
}

/// Tries the login of a registry.
///
/// # Errors
/// 406 with the reason.
async fn check_login(
    state: &AppState,
    record: &RegistryConfiguration,
    password: &str,
) -> ApiResult<()> {
    let login = Login {
        registry: &record.registry,
        kind: &record.registry_type,
        user: &record.registry_user,
        password,
        verify: record.registry_verify,
    };
    login::check(&state.distribution, &login)
        .await
        .map_err(|reason| {
            ApiError::not_acceptable(format!(
                "cannot ping supplied registry with supplied credentials - {reason}"
            ))
        })
}
