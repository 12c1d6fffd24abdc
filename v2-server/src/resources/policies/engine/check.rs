//! One rule's check, ready to run.

use crate::time::Timestamp;

use super::{Needs, PatternError, Subject};

/// Looks for one condition in an image. Built from a rule's arguments by the trigger's entry in the catalogue.
pub(crate) trait Check: std::fmt::Debug + Send + Sync {
    /// The parts of the image that it looks at, besides those that are always there.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Finds every instance of the condition. `now` is the time of the evaluation.
    fn run(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Match>, CheckError>;
}

/// One instance of a trigger's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    /// The id that allowlists name it by; made from gate, trigger and message when the trigger has none of its own.
    pub(crate) trigger_id: Option<String>,
    /// What was found, in words. Part of the contract where the id is made from it.
    pub(crate) message: String,
}

impl Match {
    /// A match whose id is made from its message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            trigger_id: None,
            message: message.into(),
        }
    }

    /// A match with an id of its own.
    pub(crate) fn with_id(trigger_id: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            trigger_id: Some(trigger_id.into()),
            message: message.into(),
        }
    }
}

/// Why a check could not be run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CheckError {
    /// The image's analysis does not hold what the check looks at.
    #[error("the image's analysis holds no {0}")]
    NoData(&'static str),
    /// A pattern could not be matched.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}
