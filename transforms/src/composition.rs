//! Named compositions: V1 operations whose answer takes several V2 calls that depend on each
//! other, written in Rust next to the mappings that use them.
//!
//! A composition is a small state machine without I/O. It says which calls can be made now, is
//! shown their answers row by row, and puts the answer together when no call is left. Which V2
//! operation a call is stands in the mapping (`[call.NAME]`), and what the V1 body looks like
//! stands in its layouts. Whoever runs it bounds how many calls are under way, and makes every
//! failure the failure of the whole: a composition never sees a part of an answer as if it were
//! all of it.

use serde_json::{Map, Value};

use crate::step::{StepContext, StepError};

/// A composition as the mappings register it.
#[derive(Debug, Clone, Copy)]
pub struct Composition {
    /// The name used in `composed`.
    pub name: &'static str,
    /// Why this is Rust and not mapping, in one sentence.
    pub reason: &'static str,
    /// The calls it makes.
    pub parts: &'static [Part],
    /// Begins the answer to one request.
    pub start: fn(&StepContext) -> Result<Box<dyn Composing>, StepError>,
}

/// A kind of call that a composition makes.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The name of its table, `[call.NAME]`.
    pub name: &'static str,
    /// Values that its V2 path and query need.
    pub values: &'static [&'static str],
    /// Whether its answer is a list of rows with something around.
    pub rows: bool,
}

/// A call that can be made now.
#[derive(Debug, Clone, PartialEq)]
pub struct PartCall {
    /// Which [`Part`] it is.
    pub part: &'static str,
    /// Its values by name: text, numbers or booleans. Query parameters without a value are
    /// left out.
    pub values: Map<String, Value>,
}

/// The answer to one request, while it is put together.
pub trait Composing: Send {
    /// Calls that can be made now, each given out once, in any number and order. Asked at the
    /// start, and again after every answer.
    fn calls(&mut self) -> Vec<PartCall>;

    /// The next row of an answer. Rows of several calls may come in turns.
    ///
    /// # Errors
    /// The row is not what the composition expects: the whole answer fails.
    fn row(&mut self, call: &PartCall, row: Value) -> Result<(), StepError>;

    /// The end of an answer: what it holds besides its rows, or all of it where it has none.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    fn answered(&mut self, call: &PartCall, rest: Value) -> Result<(), StepError>;

    /// The answer in the form of V2, once no call is left; the mapping's layout for status 200
    /// makes the V1 body of it.
    ///
    /// # Errors
    /// Something is missing, or the request has no answer.
    fn finish(self: Box<Self>) -> Result<Value, StepError>;
}
