//! The operations on imports as a whole. Uploads are in [`super::uploads`].

use axum::extract::State;

use super::finalize::not_in_state;
use super::store;
use super::types::{ImageImportOperation, ImportStatus, OperationPath};
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// Seconds an import may take from its beginning to the end of the analysis.
pub(super) const LIFETIME: i64 = 86_400;

/// Seconds the record of an import that has ended is kept beyond its lifetime.
pub(super) const REMEMBERED: i64 = 86_400;

/// List imports of images
#[utoipa::path(
    get, path = "/imports/images", tag = "Imports",
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Imports, oldest first", body = [ImageImportOperation])),
)]
pub(super) async fn list_operations(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<ImageImportOperation>>> {
    let account = caller.account();
    let now = state.now();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, now)?))
        .await?;
    Ok(Json(found))
}

/// Begin an import of an image
#[utoipa::path(
    post, path = "/imports/images", tag = "Imports",
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "The new import", body = ImageImportOperation)),
)]
pub(super) async fn create_operation(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<ImageImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let operation = ImageImportOperation {
        uuid: state.uuid().simple().to_string(),
        status: ImportStatus::Pending,
        expires_at: now.plus_seconds(LIFETIME),
        created_at: now,
    };
    let begun = operation.clone();
    state
        .write(move |tx| Ok(store::insert(tx, &account, &operation)?))
        .await?;
    Ok(Json(begun))
}

/// Get an import of an image
#[utoipa::path(
    get, path = "/imports/images/{operation_id}", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "The import", body = ImageImportOperation)),
)]
pub(super) async fn get_operation(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> ApiResult<Json<ImageImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let found = state
        .peek(move |tx| find(tx, &account, &path.operation_id, now))
        .await?;
    Ok(Json(found))
}

/// Call off an import of an image
///
/// An import from which an image was made already goes on.
#[utoipa::path(
    delete, path = "/imports/images/{operation_id}", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "The import as it is now", body = ImageImportOperation)),
)]
pub(super) async fn invalidate_operation(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> ApiResult<Json<ImageImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let operation = state
        .write(move |tx| {
            let mut operation = find(tx, &account, &path.operation_id, now)?;
            if operation.status.can_be_called_off() {
                operation.status = ImportStatus::Expired;
                store::set_status(tx, &operation.uuid, operation.status, now)?;
            }
            Ok(operation)
        })
        .await?;
    Ok(Json(operation))
}

/// The import of this id.
///
/// # Errors
/// 404 when the account has none.
pub(super) fn find(
    tx: &mut Transaction<'_>,
    account: &str,
    operation_id: &str,
    now: Timestamp,
) -> ApiResult<ImageImportOperation> {
    store::get(tx, account, operation_id, now)?
        .ok_or_else(|| ApiError::not_found(format!("import operation `{operation_id}` not found")))
}

/// The import of this id, as long as parts can be uploaded.
///
/// # Errors
/// 404 when the account has none, 409 when it has come to an end.
pub(super) fn find_open(
    tx: &mut Transaction<'_>,
    account: &str,
    operation_id: &str,
    now: Timestamp,
) -> ApiResult<ImageImportOperation> {
    let operation = find(tx, account, operation_id, now)?;
    if operation.status.is_active() {
        Ok(operation)
    } else {
        Err(not_in_state(
            operation.status,
            "nothing can be uploaded to an import that has come to an end",
        ))
    }
}

/// Ends imports that are out of time, and forgets those that ended long ago.
pub(crate) async fn expire(state: AppState) -> ApiResult<()> {
    let now = state.now();
    state
        .write(move |tx| {
            for uuid in store::overdue(tx, now)? {
                store::set_status(tx, &uuid, ImportStatus::Expired, now)?;
            }
            Ok(store::remove_ended(tx, now.plus_seconds(-REMEMBERED))?)
        })
        .await?;
    super::sources::expire(&state).await
}
