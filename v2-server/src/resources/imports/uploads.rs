//! Uploading the parts of an import, and listing what was uploaded: one pair of operations each.

use axum::extract::{Request, State};
use sha2::{Digest, Sha256};

use super::handlers::{find, find_open};
use super::part::Part;
use super::shapes::{
    Document, ImageImportContentSearch, ImageImportFileContent, ImagePackageManifest,
};
use super::store;
use super::types::{ImageImportContentResponse, OperationPath};
use crate::hex::hex;
use crate::http::body::{content_type, read_up_to};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem};
use crate::state::AppState;

type Uploads = ApiResult<Json<Vec<ImageImportContentResponse>>>;
type Upload = ApiResult<Json<ImageImportContentResponse>>;

/// Lists the uploads of one part.
async fn list(state: AppState, caller: Caller, path: OperationPath, part: Part) -> Uploads {
    let account = caller.account();
    let now = state.now();
    let found = state
        .read(move |tx| {
            let operation = find(tx, &account, &path.operation_id, now)?;
            Ok(store::list_parts(tx, &operation.uuid, part)?)
        })
        .await?;
    Ok(Json(found))
}

/// Keeps an upload of one part, once it is known to be one.
async fn keep(
    state: AppState,
    caller: Caller,
    path: OperationPath,
    part: Part,
    request: Request,
) -> Upload {
    part.check_media_type(&content_type(request.headers()))?;
    let account = caller.account();
    let uuid = path.operation_id;
    let now = state.now();
    // Before anything is read: an upload can be large.
    let (of_account, of_import) = (account.clone(), uuid.clone());
    state
        .peek(move |tx| find_open(tx, &of_account, &of_import, now))
        .await?;
    let content = read_up_to(request, state.limits.upload_bytes, "max_upload_bytes").await?;
    if content.is_empty() {
        return Err(ApiError::bad_request("the upload is empty"));
    }
    let (content, digest) = tokio::task::spawn_blocking(move || {
        part.check_content(&content)?;
        let digest = hex(&Sha256::digest(&content));
        Ok::<_, Problem>((content, digest))
    })
    .await
    .map_err(ApiError::internal)??;
    let kept = state
        .write(move |tx| {
            let operation = find_open(tx, &account, &uuid, now)?;
            Ok(store::keep_part(
                tx,
                &operation.uuid,
                part,
                &digest,
                &content,
                now,
            )?)
        })
        .await?;
    Ok(Json(kept))
}

/// List uploads of packages
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/packages", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_packages(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::Packages).await
}

/// Upload the Syft SBOM
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/packages", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = ImagePackageManifest, content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_image_packages(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::Packages, request).await
}

/// List uploads of manifests
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/manifest", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_image_manifests(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::Manifest).await
}

/// Upload the image manifest
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/manifest", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content(
        (Document = "application/vnd.oci.image.manifest.v1+json"),
        (Document = "application/vnd.docker.distribution.manifest.v2+json"),
        (Document = "application/vnd.docker.distribution.manifest.v1+json"),
        (Document = "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    )),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_image_manifest(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::Manifest, request).await
}

/// List uploads of image configurations
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/image-config", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_image_configs(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::ImageConfig).await
}

/// Upload the image configuration
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/image-config", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = Document, content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_image_config(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::ImageConfig, request).await
}

/// List uploads of manifest lists
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/parent-manifest", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_parent_manifests(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::ParentManifest).await
}

/// Upload the manifest list
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/parent-manifest", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content(
        (Document = "application/vnd.docker.distribution.manifest.list.v2+json"),
        (Document = "application/vnd.oci.image.index.v1+json"),
    )),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_image_parent_manifest(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::ParentManifest, request).await
}

/// List uploads of Dockerfiles
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/dockerfile", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_dockerfiles(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::Dockerfile).await
}

/// Upload the Dockerfile
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/dockerfile", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = String, content_type = "text/plain; utf-8"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_image_dockerfile(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::Dockerfile, request).await
}

/// List uploads of matches of secret searches
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/secret-searches", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_secret_searches(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::SecretSearches).await
}

/// Upload matches of secret searches
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/secret-searches", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = [ImageImportContentSearch], content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_secret_searches(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::SecretSearches, request).await
}

/// List uploads of matches of content searches
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/content-searches", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_content_searches(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::ContentSearches).await
}

/// Upload matches of content searches
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/content-searches", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = [ImageImportContentSearch], content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_content_searches(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::ContentSearches, request).await
}

/// List uploads of retrieved files
#[utoipa::path(
    get, path = "/imports/images/{operation_id}/file-contents", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    responses((status = 200, description = "Uploads, oldest first", body = [ImageImportContentResponse])),
)]
pub(super) async fn list_import_file_contents(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
) -> Uploads {
    list(state, caller, path, Part::FileContents).await
}

/// Upload retrieved files
#[utoipa::path(
    post, path = "/imports/images/{operation_id}/file-contents", tag = "Imports", params(OperationPath),
    extensions(("x-anchore-authz-action" = json!("importImage"))),
    request_body(content = [ImageImportFileContent], content_type = "application/json"),
    responses(
        (status = 200, description = "Record of the upload", body = ImageImportContentResponse),
        (status = 409, description = "The import has come to an end", body = ApiErrorResponse),
    ),
)]
pub(super) async fn import_file_contents(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<OperationPath>,
    request: Request,
) -> Upload {
    keep(state, caller, path, Part::FileContents, request).await
}
