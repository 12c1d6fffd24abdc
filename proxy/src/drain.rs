//! Counts the requests under way, so that a stop can wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How many requests are under way, and whether the proxy is stopping. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    under_way: AtomicUsize,
    stopping: AtomicBool,
    idle: Notify,
}

/// One request under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Gate);

impl Gate {
    /// Counts one more request.
    pub(crate) fn enter(&self) -> InFlight {
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
        InFlight(self.clone())
    }

    /// From now on connections are closed after the answer they wait for.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// Whether the proxy is stopping.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// How many requests are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::Acquire)
    }

    /// Waits until no request is under way, but not longer than this. Returns how many still
    /// are.
    pub(crate) async fn drained(&self, longest: Duration) -> usize {
        let idle = async {
            loop {
                let woken = self.0.idle.notified();
                if self.under_way() == 0 {
                    return;
                }
                woken.await;
            }
        };
        let _ = tokio::time::timeout(longest, idle).await;
        self.under_way()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.0.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_waits_for_the_last_request() {
        let gate = Gate::default();
        let first = gate.enter();
        let second = gate.enter();
        assert_eq!(gate.drained(Duration::from_millis(1)).await, 2);
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.drained(Duration::from_secs(60)).await }
        });
        drop(first);
        drop(second);
        assert_eq!(waiting.await.unwrap(), 0);
    }
}
