//! What the tests of a story have called, so that nothing mapped goes untested.

use std::collections::BTreeSet;
use std::sync::Mutex;

use windlass_transforms::route::Route;

use crate::contract::contract;

/// The operations that answered with success, noted as the calls are made.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Called>);

/// The operations that answered with success.
#[derive(Debug, Default, Clone)]
pub struct Called {
    /// V1 operation ids.
    pub v1: BTreeSet<String>,
    /// V2 operations, as [`form`] writes them.
    pub v2: BTreeSet<String>,
}

impl Calls {
    /// Notes a V1 call by its path, without `/v1` and without query.
    pub(crate) fn note_v1(&self, method: &reqwest::Method, path: &str) {
        let route = windlass_mappings::mappings().routes().find(method, path);
        if let Route::Found { operation, .. } = route {
            let mut called = self.0.lock().expect("no test panicked with it");
            called.v1.insert(operation.id.clone());
        }
    }

    /// Notes a V2 call by its path, without `/v2` and without query.
    pub(crate) fn note_v2(&self, method: &reqwest::Method, path: &str) {
        if let Some(operation) = contract().operation(method.as_str(), path) {
            let mut called = self.0.lock().expect("no test panicked with it");
            called.v2.insert(form(&operation));
        }
    }

    /// All that was noted so far.
    pub fn so_far(&self) -> Called {
        self.0.lock().expect("no test panicked with it").clone()
    }
}

/// An operation without the names of its path parameters, which a document and a mapping may
/// choose differently: `GET /images/{}`.
pub fn form(operation: &str) -> String {
    let mut form = String::new();
    let mut depth = 0_u8;
    for character in operation.chars() {
        match character {
            '{' => {
                form.push_str("{}");
                depth += 1;
            }
            '}' => depth -= 1,
            _ if depth == 0 => form.push(character),
            _ => {}
        }
    }
    form
}
