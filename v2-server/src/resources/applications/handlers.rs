//! The operations on applications as such.

use axum::extract::State;
use http::StatusCode;

use super::store::{self, ApplicationKey};
use super::types::{
    Application, ApplicationPath, ApplicationRequest, ApplicationVersion, ApplicationsQuery,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::state::AppState;
use crate::store::Transaction;

/// The version every new application has.
const FIRST_VERSION: &str = "HEAD";

/// List applications
#[utoipa::path(
    get, path = "/applications", tag = "Applications", params(ApplicationsQuery),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses((status = 200, description = "Applications, oldest first", body = [Application])),
)]
pub(super) async fn get_applications(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ApplicationsQuery>,
) -> ApiResult<Json<Vec<Application>>> {
    let account = caller.account();
    let with_versions = query.include_versions.unwrap_or(false);
    let found = state
        .read(move |tx| {
            let mut applications = Vec::new();
            for (key, application) in store::list(tx, &account)? {
                applications.push(shown(tx, key, application, with_versions)?);
            }
            Ok(applications)
        })
        .await?;
    Ok(Json(found))
}

/// Add an application
///
/// It has the version `HEAD` at once.
#[utoipa::path(
    post, path = "/applications", tag = "Applications",
    extensions(("x-anchore-authz-action" = json!("createApplication"))),
    request_body = ApplicationRequest,
    responses(
        (status = 200, description = "The application with its version", body = Application),
        (status = 409, description = "The account has an application of this name", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_application(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<ApplicationRequest>,
) -> ApiResult<Json<Application>> {
    let name = request
        .name
        .ok_or_else(|| ApiError::bad_request("`name` is required"))
        .and_then(|name| not_empty("name", name))?;
    let now = state.now();
    let application = Application {
        application_id: state.uuid().to_string(),
        name,
        description: request.description,
        application_versions: None,
        created_at: now,
        last_updated: now,
    };
    let first = ApplicationVersion {
        application_version_id: state.uuid().to_string(),
        application_id: application.application_id.clone(),
        version_name: FIRST_VERSION.to_owned(),
        created_at: now,
        last_updated: now,
    };
    let account = caller.account();
    let made = state
        .write(move |tx| {
            let key = store::insert(tx, &account, &application)?
                .ok_or_else(|| name_taken(&application.name))?;
            store::insert_version(tx, key, &first)?;
            shown(tx, key, application.clone(), true)
        })
        .await?;
    Ok(Json(made))
}

/// Get an application
#[utoipa::path(
    get, path = "/applications/{application_id}", tag = "Applications", params(ApplicationPath, ApplicationsQuery),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "The application", body = Application),
        (status = 404, description = "The account has no such application", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_application(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ApplicationPath>,
    Query(query): Query<ApplicationsQuery>,
) -> ApiResult<Json<Application>> {
    let account = caller.account();
    let with_versions = query.include_versions.unwrap_or(false);
    let found = state
        .read(move |tx| {
            let (key, application) = find(tx, &account, &path.application_id)?;
            shown(tx, key, application, with_versions)
        })
        .await?;
    Ok(Json(found))
}

/// Change an application
///
/// What is left out stays.
#[utoipa::path(
    put, path = "/applications/{application_id}", tag = "Applications", params(ApplicationPath),
    extensions(("x-anchore-authz-action" = json!("updateApplication"))),
    request_body = ApplicationRequest,
    responses(
        (status = 200, description = "The application", body = Application),
        (status = 404, description = "The account has no such application", body = ApiErrorResponse),
        (status = 409, description = "Another application has this name", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_application(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ApplicationPath>,
    Json(request): Json<ApplicationRequest>,
) -> ApiResult<Json<Application>> {
    let name = request
        .name
        .map(|name| not_empty("name", name))
        .transpose()?;
    let account = caller.account();
    let now = state.now();
    let changed = state
        .write(move |tx| {
            let (key, mut application) = find(tx, &account, &path.application_id)?;
            if let Some(name) = &name {
                if store::is_taken(tx, &account, name, key)? {
                    return Err(name_taken(name));
                }
                application.name.clone_from(name);
            }
            if let Some(description) = &request.description {
                application.description = Some(description.clone());
            }
            application.last_updated = now;
            store::update(tx, key, &application)?;
            Ok(application)
        })
        .await?;
    Ok(Json(changed))
}

/// Delete an application
///
/// Its versions go with it; its artifacts stay.
#[utoipa::path(
    delete, path = "/applications/{application_id}", tag = "Applications", params(ApplicationPath),
    extensions(("x-anchore-authz-action" = json!("deleteApplication"))),
    responses(
        (status = 204, description = "The application is gone"),
        (status = 404, description = "The account has no such application", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_application(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ApplicationPath>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| {
            let (key, _) = find(tx, &account, &path.application_id)?;
            Ok(store::delete(tx, key)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(
    tx: &mut Transaction<'_>,
    key: ApplicationKey,
    mut application: Application,
    with_versions: bool,
) -> ApiResult<Application> {
    if with_versions {
        application.application_versions = Some(store::versions(tx, key)?);
    }
    Ok(application)
}

/// An application of the account.
///
/// # Errors
/// 404 when it has none of this id.
pub(super) fn find(
    tx: &mut Transaction<'_>,
    account: &str,
    application_id: &str,
) -> ApiResult<(ApplicationKey, Application)> {
    store::get(tx, account, application_id)?
        .ok_or_else(|| ApiError::not_found(format!("application `{application_id}` not found")))
}

/// # Errors
/// 400 when the text is blank.
pub(super) fn not_empty(member: &str, text: String) -> ApiResult<String> {
    if text.trim().is_empty() {
        Err(ApiError::bad_request(format!(
            "`{member}` must not be empty"
        )))
    } else {
        Ok(text)
    }
}

fn name_taken(name: &str) -> ApiError {
    ApiError::conflict(format!(
        "an application with the name `{name}` exists already"
    ))
}
