//! The operations on SBOMs of images.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::types::SbomDocument;
use crate::analysis::formats::{Format, Subject, SubjectKind};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, JsonText, Path};
use crate::resources::images::metadata::{Document, store};
use crate::resources::images::record::types::ImagePath;
use crate::resources::images::record::{self, find_analyzed};
use crate::state::AppState;

/// Get the SBOM of an image as it was uploaded
#[utoipa::path(
    get, path = "/images/{image_digest}/sboms/native-json", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The document of Syft", body = SbomDocument),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_sbom_native_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    let (sbom, _) = load(&state, caller.account(), path.image_digest).await?;
    Ok(JsonText(sbom).into_response())
}

/// Get the SBOM of an image in the form of SPDX 2.3
#[utoipa::path(
    get, path = "/images/{image_digest}/sboms/spdx-json", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "An SPDX document", body = SbomDocument),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_sbom_spdx_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    let (sbom, subject) = load(&state, caller.account(), path.image_digest).await?;
    converted(Format::Spdx, sbom, subject).await
}

/// Get the SBOM of an image in the form of CycloneDX 1.5
#[utoipa::path(
    get, path = "/images/{image_digest}/sboms/cyclonedx-json", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "A CycloneDX document", body = SbomDocument),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_sbom_cyclonedx_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    let (sbom, subject) = load(&state, caller.account(), path.image_digest).await?;
    converted(Format::CycloneDx, sbom, subject).await
}

/// The uploaded document, and what it is about.
async fn load(
    state: &AppState,
    account: String,
    image_digest: String,
) -> ApiResult<(Vec<u8>, Subject)> {
    state
        .read(move |tx| {
            let key = find_analyzed(tx, &account, &image_digest)?.key;
            let sbom = store::get(tx, key, Document::Sbom)?
                .ok_or_else(|| ApiError::internal("an analysed image has no SBOM"))?;
            let image =
                record::store::get(tx, &account, &image_digest)?.ok_or_else(record::unknown)?;
            let name = image.image_detail.first().map_or_else(
                || image_digest.clone(),
                |tag| format!("{}/{}", tag.registry, tag.repo),
            );
            let subject = Subject {
                kind: SubjectKind::Image,
                name,
                version: image_digest.clone(),
                made_at: image.analyzed_at.unwrap_or(image.last_updated),
            };
            Ok((sbom, subject))
        })
        .await
}

/// The document in another form. Large ones take a moment, so this happens beside the requests.
///
/// # Errors
/// 500 when the stored document cannot be read any more.
pub(crate) async fn converted(
    format: Format,
    sbom: Vec<u8>,
    subject: Subject,
) -> ApiResult<Response> {
    let text = tokio::task::spawn_blocking(move || format.convert(&sbom, &subject))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(JsonText(text).into_response())
}
