//! Runs a [`BodyPlan`](crate::plan::body::BodyPlan) over bytes, in chunks of any size.

pub(crate) mod program;
mod whole;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::plan::body::{BodyPlan, Strategy};
use crate::rewrite::whole::Whole;
use crate::step::{StepContext, StepError};

/// Bounds on what one body may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deepest nesting of arrays and objects.
    pub max_depth: usize,
    /// Most bytes held back at one time, where the plan holds anything.
    pub max_held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 128,
            max_held_bytes: 16 << 20,
        }
    }
}

/// Why a body could not be rewritten. `offset` is the number of bytes of the input before the
/// place of the error.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RewriteError {
    /// The body is not JSON.
    #[error("the body is not JSON: {what} at byte {offset}")]
    NotJson {
        /// What was found or expected.
        what: &'static str,
        /// Where.
        offset: u64,
    },
    /// The body ended in the middle of a value.
    #[error("the body ends in the middle of a value, after {offset} bytes")]
    Truncated {
        /// How long it was.
        offset: u64,
    },
    /// Nesting beyond [`Limits::max_depth`].
    #[error("nesting at byte {offset} is deeper than {limit} levels (limit `max_depth`)")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// Where.
        offset: u64,
    },
    /// More to hold than [`Limits::max_held_bytes`].
    #[error("rewriting must hold more than {limit} bytes back (limit `max_held_bytes`)")]
    HeldTooMuch {
        /// The limit.
        limit: usize,
    },
    /// The value is not of the form that the mapping describes.
    #[error("expected {expected} at byte {offset}")]
    UnexpectedForm {
        /// What the mapping says.
        expected: Box<str>,
        /// Where.
        offset: u64,
    },
    /// A named step failed.
    #[error("step `{step}`: {error}")]
    Step {
        /// Its name.
        step: Box<str>,
        /// Its error.
        error: StepError,
    },
}

/// Rewrites one body. Feed it with [`push`](Self::push), then call [`finish`](Self::finish)
/// once; after an error neither may be called again.
#[derive(Debug)]
pub struct BodyRewriter {
    plan: Arc<BodyPlan>,
    context: Arc<StepContext>,
    limits: Limits,
    held: Vec<u8>,
    touched: Vec<String>,
}

impl BodyRewriter {
    /// A rewriter for one body.
    pub fn new(plan: Arc<BodyPlan>, context: Arc<StepContext>, limits: Limits) -> Self {
        plan.program();
        Self {
            plan,
            context,
            limits,
            held: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Takes the next bytes of the input, appends what can leave already to `out`.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match self.plan.strategy {
            Strategy::Pass => out.extend_from_slice(input),
            Strategy::Fixed(_) => {}
            _ if self.held.len() + input.len() > self.limits.max_held_bytes => {
                return Err(RewriteError::HeldTooMuch {
                    limit: self.limits.max_held_bytes,
                });
            }
            _ => self.held.extend_from_slice(input),
        }
        Ok(())
    }

    /// Ends the input, appends the rest to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let mut whole = Whole {
            plan: &self.plan,
            context: &self.context,
            touched: BTreeSet::new(),
        };
        out.extend(whole.body(&self.held)?);
        self.touched = whole.touched.into_iter().collect();
        Ok(())
    }

    /// Names of members, as they came, that a rule renamed, dropped or replaced: dotted
    /// shape position (`Shape.member`), each once, sorted. Names only, never values. What
    /// steps noted is among them.
    pub fn touched(&self) -> Vec<String> {
        let mut names = self.touched.clone();
        names.extend(self.context.touched.names());
        names.sort();
        names.dedup();
        names
    }
}
