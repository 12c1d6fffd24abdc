//! The operations on versions of applications.

use axum::extract::State;
use http::StatusCode;

use super::handlers::{find, not_empty};
use super::store::{self, VersionKey};
use super::types::{
    Application, ApplicationPath, ApplicationVersion, ApplicationVersionRequest, VersionPath,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::state::AppState;
use crate::store::Transaction;

/// List the versions of an application
#[utoipa::path(
    get, path = "/applications/{application_id}/versions", tag = "Applications", params(ApplicationPath),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "Versions, oldest first", body = [ApplicationVersion]),
        (status = 404, description = "The account has no such application", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_application_versions(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ApplicationPath>,
) -> ApiResult<Json<Vec<ApplicationVersion>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| {
            let (key, _) = find(tx, &account, &path.application_id)?;
            Ok(store::versions(tx, key)?)
        })
        .await?;
    Ok(Json(found))
}

/// Add a version
#[utoipa::path(
    post, path = "/applications/{application_id}/versions", tag = "Applications", params(ApplicationPath),
    extensions(("x-anchore-authz-action" = json!("createApplication"))),
    request_body = ApplicationVersionRequest,
    responses(
        (status = 200, description = "The version", body = ApplicationVersion),
        (status = 404, description = "The account has no such application", body = ApiErrorResponse),
        (status = 409, description = "The application has a version of this name", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ApplicationPath>,
    Json(request): Json<ApplicationVersionRequest>,
) -> ApiResult<Json<ApplicationVersion>> {
    let now = state.now();
    let version = ApplicationVersion {
        application_version_id: state.uuid().to_string(),
        application_id: path.application_id,
        version_name: not_empty("version_name", request.version_name)?,
        created_at: now,
        last_updated: now,
    };
    let account = caller.account();
    let made = state
        .write(move |tx| {
            let (key, _) = find(tx, &account, &version.application_id)?;
            if store::insert_version(tx, key, &version)? {
                Ok(version.clone())
            } else {
                Err(name_taken(&version.version_name))
            }
        })
        .await?;
    Ok(Json(made))
}

/// Get a version
#[utoipa::path(
    get, path = "/applications/{application_id}/versions/{application_version_id}", tag = "Applications",
    params(VersionPath),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "The version", body = ApplicationVersion),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
) -> ApiResult<Json<ApplicationVersion>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| Ok(find_version(tx, &account, &path)?.version))
        .await?;
    Ok(Json(found))
}

/// Rename a version
#[utoipa::path(
    put, path = "/applications/{application_id}/versions/{application_version_id}", tag = "Applications",
    params(VersionPath),
    extensions(("x-anchore-authz-action" = json!("updateApplication"))),
    request_body = ApplicationVersionRequest,
    responses(
        (status = 200, description = "The version", body = ApplicationVersion),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
        (status = 409, description = "Another version of the application has this name", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
    Json(request): Json<ApplicationVersionRequest>,
) -> ApiResult<Json<ApplicationVersion>> {
    let name = not_empty("version_name", request.version_name)?;
    let account = caller.account();
    let now = state.now();
    let changed = state
        .write(move |tx| {
            let (application, _) = find(tx, &account, &path.application_id)?;
            let mut found = find_version(tx, &account, &path)?;
            if store::is_version_taken(tx, application, &name, found.key)? {
                return Err(name_taken(&name));
            }
            store::rename_version(tx, found.key, &name, now)?;
            found.version.version_name.clone_from(&name);
            found.version.last_updated = now;
            Ok(found.version)
        })
        .await?;
    Ok(Json(changed))
}

/// Delete a version
///
/// Its artifacts stay.
#[utoipa::path(
    delete, path = "/applications/{application_id}/versions/{application_version_id}", tag = "Applications",
    params(VersionPath),
    extensions(("x-anchore-authz-action" = json!("deleteApplication"))),
    responses(
        (status = 204, description = "The version is gone"),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| {
            let found = find_version(tx, &account, &path)?;
            Ok(store::delete_version(tx, found.key)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A version with its application.
pub(super) struct Found {
    pub(super) application: Application,
    pub(super) key: VersionKey,
    pub(super) version: ApplicationVersion,
}

/// A version of an application of the account.
///
/// # Errors
/// 404 when one of them is not there.
pub(super) fn find_version(
    tx: &mut Transaction<'_>,
    account: &str,
    path: &VersionPath,
) -> ApiResult<Found> {
    let (application_key, application) = find(tx, account, &path.application_id)?;
    let wanted = &path.application_version_id;
    let (key, version) = store::version(tx, application_key, wanted)?
        .ok_or_else(|| ApiError::not_found(format!("application version `{wanted}` not found")))?;
    Ok(Found {
        application,
        key,
        version,
    })
}

fn name_taken(name: &str) -> ApiError {
    ApiError::conflict(format!("a version with the name `{name}` exists already"))
}
