//! What is wrong with a policy, or with one evaluation of it.
//!
//! Validation collects these and refuses the document with all of them; an evaluation carries those that did not keep
//! it from being made. The names in `problem_type` are the ones clients have always seen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One problem of a policy or of its evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationProblem {
    /// Whether it kept a rule from being evaluated in a way that fails the image.
    pub(crate) severity: ProblemSeverity,
    /// The kind of problem.
    pub(crate) problem_type: String,
    /// What is wrong, where, and what was expected.
    pub(crate) details: String,
}

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProblemSeverity {
    /// A rule that may stop an image, or the whole policy, could not be evaluated.
    Error,
    /// The result stands but deserves a look.
    Warn,
}

/// The kinds of problems, named as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The document's format version is not known.
    UnsupportedVersion,
    /// An identifier is used twice.
    DuplicateIdentifier,
    /// A mapping names a rule set or allowlist that is not there.
    ReferenceNotFound,
    /// No gate of this name.
    GateNotFound,
    /// The gate has no trigger of this name.
    TriggerNotFound,
    /// The trigger cannot be used in a rule set for sources.
    TriggerNotForSources,
    /// The trigger has no parameter of this name, or it is given twice.
    InvalidParameter,
    /// A parameter that must be given is missing.
    RequiredParameter,
    /// A parameter's value is not of its type.
    ParameterValue,
    /// A pattern in a mapping, an image list or an allowlist cannot be used.
    Pattern,
    /// The gate or trigger is not evaluated any more.
    EndOfLife,
    /// The trigger is known but not evaluated by this server.
    TriggerNotAvailable,
    /// The image's analysis does not hold what the trigger looks at.
    DataNotAvailable,
    /// The trigger failed while it was evaluated.
    TriggerEvaluation,
}

impl ProblemKind {
    fn wire_name(self) -> &'static str {
        match self {
            Self::UnsupportedVersion => "UnsupportedVersionError",
            Self::DuplicateIdentifier => "DuplicateIdentifierFoundError",
            Self::ReferenceNotFound => "ReferencedObjectNotFoundError",
            Self::GateNotFound => "GateNotFoundError",
            Self::TriggerNotFound => "TriggerNotFoundError",
            Self::TriggerNotForSources => "TriggerNotSupportedForSourceError",
            Self::InvalidParameter => "InvalidParameterError",
            Self::RequiredParameter => "RequiredParameterNotSetError",
            Self::ParameterValue => "ParameterValueInvalidError",
            Self::Pattern => "PatternInvalidError",
            Self::EndOfLife => "EndOfLifedError",
            Self::TriggerNotAvailable => "TriggerNotAvailableError",
            Self::DataNotAvailable => "DataNotAvailableWarning",
            Self::TriggerEvaluation => "TriggerEvaluationError",
        }
    }

    /// A problem of this kind that weighs as an error.
    pub(crate) fn error(self, details: impl Into<String>) -> PolicyEvaluationProblem {
        self.with_severity(ProblemSeverity::Error, details)
    }

    /// A problem of this kind that weighs as a warning.
    pub(crate) fn warning(self, details: impl Into<String>) -> PolicyEvaluationProblem {
        self.with_severity(ProblemSeverity::Warn, details)
    }

    /// A problem of this kind.
    pub(crate) fn with_severity(
        self,
        severity: ProblemSeverity,
        details: impl Into<String>,
    ) -> PolicyEvaluationProblem {
        PolicyEvaluationProblem {
            severity,
            problem_type: self.wire_name().to_owned(),
            details: details.into(),
        }
    }
}

impl PolicyEvaluationProblem {
    /// Whether this problem is of that kind.
    pub(crate) fn is(&self, kind: ProblemKind) -> bool {
        self.problem_type == kind.wire_name()
    }
}
