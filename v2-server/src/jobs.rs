//! What the server does by itself, again and again, until it stops.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::http::ApiResult;
use crate::resources::system::servers;
use crate::resources::{
    accounts, alerts, archives, events, images, imports, inventories, notifications, oauth,
    rbac_manager,
};
use crate::state::AppState;

/// One recurring task.
#[derive(Clone, Copy)]
struct Job {
    /// Its name in the log.
    name: &'static str,
    /// Time from one run to the next.
    every: Duration,
    run: fn(AppState) -> Run,
}

/// One run of a job.
type Run = Pin<Box<dyn Future<Output = ApiResult<()>> + Send>>;

/// All jobs with a fixed period: the contents page.
const JOBS: &[Job] = &[
    Job {
        name: "write down that this server runs, and look after others",
        every: servers::HEARTBEAT,
        run: |state| Box::pin(servers::beat(state)),
    },
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
    Job {
        name: "forget used SAML messages that are over",
        every: Duration::from_secs(3600),
        run: |state| Box::pin(rbac_manager::saml::forget_used(state)),
    },
    Job {
        name: "remove deleted images",
        every: Duration::from_secs(60),
        run: |state| Box::pin(images::record::remove_deleting(state)),
    },
    Job {
        name: "end imports that are out of time",
        every: Duration::from_secs(60),
        run: |state| Box::pin(imports::expire(state)),
    },
    Job {
        name: "forget inventories that are not reported any more",
        every: Duration::from_secs(3600),
        run: |state| Box::pin(inventories::forget_unseen(state)),
    },
    Job {
        name: "apply the archive rules",
        every: Duration::from_secs(43_200),
        run: |state| Box::pin(archives::apply_rules(state)),
    },
    Job {
        name: "forget old events",
        every: Duration::from_secs(43_200),
        run: |state| Box::pin(events::forget_old(state)),
    },
];

/// The jobs whose period is a setting.
fn adjustable(state: &AppState) -> [Job; 2] {
    [
        Job {
            name: "check watched tags for alerts",
            every: state.alerts_every,
            run: |state| Box::pin(alerts::watch(state)),
        },
        Job {
            name: "send notifications",
            every: state.notifications_every,
            run: |state| Box::pin(notifications::deliver(state)),
        },
    ]
}

/// Starts all jobs. Each ends when `stopped` says so, but never in the middle of a run.
pub(crate) fn start(state: &AppState, stopped: &watch::Receiver<()>) -> Vec<JoinHandle<()>> {
    let analysis = images::analysis::run(state.clone(), stopped.clone());
    JOBS.iter()
        .copied()
        .chain(adjustable(state))
        .map(|job| tokio::spawn(repeat(job, state.clone(), stopped.clone())))
        .chain([tokio::spawn(analysis)])
        .collect()
}

async fn repeat(job: Job, state: AppState, mut stopped: watch::Receiver<()>) {
    let mut timer = tokio::time::interval(job.every);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once; what is due at start-up can wait for the first period.
    timer.tick().await;
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = timer.tick() => {}
        }
        let began = Instant::now();
        let outcome = (job.run)(state.clone()).await;
        state.metrics.job(job.name, began, outcome.is_ok());
        if let Err(error) = outcome {
            tracing::error!(job.name = job.name, "failed to {}: {error}", job.name);
        }
    }
}
