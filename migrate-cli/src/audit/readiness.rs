//! Readiness: what would happen to a client without V1.

use serde::Serialize;
use windlass_transforms::plan::operation::{Kind, Operation};

/// From best to worst; a client is as ready as the worst operation it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Readiness {
    /// Already on V2.
    Ready,
    /// The proxy rewrites it; V2 has what it needs.
    Covered,
    /// Rewritten with a declared loss.
    AtRisk,
    /// V2 lacks it, or it is not mapped.
    Blocked,
}

impl Readiness {
    /// The word used in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Covered => "covered",
            Self::AtRisk => "at-risk",
            Self::Blocked => "blocked",
        }
    }
}

/// The readiness of one V1 operation, and why it is not better.
pub(crate) fn judge(operation: &Operation) -> (Readiness, Vec<String>) {
    match &operation.kind {
        Kind::Call(_) | Kind::Composed(_) | Kind::Answer(_) if operation.losses.is_empty() => {
            (Readiness::Covered, Vec::new())
        }
        Kind::Call(_) | Kind::Composed(_) | Kind::Answer(_) => {
            (Readiness::AtRisk, operation.losses.clone())
        }
        Kind::None { reason, .. } => (Readiness::Blocked, vec![reason.clone()]),
        Kind::Unmapped => (
            Readiness::Blocked,
            vec!["not mapped by this version of Windlass".to_owned()],
        ),
    }
}
