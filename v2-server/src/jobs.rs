//! What the server does by itself, again and again, until it stops.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::http::ApiResult;
use crate::resources::accounts;
use crate::resources::oauth;
use crate::state::AppState;

/// One recurring task.
struct Job {
    /// Its name in the log.
    name: &'static str,
    /// Time from one run to the next.
    every: Duration,
    run: fn(AppState) -> Pin<Box<dyn Future<Output = ApiResult<()>> + Send>>,
}

/// All jobs: the contents page.
const JOBS: &[Job] = &[
    Job {
        name: "remove deleted accounts",
        every: Duration::from_secs(30),
        run: |state| Box::pin(accounts::remove_deleted(state)),
    },
    Job {
        name: "forget refresh tokens that are over",
        every: Duration::from_secs(21_600),
        run: |state| Box::pin(oauth::forget_expired(state)),
    },
];

/// Starts all jobs. Each ends when `stopped` says so, but never in the middle of a run.
pub(crate) fn start(state: &AppState, stopped: &watch::Receiver<()>) -> Vec<JoinHandle<()>> {
    JOBS.iter()
        .map(|job| tokio::spawn(repeat(job, state.clone(), stopped.clone())))
        .collect()
}

async fn repeat(job: &'static Job, state: AppState, mut stopped: watch::Receiver<()>) {
    let mut timer = tokio::time::interval(job.every);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once; what is due at start-up can wait for the first period.
    timer.tick().await;
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = timer.tick() => {}
        }
        if let Err(error) = (job.run)(state.clone()).await {
            tracing::error!(job.name = job.name, "failed to {}: {error}", job.name);
        }
    }
}
