//! From exchanges to a report: who called what, and how ready each client is.

pub(crate) mod observation;
pub(crate) mod readiness;
pub(crate) mod report;
