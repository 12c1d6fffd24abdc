//! `/images` and `/images/{image_digest}`: image records, from adding to removal.

pub(crate) mod add;
pub(crate) mod delete;
pub(super) mod handlers;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

use crate::http::{ApiError, ApiResult};
use crate::state::AppState;
use crate::store::Transaction;
use store::ImageState;
use types::AnalysisStatus;

/// 404: the account has no such image. Also for texts that are no digest: they name no image.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("image not found in DB")
}

/// An image whose analysis is done.
///
/// # Errors
/// 404 when there is no such image, or when it is not analysed. Clients poll on the latter.
pub(crate) fn find_analyzed(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> ApiResult<ImageState> {
    let image = store::state(tx, account, digest)?.ok_or_else(unknown)?;
    if image.analysis_status == AnalysisStatus::Analyzed {
        Ok(image)
    } else {
        Err(ApiError::not_found(format!(
            "image is not analyzed - analysis_status: {}",
            image.analysis_status.as_str()
        )))
    }
}

/// Removes the images that are about to be, one transaction each.
pub(crate) async fn remove_deleting(state: AppState) -> ApiResult<()> {
    while state
        .write(|tx| Ok(store::remove_one_deleting(tx)?))
        .await?
    {}
    Ok(())
}
