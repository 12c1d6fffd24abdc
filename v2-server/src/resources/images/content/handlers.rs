//! The operations on content listings.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::store::{self, Listing};
use super::types::{
    ContentFilesResponse, ContentJAVAPackageResponse, ContentMalwareResponse,
    ContentPackageResponse,
};
use crate::analysis::ecosystem::{CONTENT_TYPES, FILES, JAVA, MALWARE};
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::resources::corrections::Corrections;
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::types::ImagePath;
use crate::state::AppState;

/// One content listing of an image.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in super::super) struct ContentPath {
    /// `sha256:…` of the image manifest.
    #[param(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    image_digest: String,
    /// One of the listed types.
    content_type: String,
}

/// List the types of content
///
/// The list does not depend on the image.
#[utoipa::path(
    get, path = "/images/{image_digest}/content", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses((status = 200, description = "Types of content", body = [String])),
)]
pub(in super::super) async fn list_image_content(
    Path(_path): Path<ImagePath>,
) -> Json<&'static [&'static str]> {
    Json(&CONTENT_TYPES)
}

/// List the files of an image
#[utoipa::path(
    get, path = "/images/{image_digest}/content/files", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The files, as far as the SBOM lists them", body = ContentFilesResponse),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_content_by_type_files(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    listing(state, caller, path.image_digest, FILES).await
}

/// List the Java archives of an image
#[utoipa::path(
    get, path = "/images/{image_digest}/content/java", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The archives", body = ContentJAVAPackageResponse),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_content_by_type_java_package(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    listing(state, caller, path.image_digest, JAVA).await
}

/// List the results of malware scanners for an image
#[utoipa::path(
    get, path = "/images/{image_digest}/content/malware", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "One entry for each scanner that ran", body = ContentMalwareResponse),
        (status = 404, description = "No such image, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_content_by_type_malware(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Response> {
    listing(state, caller, path.image_digest, MALWARE).await
}

/// List the packages of one type in an image
#[utoipa::path(
    get, path = "/images/{image_digest}/content/{content_type}", tag = "Images", params(ContentPath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The packages", body = ContentPackageResponse),
        (status = 404, description = "No such image or type, or the image is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_content_by_type(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ContentPath>,
) -> ApiResult<Response> {
    let content_type = CONTENT_TYPES
        .into_iter()
        .find(|known| *known == path.content_type)
        .ok_or_else(|| {
            ApiError::not_found(format!(
                "content type ({}) not available",
                path.content_type
            ))
        })?;
    listing(state, caller, path.image_digest, content_type).await
}

async fn listing(
    state: AppState,
    caller: Caller,
    image_digest: String,
    content_type: &'static str,
) -> ApiResult<Response> {
    let account = caller.account();
    let digest = image_digest.clone();
    let (listing, corrections) = state
        .read(move |tx| {
            let image = find_analyzed(tx, &account, &digest)?;
            let listing = Listing {
                image: image.key,
                analysis: image.analysis,
                pieces: store::pieces(tx, image.key, content_type)?,
            };
            Ok((listing, Corrections::load(tx, &account, content_type)?))
        })
        .await?;
    let head = format!(
        "{{\"image_digest\":\"{image_digest}\",\"content_type\":\"{content_type}\",\"content\":"
    );
    let pieces = Stored {
        state,
        listing,
        corrections,
        content_type,
        next: 0,
    };
    stream::list(&head, pieces, "}").await
}

/// A stored listing, piece by piece.
struct Stored {
    state: AppState,
    listing: Listing,
    corrections: Corrections,
    content_type: &'static str,
    next: i64,
}

impl Pieces for Stored {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        if self.next == self.listing.pieces {
            return Ok(None);
        }
        let (listing, content_type, number) = (self.listing, self.content_type, self.next);
        self.next += 1;
        let rows = self
            .state
            .read(move |tx| Ok(store::piece(tx, listing, content_type, number)?))
            .await?
            .ok_or_else(|| ApiError::internal("the listing was replaced while it was read"))?;
        let rows = self.corrections.apply_to_rows(rows);
        rows.map(Some).map_err(ApiError::internal)
    }
}
