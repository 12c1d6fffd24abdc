//! `/system/feeds`: where vulnerability data comes from.
//!
//! The feeds the API names are there from the first start. Nothing reads them yet, so a synchronisation has no
//! results, and groups are only there where somebody has put them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store;
use super::types::FeedMetadata;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Json, Path, Query};
use crate::state::AppState;

/// What a synchronisation made of one feed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeedSyncResult {
    /// The feed.
    feed: String,
    /// Whether all of it was read.
    status: SyncStatus,
    /// How long it took.
    total_time_seconds: f64,
    /// Its groups.
    groups: Vec<GroupSyncResult>,
}

/// What a synchronisation made of one group of a feed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupSyncResult {
    /// The group.
    group: String,
    /// Whether it was read.
    status: SyncStatus,
    /// Images whose vulnerabilities were matched again.
    updated_image_count: i64,
    /// Records that were new or changed.
    updated_record_count: i64,
    /// How long it took.
    total_time_seconds: f64,
}

/// Whether something was read.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "results come with the one who reads feeds")]
pub(super) enum SyncStatus {
    /// It was.
    Success,
    /// It was not.
    Failure,
}

/// One feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct FeedPath {
    /// Name of the feed: `packages` or `vulnerabilities`.
    feed: String,
}

/// Whether to read a feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EnabledQuery {
    /// Read it with the next synchronisation.
    enabled: bool,
}

/// List the vulnerability feeds
#[utoipa::path(
    get, path = "/system/feeds", tag = "System",
    extensions(("x-anchore-authz-action" = json!("listFeeds"))),
    responses((status = 200, description = "The feeds with their groups", body = [FeedMetadata])),
)]
pub(super) async fn get_system_feeds(
    State(state): State<AppState>,
) -> ApiResult<Json<Vec<FeedMetadata>>> {
    Ok(Json(state.read(|tx| Ok(store::feeds(tx)?)).await?))
}

/// Read the feeds now
///
/// The answer comes when all enabled feeds are read. No source is configured, so there is nothing to read.
#[utoipa::path(
    post, path = "/system/feeds", tag = "System",
    extensions(("x-anchore-authz-action" = json!("updateFeeds"))),
    responses((status = 200, description = "What became of each feed", body = [FeedSyncResult])),
)]
pub(super) async fn post_system_feeds() -> Json<Vec<FeedSyncResult>> {
    Json(Vec::new())
}

/// Switch a feed on or off
#[utoipa::path(
    put, path = "/system/feeds/{feed}", tag = "System", params(FeedPath, EnabledQuery),
    extensions(("x-anchore-authz-action" = json!("updateFeeds"))),
    responses(
        (status = 200, description = "The feed", body = FeedMetadata),
        (status = 404, description = "There is no such feed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn toggle_feed_enabled(
    State(state): State<AppState>,
    Path(path): Path<FeedPath>,
    Query(query): Query<EnabledQuery>,
) -> ApiResult<Json<FeedMetadata>> {
    let now = state.now();
    let feed = state
        .write(move |tx| {
            store::set_enabled(tx, &path.feed, query.enabled, now)?;
            store::feed(tx, &path.feed)?.ok_or_else(|| unknown(&path.feed))
        })
        .await?;
    Ok(Json(feed))
}

/// Delete the data of a feed
///
/// The feed itself stays, switched off and empty.
#[utoipa::path(
    delete, path = "/system/feeds/{feed}", tag = "System", params(FeedPath),
    extensions(("x-anchore-authz-action" = json!("updateFeeds"))),
    responses(
        (status = 200, description = "Its data is gone"),
        (status = 404, description = "There is no such feed", body = ApiErrorResponse),
        (status = 409, description = "It is switched on", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_feed(
    State(state): State<AppState>,
    Path(path): Path<FeedPath>,
) -> ApiResult<()> {
    let now = state.now();
    state
        .write(move |tx| {
            let feed = store::feed(tx, &path.feed)?.ok_or_else(|| unknown(&path.feed))?;
            if feed.enabled {
                return Err(ApiError::conflict(
                    "Cannot delete an enabled feed. Disable the feed first",
                ));
            }
            Ok(store::empty(tx, &path.feed, now)?)
        })
        .await
}

fn unknown(feed: &str) -> ApiError {
    ApiError::not_found(format!("Resource {feed} not found"))
}
