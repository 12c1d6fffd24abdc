//! The servers that share a database: each writes down that it is there, and looks after the others.
//!
//! ```text
//!           ┌─ stops ──▶ stopping ──▶ stopped ─┐
//! starts ▶ up                                  ├─ a day ─▶ removed
//!           └─ is not seen any more ─▶ down ─ an hour ─▶ orphaned ┘
//! ```
//!
//! Moments are those of each server's own clock, so the clocks of servers that share a database must
//! agree to within a few seconds. Any of them that is seen again is up again.

pub(crate) mod store;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::ApiResult;
use crate::resources::events::Origin;
use crate::state::AppState;
use crate::store::Error;
use store::{Registration, State};

/// How often a server writes down that it is there, and looks after the others.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Seconds without a heartbeat after which a server counts as down.
pub(super) const DOWN_AFTER: i64 = 60;
/// Seconds without a heartbeat after which a server counts as gone for good.
pub(super) const ORPHANED_AFTER: i64 = 3600;
/// Seconds without a heartbeat after which a server that does not run is forgotten.
pub(super) const REMOVED_AFTER: i64 = 86_400;

/// How long a server that stops tries to say so.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Writes down that this server is there, and takes up what the one of its name before it left, or,
/// with the database for itself, whichever server.
///
/// # Errors
/// The database failed.
pub(crate) async fn register(state: &AppState) -> Result<(), Error> {
    let registration = Registration::of(state);
    let host_id = state.host_id.clone();
    let is_alone = !state.store.is_shared();
    let other = state
        .store
        .write(move |tx| -> Result<_, Error> {
            let other = store::another_at_work(tx, &registration)?;
            store::register(tx, &registration)?;
            if is_alone {
                store::release_all_claims(tx)?;
            } else {
                store::release_claims(tx, &registration.host_id)?;
            }
            Ok(other)
        })
        .await?;
    if let Some(base_url) = other {
        tracing::warn!(
            "the server at {base_url} is called `{host_id}` too (setting `host_id`): give each \
             server of a database a name of its own, unless that one is gone"
        );
    }
    Ok(())
}

/// Writes down that this server is still there, and what has become of others.
///
/// # Errors
/// The database failed.
pub(crate) async fn beat(state: AppState) -> ApiResult<()> {
    if state.is_stopping() {
        return Ok(());
    }
    let registration = Registration::of(&state);
    let is_known = state
        .write(move |tx| Ok(store::beat(tx, &registration)?))
        .await?;
    if !is_known {
        // Others took it for dead, or somebody removed it.
        let registration = Registration::of(&state);
        state
            .write(move |tx| Ok(store::register(tx, &registration)?))
            .await?;
    }
    let now = state.now();
    if state
        .read(move |tx| Ok(store::are_overdue(tx, now)?))
        .await?
    {
        let origin = Origin::of(&state, "catalog");
        state
            .write(move |tx| Ok(store::look_after(tx, &origin)?))
            .await?;
    }
    Ok(())
}

/// Writes down that this server takes nothing new, or has ended. Others see it later by themselves,
/// so a database that does not answer holds nobody up.
pub(crate) async fn tell_end(state: &AppState, end: State) {
    let (host_id, now) = (state.host_id.clone(), state.now());
    let base_url = state.base_url.clone();
    let telling = state.write(move |tx| -> ApiResult<()> {
        Ok(store::set_state(tx, &host_id, &base_url, end, now)?)
    });
    match tokio::time::timeout(LAST_WORD, telling).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("failed to write down that the server ends: {error}"),
        Err(_) => tracing::warn!("the database took too long to write down that the server ends"),
    }
}
