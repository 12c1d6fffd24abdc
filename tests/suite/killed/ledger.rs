//! What servers have acknowledged, and so must keep.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::writers::Caller;

/// All promises so far, each by the path of what it is about.
#[derive(Debug)]
pub(super) struct Ledger {
    promises: Mutex<BTreeMap<String, Promise>>,
    acknowledged: watch::Sender<usize>,
}

/// What has to be found at a path.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    path: String,
    expected: Expected,
}

#[derive(Debug, Clone)]
enum Expected {
    /// A member has one of these values: several where the last change has an unknown end.
    One(&'static str, Vec<String>),
    /// It was deleted.
    Gone,
    /// It may have been deleted.
    Anything,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            promises: Mutex::default(),
            acknowledged: watch::Sender::new(0),
        }
    }
}

impl Ledger {
    /// Something has this value now, and nothing else.
    pub(super) fn holds(&self, path: &str, member: &'static str, value: &str) {
        self.note(path, Expected::One(member, vec![value.to_owned()]));
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// Something may have this value now, or still the former one.
    pub(super) fn may_hold(&self, path: &str, value: &str) {
        if let Some(promise) = self.lock().get_mut(path)
            && let Expected::One(_, values) = &mut promise.expected
        {
            values.push(value.to_owned());
        }
    }

    /// Something is gone.
    pub(super) fn gone(&self, path: &str) {
        self.note(path, Expected::Gone);
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// Something may be gone.
    pub(super) fn may_be_gone(&self, path: &str) {
        self.note(path, Expected::Anything);
    }

    fn note(&self, path: &str, expected: Expected) {
        let path = path.to_owned();
        let promise = Promise {
            path: path.clone(),
            expected,
        };
        self.lock().insert(path, promise);
    }

    /// How many writes were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// Waits until so many writes are acknowledged.
    ///
    /// # Panics
    /// They are not.
    pub(super) async fn until_acknowledged(&self, wanted: usize, limit: Duration) {
        let mut counting = self.acknowledged.subscribe();
        let waiting = counting.wait_for(|count| *count >= wanted);
        let waited = tokio::time::timeout(limit, waiting).await;
        assert!(waited.is_ok(), "nothing is acknowledged any more");
    }

    /// All of them.
    pub(super) fn promises(&self) -> Vec<Promise> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Promise>> {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Promise {
    /// How it is broken, if it is.
    pub(super) async fn broken(&self, caller: &Caller) -> Option<String> {
        let path = &self.path;
        let (status, found) = caller.look(path).await;
        match &self.expected {
            Expected::Anything => None,
            Expected::Gone => (status != 404).then(|| format!("{path} is back: {status} {found}")),
            Expected::One(member, values) => {
                let value = found.pointer(member).and_then(Value::as_str);
                let is_kept =
                    status == 200 && value.is_some_and(|value| values.iter().any(|v| v == value));
                (!is_kept).then(|| format!("{path} should have {values:?}: {status} {found}"))
            }
        }
    }
}
