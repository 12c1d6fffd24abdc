//! The operations on imports of sources.

use axum::extract::{Request, State};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::store;
use super::types::{SourceImportContentResponse, SourceImportMetadata, SourceImportOperation};
use crate::analysis::syft;
use crate::hex::hex;
use crate::http::body::{content_type, parse, read_up_to};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem};
use crate::resources::imports::finalize::not_in_state;
use crate::resources::imports::handlers::{LIFETIME, REMEMBERED};
use crate::resources::imports::shapes::ImagePackageManifest;
use crate::resources::imports::types::{ImportStatus, OperationPath};
use crate::resources::sources;
use crate::resources::sources::store::NewSource;
use crate::resources::sources::types::{SourceManifest, SourceMetadataRecord};
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// List imports of sources
#[utoipa::path(
    get, path = "/imports/sources", tag = "Imports",
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    responses((status = 200, description = "Imports, oldest first", body = [SourceImportOperation])),
)]
pub(super) async fn list_sources_operations(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<SourceImportOperation>>> {
    let account = caller.account();
    let now = state.now();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, now)?))
        .await?;
    Ok(Json(found))
}

/// Begin an import of a source
#[utoipa::path(
    post, path = "/imports/sources", tag = "Imports",
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    responses((status = 200, description = "The new import", body = SourceImportOperation)),
)]
pub(super) async fn create_sources_operation(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<SourceImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let operation = SourceImportOperation {
        uuid: state.uuid().to_string(),
        status: ImportStatus::Pending,
        expires_at: now.plus_seconds(LIFETIME),
        created_at: now,
        last_updated: now,
    };
    let begun = operation.clone();
    state
        .write(move |tx| Ok(store::insert(tx, &account, &operation)?))
        .await?;
    Ok(Json(begun))
}

/// Get an import of a source
#[utoipa::path(
    get, path = "/imports/sources/{operation_id}", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    responses((status = 200, description = "The import", body = SourceImportOperation)),
)]
pub(super) async fn get_sources_operation(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> ApiResult<Json<SourceImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let found = state
        .peek(move |tx| find(tx, &account, &path.operation_id, now))
        .await?;
    Ok(Json(found))
}

/// Call off an import of a source
///
/// An import from which a source was made already goes on.
#[utoipa::path(
    delete, path = "/imports/sources/{operation_id}", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    responses((status = 200, description = "The import as it is now", body = SourceImportOperation)),
)]
pub(super) async fn invalidate_sources_operation(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> ApiResult<Json<SourceImportOperation>> {
    let account = caller.account();
    let now = state.now();
    let operation = state
        .write(move |tx| {
            let mut operation = find(tx, &account, &path.operation_id, now)?;
            if operation.status.can_be_called_off() {
                operation.status = ImportStatus::Expired;
                operation.last_updated = now;
                store::set_status(tx, &operation.uuid, operation.status, now)?;
            }
            Ok(operation)
        })
        .await?;
    Ok(Json(operation))
}

/// Make a source of an import
///
/// The source waits for its analysis then. A revision that was imported before keeps its id and gets the new SBOM.
#[utoipa::path(
    post, path = "/imports/sources/{operation_id}/finalize", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    request_body = SourceImportMetadata,
    responses(
        (status = 200, description = "The source", body = SourceManifest),
        (status = 409, description = "The import is not pending", body = ApiErrorResponse),
    ),
)]
pub(super) async fn finalize_operation(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    Json(metadata): Json<SourceImportMetadata>,
) -> ApiResult<Json<SourceManifest>> {
    for (name, text) in [
        ("host", &metadata.host),
        ("repository_name", &metadata.repository_name),
        ("revision", &metadata.revision),
    ] {
        if text.trim().is_empty() {
            return Err(ApiError::bad_request(format!("`{name}` must not be empty")));
        }
    }
    let account = caller.account();
    let now = state.now();
    let (uuid, metadata_uuid) = (state.uuid().to_string(), state.uuid().to_string());
    let source = state
        .write(move |tx| {
            let operation = find(tx, &account, &path.operation_id, now)?;
            if operation.status != ImportStatus::Pending {
                return Err(not_in_state(
                    operation.status,
                    "a source can only be made of a pending import",
                ));
            }
            let digest = &metadata.contents.sbom;
            if !store::choose(tx, &operation.uuid, digest)? {
                return Err(ApiError::bad_request(
                    "One or more referenced content digests not found for the operation id",
                )
                .with_detail("digest", json!(digest)));
            }
            let new = NewSource {
                account: &account,
                uuid: &uuid,
                host: &metadata.host,
                repository_name: &metadata.repository_name,
                revision: &metadata.revision,
                import_uuid: &operation.uuid,
                metadata: SourceMetadataRecord {
                    uuid: metadata_uuid.clone(),
                    ci_workflow_name: metadata.ci_workflow_name.clone(),
                    ci_workflow_execution_time: metadata.ci_workflow_execution_time,
                    branch_name: metadata.branch_name.clone(),
                    change_author: metadata.change_author.clone(),
                },
            };
            let uuid = sources::store::add(tx, &new, now)?;
            store::set_status(tx, &operation.uuid, ImportStatus::Processing, now)?;
            sources::store::manifest(tx, &account, &uuid)?.ok_or_else(sources::unknown)
        })
        .await?;
    state.analysis_wanted.notify_one();
    Ok(Json(source))
}

/// Get the last upload of the SBOM of a source
#[utoipa::path(
    get, path = "/imports/sources/{operation_id}/sbom", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    responses(
        (status = 200, description = "Record of the upload", body = SourceImportContentResponse),
        (status = 404, description = "No such import, or nothing was uploaded", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_import_sources_sbom(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> ApiResult<Json<SourceImportContentResponse>> {
    let account = caller.account();
    let now = state.now();
    state
        .read(move |tx| {
            let operation = find(tx, &account, &path.operation_id, now)?;
            Ok(store::last_sbom(tx, &operation.uuid)?)
        })
        .await?
        .map(Json)
        .ok_or_else(|| ApiError::not_found("nothing was uploaded to the import"))
}

/// Upload the SBOM of a source
#[utoipa::path(
    post, path = "/imports/sources/{operation_id}/sbom", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importSource"))),
    request_body(content = ImagePackageManifest, content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = SourceImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn upload_import_sources_sbom(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> ApiResult<Json<SourceImportContentResponse>> {
    let kind = content_type(request.headers());
    if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json"))
    {
        return Err(Problem::wrong_content_type(&kind, "JSON data").into());
    }
    let account = caller.account();
    let uuid = path.operation_id;
    let now = state.now();
    // Before anything is read: an upload can be large.
    let (of_account, of_import) = (account.clone(), uuid.clone());
    state
        .peek(move |tx| find_open(tx, &of_account, &of_import, now))
        .await?;
    let content = read_up_to(request, state.limits.upload_bytes, "max_upload_bytes").await?;
    let (content, digest) = tokio::task::spawn_blocking(move || {
        parse::<syft::Document<'_>>(&content)?;
        let digest = hex(&Sha256::digest(&content));
        Ok::<_, Problem>((content, digest))
    })
    .await
    .map_err(ApiError::internal)??;
    let kept = state
        .write(move |tx| {
            let operation = find_open(tx, &account, &uuid, now)?;
            Ok(store::keep_sbom(
                tx,
                &operation.uuid,
                &digest,
                &content,
                now,
            )?)
        })
        .await?;
    Ok(Json(kept))
}

/// The import of this id.
///
/// # Errors
/// 404 when the account has none.
fn find(
    tx: &mut Transaction<'_>,
    account: &str,
    operation_id: &str,
    now: Timestamp,
) -> ApiResult<SourceImportOperation> {
    store::get(tx, account, operation_id, now)?
        .ok_or_else(|| ApiError::not_found(format!("import operation `{operation_id}` not found")))
}

/// The import of this id, as long as something can be uploaded.
fn find_open(
    tx: &mut Transaction<'_>,
    account: &str,
    operation_id: &str,
    now: Timestamp,
) -> ApiResult<SourceImportOperation> {
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
pub(in super::super) async fn expire(state: &AppState) -> ApiResult<()> {
    let now = state.now();
    state
        .write(move |tx| {
            for uuid in store::overdue(tx, now)? {
                store::set_status(tx, &uuid, ImportStatus::Expired, now)?;
            }
            Ok(store::remove_ended(tx, now.plus_seconds(-REMEMBERED))?)
        })
        .await
}
