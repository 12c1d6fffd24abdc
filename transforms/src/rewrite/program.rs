//! The tables of a plan that the rewriter runs on.

use crate::plan::body::BodyPlan;

/// The tables of one plan.
#[derive(Debug, Clone)]
pub(crate) struct Program;

impl Program {
    /// Lowers a plan.
    pub(crate) fn new(_plan: &BodyPlan) -> Self {
        Self
    }
}
