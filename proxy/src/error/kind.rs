//! The kinds of failure, with the status and the word of each.

use http::{Method, StatusCode};
use windlass_transforms::exchange::Outcome;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No operation has this path.
    UnknownRoute,
    /// The path exists, the method does not: these do.
    WrongMethod(Vec<Method>),
    /// The path has no version, and only versions are served.
    Versionless,
    /// A V1 operation without a mapping yet.
    Unmapped,
    /// A V1 operation that V2 has nothing for.
    Removed,
    /// The caller sent no credentials.
    NoCredentials,
    /// The request cannot be read: its path, its query, its body.
    Malformed,
    /// The body is of a type that the operation does not take.
    MediaType,
    /// A limit on requests was passed, with the status that says so.
    TooLarge(StatusCode),
    /// The caller was too slow.
    ClientTimeout,
    /// The caller went away; nobody is left to answer.
    ClientGone,
    /// The mapping has an answer of its own for this request.
    Refused(StatusCode),
    /// No connection to the upstream.
    Unreachable,
    /// The upstream was too slow.
    UpstreamTimeout,
    /// The upstream broke off.
    CutOff,
    /// The upstream answered with something that cannot be rewritten.
    WrongAnswer,
    /// The proxy's own fault.
    Internal,
}

impl Kind {
    /// The status of the answer; `None` when nobody is left to answer.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        Some(match self {
            Kind::UnknownRoute | Kind::Versionless => StatusCode::NOT_FOUND,
            Kind::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Kind::Unmapped => StatusCode::NOT_IMPLEMENTED,
            Kind::Removed => StatusCode::GONE,
            Kind::NoCredentials => StatusCode::UNAUTHORIZED,
            Kind::Malformed => StatusCode::BAD_REQUEST,
            Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::TooLarge(status) | Kind::Refused(status) => *status,
            Kind::ClientTimeout => StatusCode::REQUEST_TIMEOUT,
            Kind::Unreachable | Kind::CutOff | Kind::WrongAnswer => StatusCode::BAD_GATEWAY,
            Kind::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::ClientGone => return None,
        })
    }

    /// The word for it in records and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Kind::UnknownRoute => "unknown route",
            Kind::WrongMethod(_) => "wrong method",
            Kind::Versionless => "versionless path",
            Kind::Unmapped => "unmapped operation",
            Kind::Removed => "removed operation",
            Kind::NoCredentials => "no credentials",
            Kind::Malformed => "malformed request",
            Kind::MediaType => "media type",
            Kind::TooLarge(_) => "request too large",
            Kind::ClientTimeout => "client timeout",
            Kind::ClientGone => "client gone",
            Kind::Refused(_) => "refused by the mapping",
            Kind::Unreachable => "upstream unreachable",
            Kind::UpstreamTimeout => "upstream timeout",
            Kind::CutOff => "upstream cut off",
            Kind::WrongAnswer => "wrong upstream answer",
            Kind::Internal => "internal",
        }
    }

    /// Whether the upstream failed.
    pub(crate) fn is_upstream(&self) -> bool {
        matches!(
            self,
            Kind::Unreachable | Kind::UpstreamTimeout | Kind::CutOff | Kind::WrongAnswer
        )
    }

    /// Whether the request was refused, or something failed.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Kind::ClientTimeout
            | Kind::ClientGone
            | Kind::Unreachable
            | Kind::UpstreamTimeout
            | Kind::CutOff
            | Kind::WrongAnswer
            | Kind::Internal => Outcome::Failed,
            _ => Outcome::Refused,
        }
    }
}
