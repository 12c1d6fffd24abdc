//! Named steps: the few rewrites that the mapping language cannot say, written in Rust next
//! to the mappings that use them.
//!
//! A step is a pure function over one held value. It has a direction each way (or says why
//! it cannot be reversed), and is called from a layout or a field with `via NAME`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::plan::query::{decode_query, members};
use crate::route::PathValues;

/// What a step can see besides the value itself.
#[derive(Debug, Clone, Default)]
pub struct StepContext {
    /// Path values of the V1 request by V1 name, percent-decoded.
    pub path: Map<String, Value>,
    /// Query values of the V1 request by V1 name, percent-decoded; the first of each name.
    pub query: Map<String, Value>,
    /// What the mapping's look-ups took from their answers, by name.
    pub looked_up: Map<String, Value>,
    /// Members that steps renamed, moved or dropped, for the record of the exchange.
    pub touched: Touched,
}

impl StepContext {
    /// What can be seen of a request before anything was looked up.
    pub fn of(values: &PathValues, raw_query: Option<&str>) -> Self {
        let mut query = Map::new();
        for (name, value) in raw_query.into_iter().flat_map(members) {
            if let (Some(name), Some(value)) = (decode_query(name), decode_query(value)) {
                query.entry(name).or_insert(Value::String(value));
            }
        }
        Self {
            path: values
                .iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
            query,
            ..Self::default()
        }
    }
}

/// Names of members that steps renamed, moved or dropped: `Shape.member`, never values.
/// Clones share one list.
#[derive(Debug, Clone, Default)]
pub struct Touched(Arc<Mutex<BTreeSet<String>>>);

impl Touched {
    /// Longest member name that is noted as it is.
    const MAX_NAME: usize = 64;

    /// Notes `shape.member`. A member name that no API would choose (too long, or of other
    /// characters than letters, digits, `_` and `-`) is noted as `?`: it may be user data.
    pub fn note(&self, shape: &str, member: &str) {
        let plain = !member.is_empty()
            && member.len() <= Self::MAX_NAME
            && member
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let member = if plain { member } else { "?" };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(format!("{shape}.{member}"));
    }

    /// Everything noted so far, sorted, each once.
    pub fn names(&self) -> Vec<String> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().cloned().collect()
    }
}

/// Why a step could not do its work.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum StepError {
    /// The body has no meaning: answered with this status in V1 form.
    #[error("{message}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What was expected, for the caller.
        message: String,
        /// Members of the error's `detail` besides those that every error has.
        detail: Map<String, Value>,
    },
    /// The body breaks its schema: answered as servers answer such bodies, with 400 in problem
    /// form.
    #[error("{0}")]
    Malformed(String),
    /// The upstream answer is not what the step expects.
    #[error("{0}")]
    Unexpected(String),
}

impl StepError {
    /// [`StepError::Refused`] without a detail.
    pub fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::Refused {
            status,
            message: message.into(),
            detail: Map::new(),
        }
    }
}

/// One direction of a step.
pub type StepFn = fn(Value, &StepContext) -> Result<Value, StepError>;

/// A step as the mappings register it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The name used after `via`.
    pub name: &'static str,
    /// Why this is Rust and not mapping, in one sentence.
    pub reason: &'static str,
    /// Members that the step renames or moves, for people: V1 path and V2 path, with `[]` for
    /// the elements of an array.
    pub renames: &'static [(&'static str, &'static str)],
    /// V1 value to V2 value. `None`: cannot be reversed; using it in a request is an error.
    pub v1_to_v2: Option<StepFn>,
    /// V2 value to V1 value. `None`: only for requests.
    pub v2_to_v1: Option<StepFn>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_members_are_named_once_and_odd_names_are_not_repeated() {
        let context = StepContext::default();
        let clone = context.clone();
        clone.touched.note("Thing", "old_name");
        context.touched.note("Thing", "old_name");
        context.touched.note("Thing", "pass word=hunter2");
        context.touched.note("Thing", &"x".repeat(65));
        assert_eq!(context.touched.names(), ["Thing.?", "Thing.old_name"]);
    }
}
