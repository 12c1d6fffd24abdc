//! The end of an account: what it owns goes, then the account itself.

use super::store;
use crate::http::ApiResult;
use crate::state::AppState;

/// Removes the accounts that were deleted, one transaction each, so that other writers get their
/// turn in between. Until then their names stay taken.
pub(crate) async fn remove_deleted(state: AppState) -> ApiResult<()> {
    let names = state.read(|tx| Ok(store::deleting(tx)?)).await?;
    for name in names {
        let removed = name.clone();
        state.write(move |tx| Ok(store::remove(tx, &name)?)).await?;
        tracing::info!(account.name = removed, "removed account `{removed}`");
    }
    Ok(())
}
