//! The operation on the archives as a whole.

use axum::extract::State;

use super::types::ArchiveSummary;
use super::{images, rules};
use crate::http::{ApiResult, Caller, Json};
use crate::state::AppState;

/// Summarise the archives
#[utoipa::path(
    get, path = "/archives", tag = "Archives",
    extensions(("x-anchore-authz-action" = json!("listArchives"))),
    responses((status = 200, description = "How much is archived, and by how many rules", body = ArchiveSummary)),
)]
pub(super) async fn list_archives(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<ArchiveSummary>> {
    let account = caller.account();
    let summary = state
        .read(move |tx| {
            Ok(ArchiveSummary {
                images: images::store::summary(tx, &account)?,
                rules: rules::store::summary(tx, &account)?,
            })
        })
        .await?;
    Ok(Json(summary))
}
