//! The operations on archived analyses.

use axum::extract::State;

use super::types::{
    AnalysisArchiveAddResult, ArchivedAnalysis, ArchivedImagePath, DeleteArchivedQuery,
};
use super::{moving, store};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem, Query};
use crate::resources::events::Origin;
use crate::state::AppState;

/// Most images one request may archive.
const MOST: usize = 100;

/// List archived analyses, newest first
#[utoipa::path(
    get, path = "/archives/images", tag = "Archives",
    extensions(("x-anchore-authz-action" = json!("listArchivedImageAnalysis"))),
    responses((status = 200, description = "Archived analyses of the account", body = [ArchivedAnalysis])),
)]
pub(in super::super) async fn list_analysis_archive(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<ArchivedAnalysis>>> {
    let account = caller.account();
    let found = state.read(move |tx| Ok(store::list(tx, &account)?)).await?;
    Ok(Json(found))
}

/// Archive analyses
///
/// The images stay where they are. An image that cannot be archived does not keep the others from it.
#[utoipa::path(
    post, path = "/archives/images", tag = "Archives",
    extensions(("x-anchore-authz-action" = json!("createArchivedImageAnalysis"))),
    request_body(content = [String], description = "Digests of analysed images, 1 to 100"),
    responses((status = 200, description = "What became of each image", body = [AnalysisArchiveAddResult])),
)]
pub(in super::super) async fn archive_image_analysis(
    State(state): State<AppState>,
    caller: Caller,
    Json(digests): Json<Vec<String>>,
) -> ApiResult<Json<Vec<AnalysisArchiveAddResult>>> {
    if digests.is_empty() || digests.len() > MOST {
        return Err(Problem::bad_request(format!(
            "Request body: expected 1 to {MOST} digests, got {}",
            digests.len()
        ))
        .into());
    }
    let account = caller.account();
    let origin = Origin::of(&state, "catalog");
    let mut results = Vec::with_capacity(digests.len());
    for digest in &digests {
        let reason = "Archived by API request";
        results.push(moving::archive(&state, &origin, &account, digest, reason).await?);
    }
    Ok(Json(results))
}

/// Get an archived analysis
#[utoipa::path(
    get, path = "/archives/images/{image_digest}", tag = "Archives", params(ArchivedImagePath),
    extensions(("x-anchore-authz-action" = json!("getArchivedImageAnalysis"))),
    responses(
        (status = 200, description = "The record of the analysis, not the analysis itself", body = ArchivedAnalysis),
        (status = 404, description = "It is not in the archive", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_archived_analysis(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ArchivedImagePath>,
) -> ApiResult<Json<ArchivedAnalysis>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::get(tx, &account, &path.image_digest)?))
        .await?
        .map(Json)
        .ok_or_else(unknown)
}

/// Delete an archived analysis
#[utoipa::path(
    delete, path = "/archives/images/{image_digest}", tag = "Archives",
    params(ArchivedImagePath, DeleteArchivedQuery),
    extensions(("x-anchore-authz-action" = json!("deleteArchivedImageAnalysis"))),
    responses(
        (status = 200, description = "It is gone from the archive"),
        (status = 404, description = "It is not in the archive", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn delete_archived_analysis(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ArchivedImagePath>,
    Query(_query): Query<DeleteArchivedQuery>,
) -> ApiResult<()> {
    let account = caller.account();
    let origin = Origin::of(&state, "catalog");
    let was_there = state
        .write(move |tx| {
            let reason = "Deleted by API request";
            moving::delete(tx, &origin, &account, &path.image_digest, reason)
        })
        .await?;
    if was_there { Ok(()) } else { Err(unknown()) }
}

fn unknown() -> ApiError {
    ApiError::not_found("Not found in archive")
}
