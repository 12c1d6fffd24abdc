//! The operations on summaries.

use axum::extract::State;
use axum::response::Response;

use super::types::{AnchoreImageTagSummary, AnchoreImageTagSummaryList, ImageTagsQuery};
use crate::http::stream::{self, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Query};
use crate::resources::images::record::store::{self, TagPosition};
use crate::resources::images::record::types::{ImageStatus, ImageStatusFilter};
use crate::state::AppState;

/// Rows read at a time.
const BATCH: i64 = 1000;

/// List the tags of all images
#[utoipa::path(
    get, path = "/summaries/image-tags", tag = "Summaries", params(ImageTagsQuery),
    extensions(("x-anchore-authz-action" = json!("listImages"))),
    responses((status = 200, description = "Tags with their images", body = AnchoreImageTagSummaryList)),
)]
pub(super) async fn list_image_tags(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ImageTagsQuery>,
) -> ApiResult<Response> {
    let tags = Tags {
        state,
        account: caller.account(),
        image_status: only(&query.image_status),
        last: None,
        is_done: false,
    };
    stream::list("{\"items\":", tags, "}").await
}

/// The one status that passes, unless all do. There are two, so two different words mean all.
fn only(wanted: &[ImageStatusFilter]) -> Option<ImageStatus> {
    match wanted {
        [] => Some(ImageStatus::Active),
        [first, rest @ ..] if rest.iter().all(|word| word == first) => first.only(),
        _ => None,
    }
}

/// Tags, a batch at a time.
struct Tags {
    state: AppState,
    account: String,
    image_status: Option<ImageStatus>,
    last: Option<TagPosition>,
    is_done: bool,
}

impl Pieces for Tags {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        if self.is_done {
            return Ok(None);
        }
        let (account, status) = (self.account.clone(), self.image_status);
        let last = self.last.take();
        let rows = self
            .state
            .read(move |tx| Ok(store::tags(tx, &account, status, last.as_ref(), BATCH)?))
            .await?;
        self.is_done = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
        self.last = rows.last().map(|(position, _)| position.clone());
        let rows: Vec<String> = rows
            .into_iter()
            .map(|(_, row)| serde_json::to_string(&AnchoreImageTagSummary::from(row)))
            .collect::<Result<_, _>>()
            .map_err(ApiError::internal)?;
        Ok(Some(rows.join(",")).filter(|piece| !piece.is_empty()))
    }
}
