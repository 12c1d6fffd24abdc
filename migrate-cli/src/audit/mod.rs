//! From calls to a report: who called what, and how ready each client is.
//!
//! ```text
//! call ─classify─▶ operation ─count─▶ tally (bounded, merges) ─judge by plans─▶ report
//! ```

pub(crate) mod baseline;
pub(crate) mod call;
pub(crate) mod classify;
pub(crate) mod counter;
pub(crate) mod gate;
pub(crate) mod identity;
pub(crate) mod known;
pub(crate) mod moment;
pub(crate) mod readiness;
pub(crate) mod redact;
pub(crate) mod report;
pub(crate) mod tally;
