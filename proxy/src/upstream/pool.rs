//! Connections to the upstream that wait for their next request.
//!
//! The one that was used last is taken first, so that those which are not needed grow old and
//! are closed. Nothing watches a waiting connection: whether the upstream has closed it is seen
//! when it is taken, and every [`TIDY_EVERY`] for those that nobody takes.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use pingora::protocols::Stream;
use pingora::upstreams::peer::HttpPeer;
use tokio::io::AsyncReadExt;
use tokio::task::unconstrained;

/// How often connections that nobody needs are looked for.
pub(super) const TIDY_EVERY: Duration = Duration::from_secs(1);

/// The waiting connections, the one used last at the end.
pub(super) struct Pool {
    waiting: Mutex<VecDeque<Waiting>>,
    /// How many may wait.
    most: usize,
    /// How long one may wait.
    longest: Duration,
}

struct Waiting {
    stream: Stream,
    peer: Arc<HttpPeer>,
    since: Instant,
}

impl Pool {
    /// An empty one.
    pub(super) fn new(most: usize, longest: Duration) -> Self {
        Self {
            waiting: Mutex::default(),
            most,
            longest,
        }
    }

    /// A connection to this peer that is still open, as far as can be seen.
    pub(super) fn take(&self, peer: &Arc<HttpPeer>) -> Option<Stream> {
        loop {
            let mut found = {
                let mut waiting = self.lock();
                let at = waiting.iter().rposition(|w| Arc::ptr_eq(&w.peer, peer))?;
                waiting.remove(at)?
            };
            if found.since.elapsed() < self.longest && is_quiet(&mut found.stream) {
                return Some(found.stream);
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn put(&self, mut stream: Stream, peer: Arc<HttpPeer>) {
        if self.most == 0 || !is_quiet(&mut stream) {
            return;
        }
        let mut waiting = self.lock();
        let oldest = if waiting.len() >= self.most {
            waiting.pop_front()
        } else {
            None
        };
        waiting.push_back(Waiting {
            stream,
            peer,
            since: Instant::now(),
        });
        drop(waiting);
        // Closed only now: others need not wait for that.
        drop(oldest);
    }

    /// Closes what has waited too long, and what the upstream has closed.
    pub(super) fn tidy(&self) {
        self.lock()
            .retain_mut(|w| w.since.elapsed() < self.longest && is_quiet(&mut w.stream));
    }

    /// A panic elsewhere leaves the queue whole: every change to it is one step.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nothing has arrived, not even the end: servers do not speak first.
fn is_quiet(stream: &mut Stream) -> bool {
    let mut byte = [0];
    // Budgets would make a closed connection look quiet.
    let read = pin!(unconstrained(stream.read(&mut byte)));
    read.poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}
