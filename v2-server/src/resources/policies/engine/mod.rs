//! Evaluating a policy: an image's facts in, findings and a decision out.
//!
//! Everything here is pure: no storage, no clock, no HTTP. A stored [`Policy`](super::document::Policy) is first
//! *compiled* ([`compile`]), which finds all its problems; the compiled policy is then run on a [`Subject`].
//! The steps, in the order of the files:
//!
//! 1. [`selection`]: which mapping applies to the image, and is the image allowed or denied as a whole;
//! 2. [`check`]: run each rule of the mapping's rule sets; every match becomes a [`finding`];
//! 3. [`allowlist`]: findings that an allowlist names turn into `go`;
//! 4. [`decision`]: the worst action that is left, then the image lists.

mod allowlist;
mod check;
mod compile;
mod compiled;
mod decision;
mod evaluate;
mod finding;
mod input;
mod pattern;
mod selection;
mod source;
#[cfg(test)]
pub(super) mod testing;
mod versions;

pub(crate) use check::{Check, CheckError, Match};
pub(crate) use compile::compile;
pub(crate) use compiled::CompiledPolicy;
pub(crate) use decision::{Action, FinalActionReason, Status};
pub(crate) use evaluate::{Evaluation, evaluate};
pub(crate) use finding::{
    PolicyEvaluationFinding, PolicyEvaluationFindingAllowlistMatch, mark_inherited,
};
pub(crate) use input::{
    ContentMatch, FeedState, MalwareFinding, MalwareScan, Needs, RetrievedFile, Subject,
};
pub(crate) use pattern::{Expression, Pattern, PatternError};
pub(crate) use selection::{EvaluatedImage, EvaluatedSource};
pub(crate) use source::evaluate_source;
pub(crate) use versions::compare as compare_versions;
