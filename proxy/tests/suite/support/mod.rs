//! What the tests share: an upstream that answers by script, a client that speaks raw HTTP, and
//! a proxy between them.

pub(crate) mod client;
pub(crate) mod mappings;
pub(crate) mod proxy;
pub(crate) mod upstream;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use client::{Answer, Client};
pub(crate) use proxy::TestProxy;
pub(crate) use upstream::{FakeUpstream, Received, Script};

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Something one side waits for until the other has seen what it wanted to see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signal(Arc<(Mutex<bool>, Condvar)>);

impl Signal {
    /// Lets everyone who waits go on.
    pub(crate) fn give(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    /// Waits for it.
    pub(crate) fn wait(&self) {
        let given = lock(&self.0.0);
        let (given, _) = self
            .0
            .1
            .wait_timeout_while(given, PATIENCE, |given| !*given)
            .unwrap();
        assert!(*given, "the signal never came");
    }
}

/// A test that failed elsewhere must not hide behind a poisoned lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a fact is true.
pub(crate) fn eventually(what: &str, mut fact: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + PATIENCE;
    while !fact() {
        assert!(std::time::Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}
