//! The operations on identity providers. They are for administrators: whoever says which messages are trusted can log
//! in as anybody.

use axum::extract::{FromRequestParts, State};
use http::StatusCode;
use http::request::Parts;

use super::provider::{self, check_role, checked, unknown};
use super::store;
use super::types::RbacManagerSamlConfiguration;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::state::AppState;

/// List the names of the identity providers
///
/// For administrators.
#[utoipa::path(
    get, path = "/rbac-manager/saml/idps", tag = "Single Sign-On",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "Their names, sorted", body = [String])),
)]
pub(super) async fn list_idps(
    State(state): State<AppState>,
    _: Administrator,
) -> ApiResult<Json<Vec<String>>> {
    Ok(Json(state.read(|tx| Ok(store::names(tx)?)).await?))
}

/// Configure an identity provider
///
/// For administrators. Metadata that is given by its address is read at once, and then again every hour.
#[utoipa::path(
    post, path = "/rbac-manager/saml/idps", tag = "Single Sign-On",
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body = RbacManagerSamlConfiguration,
    responses(
        (status = 200, description = "The configuration", body = RbacManagerSamlConfiguration),
        (status = 409, description = "The name is taken", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_idp(
    State(state): State<AppState>,
    _: Administrator,
    Json(request): Json<RbacManagerSamlConfiguration>,
) -> ApiResult<Json<RbacManagerSamlConfiguration>> {
    let now = state.now();
    let mut idp = checked(request, now).await?;
    idp.configuration.created_at = Some(now);
    idp.configuration.last_updated = Some(now);
    let configuration = idp.configuration.clone();
    state
        .write(move |tx| {
            check_role(tx, &idp.configuration)?;
            if store::insert(tx, &idp)? {
                Ok(())
            } else {
                Err(ApiError::conflict("Identity provider already exists"))
            }
        })
        .await?;
    Ok(Json(shown(&state, configuration)))
}

/// Get the configuration of an identity provider
///
/// For administrators.
#[utoipa::path(
    get, path = "/rbac-manager/saml/idps/{name}", tag = "Single Sign-On",
    params(("name" = String, Path, description = "The identity provider")),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The configuration", body = RbacManagerSamlConfiguration)),
)]
pub(super) async fn get_idp(
    State(state): State<AppState>,
    _: Administrator,
    Path(name): Path<String>,
) -> ApiResult<Json<RbacManagerSamlConfiguration>> {
    let idp = provider::existing(&state, &name).await?;
    Ok(Json(shown(&state, idp.configuration)))
}

/// Replace the configuration of an identity provider
///
/// For administrators. What is left out is not kept.
#[utoipa::path(
    put, path = "/rbac-manager/saml/idps/{name}", tag = "Single Sign-On",
    params(("name" = String, Path, description = "The identity provider")),
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body = RbacManagerSamlConfiguration,
    responses((status = 200, description = "The configuration", body = RbacManagerSamlConfiguration)),
)]
pub(super) async fn update_idp(
    State(state): State<AppState>,
    _: Administrator,
    Path(name): Path<String>,
    Json(request): Json<RbacManagerSamlConfiguration>,
) -> ApiResult<Json<RbacManagerSamlConfiguration>> {
    provider::existing(&state, &name).await?;
    if request.name != name {
        return Err(ApiError::bad_request(format!(
            "`name`: expected `{name}` as in the path, got `{}`",
            request.name
        )));
    }
    let now = state.now();
    let idp = checked(request, now).await?;
    let configuration = state
        .write(move |tx| {
            check_role(tx, &idp.configuration)?;
            let known = store::get(tx, &name)?.ok_or_else(unknown)?;
            let mut idp = idp.clone();
            idp.configuration.created_at = known.configuration.created_at;
            idp.configuration.last_updated = Some(now);
            store::replace(tx, &idp)?;
            Ok(idp.configuration)
        })
        .await?;
    Ok(Json(shown(&state, configuration)))
}

/// Delete an identity provider, and all its users
///
/// For administrators.
#[utoipa::path(
    delete, path = "/rbac-manager/saml/idps/{name}", tag = "Single Sign-On",
    params(("name" = String, Path, description = "The identity provider")),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 204, description = "It is gone")),
)]
pub(super) async fn delete_idp(
    State(state): State<AppState>,
    _: Administrator,
    Path(name): Path<String>,
) -> ApiResult<StatusCode> {
    state
        .write(move |tx| {
            if store::remove(tx, &name)? {
                Ok(())
            } else {
                Err(unknown())
            }
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A configuration as it is answered: with the setting of this server.
fn shown(
    state: &AppState,
    configuration: RbacManagerSamlConfiguration,
) -> RbacManagerSamlConfiguration {
    RbacManagerSamlConfiguration {
        require_existing_users: state.sso.settings.require_existing_users,
        ..configuration
    }
}

/// Whoever calls is an administrator; told before the body is looked at.
pub(super) struct Administrator;

impl<S: Send + Sync> FromRequestParts<S> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.identity.is_administrator {
            Ok(Self)
        } else {
            Err(ApiError::forbidden(
                "Not authorized. Identity providers are managed by users of the account admin",
            ))
        }
    }
}
