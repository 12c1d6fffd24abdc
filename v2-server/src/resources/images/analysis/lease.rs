//! How long a worker has an image or a source for itself: a short time, which it renews while it
//! works. So others soon take up what a dead server has left, and nothing that takes long is done
//! twice. A server that starts again takes up its own at once.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::http::ApiResult;
use crate::params;
use crate::state::AppState;
use crate::store::{Result, ToValue, Transaction};
use crate::time::Timestamp;

/// Seconds after which another worker may try what is not renewed. The outcome must be stored
/// within: that is one transaction, which a renewal would get in the way of.
pub(crate) const CLAIM: i64 = 60;

/// How often a worker renews what it has.
const RENEW: Duration = Duration::from_secs(10);

/// A row of `images` or `sources` that a worker has for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease<K> {
    table: &'static str,
    row: K,
    until: Timestamp,
}

impl<K> Lease<K>
where
    K: ToValue + Copy + Send + 'static,
{
    /// What was written down for a row of `table`.
    pub(crate) fn new(table: &'static str, row: K, until: Timestamp) -> Self {
        Self { table, row, until }
    }

    /// The row.
    pub(crate) fn row(&self) -> K {
        self.row
    }

    /// Until when it is the worker's; also what tells this claim from others of the row.
    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    /// Does `work`, and renews the lease until it is done. A lease that was lost stays lost: whoever
    /// stores the outcome finds that out.
    pub(crate) async fn while_renewed<T>(
        &mut self,
        state: &AppState,
        work: impl Future<Output = T> + Unpin,
    ) -> T {
        self.while_renewed_every(RENEW, state, work).await
    }

    pub(super) async fn while_renewed_every<T>(
        &mut self,
        period: Duration,
        state: &AppState,
        mut work: impl Future<Output = T> + Unpin,
    ) -> T {
        let mut timer = tokio::time::interval_at(Instant::now() + period, period);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = timer.tick() => {}
            }
            if let Err(error) = self.renew(state).await {
                tracing::warn!("failed to renew the claim of an analysis: {error}");
            }
        }
    }

    /// Has the row for longer, if it still has it.
    pub(super) async fn renew(&mut self, state: &AppState) -> ApiResult<()> {
        let (table, row, held) = (self.table, self.row, self.until);
        let until = state.now().plus_seconds(CLAIM);
        let renewed = state
            .write(move |tx| Ok(renew(tx, table, &row, held, until)?))
            .await?;
        if renewed {
            self.until = until;
        }
        Ok(())
    }
}

fn renew(
    tx: &mut Transaction<'_>,
    table: &str,
    row: &impl ToValue,
    held: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let renewed = tx.execute(
        &format!(
            "UPDATE {table} SET claimed_until = $3
             WHERE id = $1 AND analysis_status = 'analyzing' AND claimed_until = $2"
        ),
        params![*row, held, until],
    )?;
    Ok(renewed == 1)
}
