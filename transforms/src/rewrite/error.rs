//! Bounds of a rewrite, and why one can fail.

use crate::step::StepError;

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

/// An error on its way out of the machine: boxed, so that success is one word.
pub(super) type Fault = Box<RewriteError>;

impl RewriteError {
    #[cold]
    pub(super) fn not_json(what: &'static str, offset: u64) -> Self {
        Self::NotJson { what, offset }
    }

    #[cold]
    pub(super) fn unexpected(expected: impl Into<Box<str>>, offset: u64) -> Self {
        Self::UnexpectedForm {
            expected: expected.into(),
            offset,
        }
    }

    /// Where it is, if it has a place.
    pub(super) fn offset(&self) -> Option<u64> {
        match self {
            Self::NotJson { offset, .. }
            | Self::Truncated { offset }
            | Self::TooDeep { offset, .. }
            | Self::UnexpectedForm { offset, .. } => Some(*offset),
            Self::HeldTooMuch { .. } | Self::Step { .. } => None,
        }
    }

    /// The same error of a text that starts at `by` of the body.
    pub(super) fn moved(mut self, by: u64) -> Self {
        match &mut self {
            Self::NotJson { offset, .. }
            | Self::Truncated { offset }
            | Self::TooDeep { offset, .. }
            | Self::UnexpectedForm { offset, .. } => *offset += by,
            Self::HeldTooMuch { .. } | Self::Step { .. } => {}
        }
        self
    }
}
