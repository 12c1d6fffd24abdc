//! The operations on by-products of analyses.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::types::{FileMatches, RetrievedFile};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiResult, Caller, JsonText, Path};
use crate::resources::images::metadata::{Document, store};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::types::ImagePath;
use crate::state::AppState;

/// List retrieved files of an image
#[utoipa::path(
    get, path = "/images/{image_digest}/artifacts/retrieved-files", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "Files with their content", body = [RetrievedFile]),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn list_retrieved_files(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    stored(state, caller, path, Document::RetrievedFiles).await
}

/// List matches of content searches in an image
#[utoipa::path(
    get, path = "/images/{image_digest}/artifacts/file-content-search", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "Files with matches", body = [FileMatches]),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn list_file_content_search_results(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    stored(state, caller, path, Document::ContentSearches).await
}

/// List matches of secret searches in an image
#[utoipa::path(
    get, path = "/images/{image_digest}/artifacts/secret-search", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "Files with matches", body = [FileMatches]),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn list_secret_search_results(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    stored(state, caller, path, Document::SecretSearches).await
}

/// Answers a list that is stored in the form it is shown in.
async fn stored(
    state: AppState,
    caller: Caller,
    path: ImagePath,
    document: Document,
) -> ApiResult<Response> {
    let account = caller.account();
    let body = state
        .read(move |tx| {
            let image = find_analyzed(tx, &account, &path.image_digest)?;
            Ok(store::get(tx, image.key, document)?)
        })
        .await?
        .unwrap_or_else(|| b"[]".to_vec());
    Ok(JsonText(body).into_response())
}
