//! The operations on image records.

use axum::extract::State;
use axum::response::Response;

use super::add::{self, NewImage};
use super::store::{self, Filter, ImageKey};
use super::types::{
    AddImageQuery, AnalysisArchiveSource, AnchoreImage, AnchoreImageList, DeleteImageQuery,
    DeleteImageResponse, DeleteImagesQuery, ImageAnalysisRequest, ImageImportManifest, ImagePath,
    ImageSource, ImageStatus, ImageStatusFilter, ImagesQuery,
};
use super::{delete, source};
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem, Query};
use crate::resources::archives::images as archives;
use crate::resources::events::Origin;
use crate::resources::images::evaluation::Annotations;
use crate::resources::images::reference::Digest;
use crate::resources::imports::finalize::{self, Wanted};
use crate::state::AppState;
use crate::store::Transaction;

/// Images read at a time.
const BATCH: i64 = 200;

/// List images, newest first
///
/// A tag nobody has seen is 404, an image id nobody has seen an empty list.
#[utoipa::path(
    get, path = "/images", tag = "Images", params(ImagesQuery),
    extensions(("x-anchore-authz-action" = json!("listImages"))),
    responses(
        (status = 200, description = "Images", body = AnchoreImageList),
        (status = 404, description = "No image was seen under the tag", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn list_images(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ImagesQuery>,
) -> ApiResult<Response> {
    let filter = Filter {
        digest: None,
        image_id: query.image_id,
        full_tag: query.full_tag,
        history: query.history.unwrap_or(false),
        image_status: query
            .image_status
            .map_or(Some(ImageStatus::Active), ImageStatusFilter::only),
        analysis_status: query.analysis_status,
    };
    let must_exist = filter.full_tag.is_some();
    let mut images = Images {
        state,
        account: caller.account(),
        filter,
        read_ahead: None,
        last: None,
        is_done: false,
    };
    images.read_ahead = images.next().await?;
    if must_exist && images.read_ahead.is_none() {
        return Err(ApiError::not_found("image data not found in DB"));
    }
    stream::list("{\"items\":", images, "}").await
}

/// Add an image
///
/// What is there already stays as it is, unless `force` is set or its analysis failed. The answer
/// comes before the analysis.
#[utoipa::path(
    post, path = "/images", tag = "Images", params(AddImageQuery),
    extensions(("x-anchore-authz-action" = json!("createImage"))),
    request_body = ImageAnalysisRequest,
    responses(
        (status = 200, description = "The image", body = AnchoreImage),
        (status = 400, description = "The image cannot be had from its source", body = ApiErrorResponse),
        (status = 404, description = "There is no such import, or no such image in the archive", body = ApiErrorResponse),
        (status = 409, description = "The import is not pending, or the archived image is here already", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn add_image(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<AddImageQuery>,
    Json(request): Json<ImageAnalysisRequest>,
) -> ApiResult<Json<AnchoreImage>> {
    let adding = Adding {
        origin: Origin::of(&state, "catalog"),
        account: caller.account(),
        image_type: request.image_type,
        annotations: request.annotations.unwrap_or_default(),
        force: query.force.unwrap_or(false),
        auto_subscribe: query.auto_subscribe.unwrap_or(false),
    };
    let image = match request.source {
        Some(ImageSource {
            tag: Some(tag),
            digest: None,
            archive: None,
            import: None,
        }) => {
            let found = adding.look_up(&state).tag(tag).await?;
            adding.add_from_registry(&state, found).await?
        }
        Some(ImageSource {
            tag: None,
            digest: Some(digest),
            archive: None,
            import: None,
        }) => {
            let found = adding.look_up(&state).digest(digest).await?;
            adding.add_from_registry(&state, found).await?
        }
        Some(ImageSource {
            tag: None,
            digest: None,
            archive: Some(archive),
            import: None,
        }) => adding.restore_from_archive(&state, archive).await?,
        Some(ImageSource {
            tag: None,
            digest: None,
            archive: None,
            import: Some(import),
        }) => adding.add_from_import(&state, import).await?,
        _ => {
            return Err(ApiError::bad_request(
                "`source` must have exactly one of `tag`, `digest`, `archive` and `import`",
            ));
        }
    };
    state.analysis_wanted.notify_one();
    Ok(Json(image))
}

/// Delete images
#[utoipa::path(
    delete, path = "/images", tag = "Images", params(DeleteImagesQuery),
    extensions(("x-anchore-authz-action" = json!("deleteImage"))),
    responses((status = 200, description = "What became of each image", body = [DeleteImageResponse])),
)]
pub(in super::super) async fn delete_images_async(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<DeleteImagesQuery>,
) -> ApiResult<Json<Vec<DeleteImageResponse>>> {
    if query.image_digests.is_empty() {
        return Err(Problem::bad_request(
            "query parameter `image_digests`: expected at least one digest, got none",
        )
        .into());
    }
    let account = caller.account();
    let now = state.now();
    let force = query.force.unwrap_or(false);
    let answers = state
        .write(move |tx| {
            let digests = query.image_digests.iter();
            Ok(digests
                .map(|digest| delete::delete(tx, &account, digest, force, now))
                .collect::<Result<_, _>>()?)
        })
        .await?;
    Ok(Json(answers))
}

/// Get an image
#[utoipa::path(
    get, path = "/images/{image_digest}", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The image", body = AnchoreImage),
        (status = 404, description = "The account has no such image", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
) -> ApiResult<Json<AnchoreImage>> {
    let account = caller.account();
    let image = state
        .peek(move |tx| get(tx, &account, &path.image_digest))
        .await?;
    Ok(Json(image))
}

/// Delete an image
///
/// The answer is 200 also when the image stays: `status` says what became of it.
#[utoipa::path(
    delete, path = "/images/{image_digest}", tag = "Images", params(ImagePath, DeleteImageQuery),
    extensions(("x-anchore-authz-action" = json!("deleteImage"))),
    responses((status = 200, description = "What became of the image", body = DeleteImageResponse)),
)]
pub(in super::super) async fn delete_image(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ImagePath>,
    Query(query): Query<DeleteImageQuery>,
) -> ApiResult<Json<DeleteImageResponse>> {
    let account = caller.account();
    let now = state.now();
    let force = query.force.unwrap_or(false);
    let answer = state
        .write(move |tx| {
            Ok(delete::delete(
                tx,
                &account,
                &path.image_digest,
                force,
                now,
            )?)
        })
        .await?;
    Ok(Json(answer))
}

fn get(tx: &mut Transaction<'_>, account: &str, digest: &str) -> ApiResult<AnchoreImage> {
    store::get(tx, account, digest)?.ok_or_else(super::unknown)
}

/// What a request says besides where the image comes from.
struct Adding {
    origin: Origin,
    account: String,
    image_type: Option<String>,
    annotations: Annotations,
    force: bool,
    auto_subscribe: bool,
}

impl Adding {
    fn look_up<'a>(&'a self, state: &'a AppState) -> source::LookUp<'a> {
        source::LookUp {
            state,
            account: &self.account,
            origin: &self.origin,
        }
    }

    async fn add_from_registry(
        self,
        state: &AppState,
        found: source::Found,
    ) -> ApiResult<AnchoreImage> {
        state
            .write(move |tx| {
                let digest = found.image.digest.as_str();
                let must_exist = found.is_pinned && self.force;
                if must_exist && store::state(tx, &self.account, digest)?.is_none() {
                    return Err(ApiError::bad_request(
                        "an image named by its digest must be there already for `force=true`",
                    ));
                }
                let new = NewImage {
                    account: &self.account,
                    digest,
                    parent_digest: &found.image.parent_digest,
                    image_id: &found.image.image_id,
                    image_type: self.image_type.as_deref(),
                    tags: std::slice::from_ref(&found.tag),
                    dockerfile: found.dockerfile.as_deref(),
                    annotations: self.annotations.clone(),
                    import_uuid: None,
                    created_at: found.created_at,
                    force: self.force,
                    auto_subscribe: self.auto_subscribe,
                };
                add::add(tx, &new, &self.origin)?;
                get(tx, &self.account, digest)
            })
            .await
    }

    async fn add_from_import(
        self,
        state: &AppState,
        manifest: ImageImportManifest,
    ) -> ApiResult<AnchoreImage> {
        state
            .write(move |tx| {
                let wanted = Wanted {
                    account: &self.account,
                    image_type: self.image_type.as_deref(),
                    annotations: self.annotations.clone(),
                    force: self.force,
                    auto_subscribe: self.auto_subscribe,
                };
                finalize::finalize(tx, &manifest, wanted, &self.origin)?;
                get(tx, &self.account, &manifest.digest)
            })
            .await
    }

    async fn restore_from_archive(
        self,
        state: &AppState,
        archive: AnalysisArchiveSource,
    ) -> ApiResult<AnchoreImage> {
        let Some(digest) = Digest::parse(&archive.digest) else {
            return Err(Problem::bad_request(format!(
                "Request body, `source.archive.digest`: expected `sha256:` and 64 hexadecimal digits, got `{}`",
                archive.digest
            ))
            .into());
        };
        let (account, digest) = (self.account, digest.as_str().to_owned());
        archives::restore(state, &self.origin, &account, &digest, self.annotations).await?;
        state.peek(move |tx| get(tx, &account, &digest)).await
    }
}

/// Image records, a batch at a time.
struct Images {
    state: AppState,
    account: String,
    filter: Filter,
    read_ahead: Option<String>,
    last: Option<ImageKey>,
    is_done: bool,
}

impl Pieces for Images {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        if let Some(piece) = self.read_ahead.take() {
            return Ok(Some(piece));
        }
        if self.is_done {
            return Ok(None);
        }
        let (account, filter, last) = (self.account.clone(), self.filter.clone(), self.last);
        let (piece, count, last) = self
            .state
            .read(move |tx| {
                let images = store::list(tx, &account, &filter, last, BATCH)?;
                let last = images.last().map(|(key, _)| *key);
                let rows: Vec<String> = images
                    .iter()
                    .map(|(_, image)| serde_json::to_string(image))
                    .collect::<Result<_, _>>()
                    .map_err(ApiError::internal)?;
                Ok((rows.join(","), rows.len(), last))
            })
            .await?;
        self.is_done = i64::try_from(count).is_ok_and(|count| count < BATCH);
        self.last = last;
        Ok(Some(piece).filter(|_| count > 0))
    }
}
