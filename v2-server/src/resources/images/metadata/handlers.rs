//! The operations on documents about images.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::types::{MetadataPath, MetadataResponse};
use super::{Document, store};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::types::ImagePath;
use crate::state::AppState;

/// List the kinds of metadata
///
/// The list does not depend on the image.
#[utoipa::path(
    get, path = "/images/{image_digest}/metadata", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses((status = 200, description = "Kinds of metadata", body = [String])),
)]
pub(in super::super) async fn list_image_metadata(
    Path(_path): Path<ImagePath>,
) -> Json<[&'static str; 3]> {
    Json(Document::METADATA.map(Document::as_str))
}

/// Get metadata of an image
#[utoipa::path(
    get, path = "/images/{image_digest}/metadata/{metadata_type}", tag = "Images", params(MetadataPath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The document", body = MetadataResponse),
        (status = 404, description = "No such image, kind or document, or the image is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_metadata_by_type(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<MetadataPath>,
) -> ApiResult<Json<MetadataResponse>> {
    let MetadataPath {
        image_digest,
        metadata_type,
    } = path;
    let document = Document::METADATA
        .into_iter()
        .find(|document| document.as_str() == metadata_type)
        .ok_or_else(|| {
            ApiError::not_found(format!("content type ({metadata_type}) not available"))
        })?;
    let account = caller.account();
    let digest = image_digest.clone();
    let body = state
        .read(move |tx| {
            let image = find_analyzed(tx, &account, &digest)?;
            Ok(store::get(tx, image.key, document)?)
        })
        .await?
        .ok_or_else(|| ApiError::not_found(format!("the image has no {metadata_type}")))?;
    Ok(Json(MetadataResponse {
        image_digest,
        metadata_type,
        metadata: STANDARD.encode(body),
    }))
}
