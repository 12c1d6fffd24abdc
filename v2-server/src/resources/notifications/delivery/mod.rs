//! Delivering: new events become deliveries, and deliveries that are due are sent.

mod select;
mod store;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::handlers::send;
use super::message::Message;
use super::sending::Outcome;
use super::types::Health;
use crate::http::{ApiError, ApiResult};
use crate::state::AppState;
use store::Due;

/// How often a delivery is tried.
pub(super) const MOST_ATTEMPTS: i64 = 8;

/// Seconds after the first failed attempt until the second. Doubles with every attempt.
const FIRST_PAUSE: i64 = 60;

/// Seconds after which an event is not worth telling any more.
pub(super) const WORTH: i64 = 86_400;

/// Seconds a configuration is a server's own, from one delivery to the next. Longer than a delivery may take.
const CLAIM: i64 = 60;

/// How many configurations are sent to at once.
const AT_ONCE: usize = 8;

/// How long a run begins new deliveries; what is left is for the next run.
const RUN: Duration = Duration::from_secs(20);

/// Compares new events with the selectors, and sends what is due.
///
/// # Errors
/// The database failed. A delivery that fails is no error: it is due again later.
pub(crate) async fn deliver(state: AppState) -> ApiResult<()> {
    let end = Instant::now() + RUN;
    while select::select(&state).await? {}
    forget(&state).await?;
    let now = state.now();
    let mut due = state.read(move |tx| Ok(store::due(tx, now)?)).await?;
    put_in_order(&mut due);
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut rounds = JoinSet::new();
    for (configuration, _) in due {
        let (state, permits) = (state.clone(), Arc::clone(&permits));
        rounds.spawn(async move {
            let _permit = permits.acquire_owned().await.map_err(ApiError::internal)?;
            if is_over(&state, end) {
                return Ok(());
            }
            round(&state, configuration, end).await
        });
    }
    while let Some(ended) = rounds.join_next().await {
        ended.map_err(ApiError::internal)??;
    }
    Ok(())
}

/// Whether nothing new is begun any more in this run.
fn is_over(state: &AppState, end: Instant) -> bool {
    Instant::now() >= end || state.is_stopping()
}

/// Those whose last delivery failed come last, so that those who hang do not take the time of others; beside that
/// everybody is first at some time.
fn put_in_order(due: &mut [(i64, Health)]) {
    due.shuffle(&mut rand::rng());
    due.sort_by_key(|(_, health)| *health == Health::Unhealthy);
}

/// Sends what is due for one configuration, in the order of the events, until something fails.
async fn round(state: &AppState, configuration: i64, end: Instant) -> ApiResult<()> {
    let (now, host_id) = (state.now(), state.host_id.clone());
    let claimed = state
        .write(move |tx| {
            Ok(store::claim(
                tx,
                configuration,
                now,
                now.plus_seconds(CLAIM),
                &host_id,
            )?)
        })
        .await?;
    let Some(mut claim) = claimed else {
        return Ok(());
    };
    while !is_over(state, end) {
        let now = state.now();
        let held = claim.clone();
        let next = state
            .write(move |tx| Ok(store::next(tx, &held, now, now.plus_seconds(CLAIM))?))
            .await?;
        let Some((renewed, due)) = next else {
            return Ok(());
        };
        claim = renewed;
        let Some(due) = due else { break };
        if !attempt(state, due).await? {
            break;
        }
    }
    state.write(move |tx| Ok(store::release(tx, &claim)?)).await
}

/// Makes one delivery, and notes how that went; tells whether it succeeded.
async fn attempt(state: &AppState, due: Due) -> ApiResult<bool> {
    let outcome = match Message::of_event(due.event.clone()) {
        Ok(message) => send(state, due.endpoint, &due.configuration, &message).await,
        Err(error) => Err(format!("the stored event cannot be read: {error}")),
    };
    let is_last = due.attempts + 1 >= MOST_ATTEMPTS;
    log(&due, &outcome, is_last);
    let is_sent = outcome.is_ok();
    let endpoint = due.endpoint.as_str();
    state.metrics.delivery(endpoint, is_sent, is_last);
    let again = if is_sent || is_last {
        None
    } else {
        Some(state.now().plus_seconds(pause(due.attempts)))
    };
    state
        .write(move |tx| Ok(store::note(tx, &due, &outcome, again)?))
        .await?;
    Ok(is_sent)
}

/// Seconds until the next attempt, after this many failed ones and one more.
fn pause(failed: i64) -> i64 {
    FIRST_PAUSE << failed.clamp(0, MOST_ATTEMPTS)
}

fn log(due: &Due, outcome: &Outcome, is_last: bool) {
    let (uuid, endpoint) = (&due.configuration.common.uuid, due.endpoint.as_str());
    match outcome {
        Ok(answered) => tracing::debug!("told {endpoint} configuration `{uuid}`: {answered}"),
        Err(reason) if is_last => tracing::warn!(
            "gave up telling {endpoint} configuration `{uuid}` of an event after {MOST_ATTEMPTS} attempts: {reason}"
        ),
        Err(reason) => {
            tracing::warn!("failed to tell {endpoint} configuration `{uuid}`: {reason}");
        }
    }
}

/// Gives up what has waited too long.
async fn forget(state: &AppState) -> ApiResult<()> {
    let before = state.now().plus_seconds(-WORTH);
    let forgotten = state
        .write(move |tx| Ok(store::forget(tx, before)?))
        .await?;
    if forgotten > 0 {
        tracing::warn!("gave up {forgotten} notifications that could not be sent for a day");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::notifications::sending::WHOLE;

    #[test]
    fn pauses_double_and_end_within_the_worth_of_an_event() {
        let pauses: Vec<i64> = (0..MOST_ATTEMPTS - 1).map(pause).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3840]);
        assert!(pauses.iter().sum::<i64>() < WORTH);
    }

    #[test]
    fn those_that_fail_come_last_and_nobody_always_first() {
        let mut firsts = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            let mut due = [
                (1, Health::Unhealthy),
                (2, Health::Healthy),
                (3, Health::Unknown),
                (4, Health::Unhealthy),
            ];
            put_in_order(&mut due);
            assert!(due[2].1 == Health::Unhealthy && due[3].1 == Health::Unhealthy);
            firsts.extend([due[0].0, due[2].0]);
        }
        assert_eq!(firsts.len(), 4);
    }

    #[test]
    fn a_claim_outlasts_a_delivery() {
        assert!(i64::try_from(WHOLE.as_secs()).unwrap() * 2 < CLAIM);
    }
}
