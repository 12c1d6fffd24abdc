//! What was looked up and never changes, kept for later requests of the same caller.
//!
//! A kept value grants nothing: the call that uses it is authorised by the upstream like any
//! other. It is kept for the caller who looked it up, by credentials and account, because the
//! upstream decides who may look up what. Of credentials only a hash is held, with keys that
//! every process makes anew.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use http::{HeaderMap, header};
use parking_lot::Mutex;
use serde_json::{Map, Value};

/// Values looked up, the oldest leaving first when there are too many.
#[derive(Debug)]
pub(crate) struct Lookups {
    /// `lookup_cache`: how many are kept.
    most: usize,
    callers: [RandomState; 2],
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    values: HashMap<Key, Map<String, Value>>,
    order: VecDeque<Key>,
}

/// Who looked up what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    caller: [u64; 2],
    /// Path and query of the look-up.
    call: Box<str>,
}

impl Lookups {
    /// Keeps at most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            callers: [RandomState::new(), RandomState::new()],
            kept: Mutex::default(),
        }
    }

    /// The key of a look-up; `None` when nothing is kept, or nobody says who asks.
    pub(crate) fn key(&self, headers: &HeaderMap, call: &str) -> Option<Key> {
        let credentials = headers.get(header::AUTHORIZATION)?;
        if self.most == 0 {
            return None;
        }
        let account = headers.get("x-anchore-account");
        let caller = (
            credentials.as_bytes(),
            account.map(header::HeaderValue::as_bytes),
        );
        Some(Key {
            caller: [
                self.callers[0].hash_one(caller),
                self.callers[1].hash_one(caller),
            ],
            call: call.into(),
        })
    }

    /// What is kept.
    pub(crate) fn get(&self, key: &Key) -> Option<Map<String, Value>> {
        self.kept.lock().values.get(key).cloned()
    }

    /// Keeps what was looked up.
    pub(crate) fn put(&self, key: Key, values: Map<String, Value>) {
        let mut kept = self.kept.lock();
        if kept.values.insert(key.clone(), values).is_none() {
            kept.order.push_back(key);
        }
        while kept.order.len() > self.most {
            if let Some(oldest) = kept.order.pop_front() {
                kept.values.remove(&oldest);
            }
        }
    }

    /// Keeps it no longer: the upstream knows nothing of it.
    pub(crate) fn forget(&self, key: &Key) {
        let mut kept = self.kept.lock();
        if kept.values.remove(key).is_some() {
            kept.order.retain(|other| other != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(credentials: &str, account: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, credentials.parse().unwrap());
        if let Some(account) = account {
            headers.insert("x-anchore-account", account.parse().unwrap());
        }
        headers
    }

    fn values(digest: &str) -> Map<String, Value> {
        json!({"digest": digest}).as_object().unwrap().clone()
    }

    #[test]
    fn what_one_caller_looked_up_is_for_that_caller_and_account() {
        let lookups = Lookups::new(10);
        let key = |credentials, account| lookups.key(&headers(credentials, account), "/a").unwrap();
        lookups.put(key("Basic eA==", None), values("x"));
        assert_eq!(lookups.get(&key("Basic eA==", None)), Some(values("x")));
        assert_eq!(lookups.get(&key("Basic eB==", None)), None);
        assert_eq!(lookups.get(&key("Basic eA==", Some("acme"))), None);
        assert_eq!(lookups.key(&HeaderMap::new(), "/a"), None);
        assert_eq!(
            Lookups::new(0).key(&headers("Basic eA==", None), "/a"),
            None
        );
    }

    #[test]
    fn the_oldest_leave_and_what_is_forgotten_is_gone() {
        let lookups = Lookups::new(2);
        let key = |call| lookups.key(&headers("Basic eA==", None), call).unwrap();
        for call in ["/a", "/b", "/b", "/c"] {
            lookups.put(key(call), values(call));
        }
        assert_eq!(lookups.get(&key("/a")), None);
        assert_eq!(lookups.get(&key("/b")), Some(values("/b")));
        lookups.forget(&key("/b"));
        assert_eq!(lookups.get(&key("/b")), None);
        lookups.put(key("/d"), values("/d"));
        assert_eq!(lookups.get(&key("/c")), Some(values("/c")));
    }

    #[test]
    fn no_credential_is_held() {
        let lookups = Lookups::new(2);
        let secret = headers("Basic c2VjcmV0", Some("hidden"));
        lookups.put(lookups.key(&secret, "/a").unwrap(), values("x"));
        let held = format!("{lookups:?}");
        assert!(
            !held.contains("c2VjcmV0") && !held.contains("hidden"),
            "{held}"
        );
    }
}
