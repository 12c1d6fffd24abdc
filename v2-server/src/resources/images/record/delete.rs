//! Deleting images: which may go, and which stay.

use super::store;
use super::types::{AnalysisStatus, DeleteImageResponse, DeleteStatus, ImageStatus};
use crate::resources::subscriptions::store as subscriptions;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// Marks an image for removal, if the rules allow it.
///
/// An image that is being analysed stays, and so does one that a watched tag points at, unless
/// `force` says otherwise; nobody watches such tags any more then. The image itself is removed by
/// [`remove_deleting`](super::remove_deleting) some time later.
pub(crate) fn delete(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
    force: bool,
    now: Timestamp,
) -> Result<DeleteImageResponse> {
    let answer = |status, detail: Option<&str>| DeleteImageResponse {
        image_digest: digest.to_owned(),
        status,
        detail: detail.map(str::to_owned),
    };
    let Some(state) = store::state(tx, account, digest)? else {
        return Ok(answer(
            DeleteStatus::NotFound,
            Some("No image found with the digest"),
        ));
    };
    if state.image_status == ImageStatus::Deleting {
        return Ok(answer(DeleteStatus::Deleting, None));
    }
    if state.analysis_status == AnalysisStatus::Analyzing && !force {
        return Ok(answer(
            DeleteStatus::DeleteFailed,
            Some("cannot delete image that is being analyzed"),
        ));
    }
    let mut watched = Vec::new();
    for full_tag in store::full_tags(tx, state.key)? {
        if store::current_of_tag(tx, account, &full_tag)? == Some(state.key)
            && subscriptions::is_watched(tx, account, &full_tag)?
        {
            watched.push(full_tag);
        }
    }
    if !watched.is_empty() && !force {
        return Ok(answer(
            DeleteStatus::DeleteFailed,
            Some("cannot delete image that is the latest of its tags, and has active subscription"),
        ));
    }
    for full_tag in watched {
        subscriptions::deactivate(tx, account, &full_tag, now)?;
    }
    store::set_deleting(tx, state.key, now)?;
    Ok(answer(DeleteStatus::Deleting, None))
}
