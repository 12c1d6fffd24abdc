//! Named steps: the few rewrites that the mapping language cannot say, written in Rust next
//! to the mappings that use them.
//!
//! A step is a pure function over one held value. It has a direction each way (or says why
//! it cannot be reversed), and is called from a layout or a field with `via NAME`.

use serde_json::{Map, Value};

/// What a step can see besides the value itself.
#[derive(Debug, Clone, Default)]
pub struct StepContext {
    /// Path values of the V1 request by V1 name, percent-decoded.
    pub path: Map<String, Value>,
    /// Query values of the V1 request by V1 name, percent-decoded; the first of each name.
    pub query: Map<String, Value>,
    /// What the mapping's look-ups took from their answers, by name.
    pub looked_up: Map<String, Value>,
}

/// Why a step could not do its work.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum StepError {
    /// The caller sent something that has no meaning: answered with this status in V1 form.
    #[error("{message}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What was expected, for the caller.
        message: String,
    },
    /// The upstream answer is not what the step expects.
    #[error("{0}")]
    Unexpected(String),
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
    /// V1 value to V2 value. `None`: cannot be reversed; using it in a request is an error.
    pub v1_to_v2: Option<StepFn>,
    /// V2 value to V1 value. `None`: only for requests.
    pub v2_to_v1: Option<StepFn>,
}
