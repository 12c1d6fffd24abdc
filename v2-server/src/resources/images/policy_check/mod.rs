//! `/images/{image_digest}/check`: what a policy makes of an image.
//!
//! The image and the policy are read, the policy engine evaluates, and the outcome is stored. A final action that
//! differs from the one before leaves an event.

mod evaluation;
pub(super) mod handlers;
mod now;
mod store;
mod subject;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use now::{Outcome, evaluate_now};
