//! Why a request was not answered by the upstream: one constructor for each source of failure.

use std::fmt;

use http::{Method, StatusCode, header};
use pingora::http::RequestHeader;
use pingora::{Error, ErrorSource, ErrorType};
use serde_json::{Map, Value};
use windlass_transforms::exchange::{Generation, Outcome};
use windlass_transforms::plan::call::CallError;
use windlass_transforms::rewrite::RewriteError;
use windlass_transforms::step::StepError;

use super::{Answer, Kind};
use crate::limits::Limits;

/// What V1 servers said about paths they did not know. Clients look for the first sentence.
const NOT_FOUND: &str = "The requested URL was not found on the server. If you entered the URL \
                         manually please check your spelling and try again.";
/// What clients look for to tell a server that lacks a method.
const NOT_ALLOWED: &str = "Method Not Allowed";

/// Why a request was not answered by the upstream.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// One sentence for the caller.
    message: String,
    /// Members of the V1 error's `detail` besides those that every error has.
    detail: Box<Map<String, Value>>,
    /// What lies behind it, for the log.
    cause: Option<Box<Error>>,
    /// The V2 call that failed, in words.
    call: Option<Box<str>>,
}

impl Failure {
    /// A failure with the sentence the caller gets.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            detail: Box::default(),
            cause: None,
            call: None,
        }
    }

    /// The client went away while an answer was made for it.
    pub(crate) fn client_gone() -> Self {
        Self::new(Kind::ClientGone, "the client went away")
    }

    /// Names the V2 call that was under way, if that is what failed.
    pub(crate) fn during(mut self, call: Option<String>) -> Self {
        if self.kind.is_upstream() {
            self.call = call.map(Into::into);
        }
        self
    }

    /// The V2 call that failed, in words.
    pub(crate) fn failed_call(&self) -> Option<&str> {
        self.call.as_deref()
    }

    /// The sentence for the caller.
    fn message(&self) -> String {
        match &self.call {
            Some(call) => format!("{} (V2 call: {call})", self.message),
            None => self.message.clone(),
        }
    }

    /// A request that cannot be read.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, message)
    }

    /// An upstream answer that cannot be rewritten.
    pub(crate) fn wrong_answer(message: impl Into<String>) -> Self {
        Self::new(Kind::WrongAnswer, message)
    }

    /// No V1 operation has this path.
    pub(crate) fn unknown_route() -> Self {
        Self::new(Kind::UnknownRoute, NOT_FOUND)
    }

    /// The path exists, with these methods.
    pub(crate) fn wrong_method(allowed: Vec<Method>) -> Self {
        Self::new(Kind::WrongMethod(allowed), NOT_ALLOWED)
    }

    /// A limit on requests was passed. `limit` is its name in the settings.
    pub(crate) fn too_large(status: StatusCode, what: &str, limit: &str, value: usize) -> Self {
        Self::new(
            Kind::TooLarge(status),
            format!("{what} is larger than {value} bytes (limit `{limit}`)"),
        )
    }

    /// Something in the proxy itself.
    pub(crate) fn internal(cause: Box<Error>) -> Self {
        Self {
            cause: Some(cause),
            ..Self::new(Kind::Internal, "the proxy failed")
        }
    }

    /// An error while reading from the client or writing to it.
    pub(crate) fn downstream(cause: Box<Error>) -> Self {
        let (kind, message) = match cause.etype() {
            ErrorType::ReadTimedout => (
                Kind::ClientTimeout,
                "the request did not arrive in time (limit `client_read_timeout`)",
            ),
            ErrorType::InvalidHTTPHeader => (Kind::Malformed, "the request header is malformed"),
            ErrorType::Custom(name) if name.starts_with("Invalid") => {
                (Kind::Malformed, "the framing of the request body is broken")
            }
            _ => (Kind::ClientGone, "the client went away"),
        };
        Self {
            cause: Some(cause),
            ..Self::new(kind, message)
        }
    }

    /// An error while talking to the upstream.
    pub(crate) fn upstream(cause: Box<Error>) -> Self {
        let (kind, message) = match cause.etype() {
            ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => (
                Kind::UpstreamTimeout,
                "the upstream did not accept a connection in time (limit \
                 `upstream_connect_timeout`)",
            ),
            ErrorType::ReadTimedout => (
                Kind::UpstreamTimeout,
                "the upstream did not answer in time (limit `upstream_read_timeout`)",
            ),
            ErrorType::WriteTimedout => (
                Kind::UpstreamTimeout,
                "the upstream did not take the request in time (limit `upstream_write_timeout`)",
            ),
            ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
            | ErrorType::ConnectProxyFailure
            | ErrorType::SocketError
            | ErrorType::BindError => (Kind::Unreachable, "the upstream cannot be reached"),
            ErrorType::TLSHandshakeFailure
            | ErrorType::TLSWantX509Lookup
            | ErrorType::InvalidCert
            | ErrorType::HandshakeError => (Kind::Unreachable, "no TLS connection to the upstream"),
            ErrorType::ReadError | ErrorType::WriteError | ErrorType::ConnectionClosed => {
                (Kind::CutOff, "the upstream closed the connection")
            }
            _ => (
                Kind::WrongAnswer,
                "the answer of the upstream is not proper HTTP",
            ),
        };
        Self {
            cause: Some(cause),
            ..Self::new(kind, message)
        }
    }

    /// What the framework says went wrong while it passed a request through.
    pub(crate) fn proxied(cause: &Error, limits: &Limits) -> Self {
        let copy = Error::explain(cause.etype().clone(), cause.to_string());
        match (cause.esource(), cause.etype()) {
            (_, ErrorType::HTTPStatus(_)) => limits.body_too_large(),
            (ErrorSource::Upstream, _) => Self::upstream(copy),
            (ErrorSource::Downstream, _) => Self::downstream(copy),
            (ErrorSource::Internal | ErrorSource::Unset, _) => Self::internal(copy),
        }
    }

    /// The failure as pingora knows it.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "the errors of pingora's results are boxed"
    )]
    pub(crate) fn into_cause(self) -> Box<Error> {
        let error = match self.kind {
            Kind::Unreachable => ErrorType::ConnectNoRoute,
            _ => ErrorType::InternalError,
        };
        self.cause
            .unwrap_or_else(|| Error::explain(error, self.message))
    }

    /// The request for credentials, when V1 servers asked for them before they came to what is
    /// wrong here, and the caller sent none.
    pub(crate) fn or_challenge(self, generation: Generation, head: &RequestHeader) -> Self {
        let is_at_fault = matches!(
            self.kind,
            Kind::Unmapped | Kind::Removed | Kind::Malformed | Kind::MediaType | Kind::Refused(_)
        );
        let is_anonymous = !head.headers.contains_key(header::AUTHORIZATION);
        if generation == Generation::V1 && is_at_fault && is_anonymous {
            Self::new(Kind::NoCredentials, "no credentials were sent")
        } else {
            self
        }
    }

    /// A request body that could not be rewritten.
    pub(crate) fn request_body(error: RewriteError) -> Self {
        match error {
            RewriteError::NotJson { .. } | RewriteError::Truncated { .. } => {
                Self::malformed(format!("Request body is not valid JSON: {error}"))
            }
            RewriteError::HeldTooMuch { .. } => Self::new(
                Kind::TooLarge(StatusCode::PAYLOAD_TOO_LARGE),
                error.to_string(),
            ),
            RewriteError::TooDeep { .. } | RewriteError::UnexpectedForm { .. } => {
                Self::malformed(error.to_string())
            }
            RewriteError::Step { step, error } => Self::step(&step, error),
        }
    }

    /// An upstream answer that could not be rewritten.
    pub(crate) fn response_body(error: RewriteError) -> Self {
        match error {
            RewriteError::Step { step, error } => Self::step(&step, error),
            other => Self::wrong_answer(format!(
                "the answer of the upstream cannot be rewritten: {other}"
            )),
        }
    }

    /// A step or a composition that could not do its work.
    pub(crate) fn step(step: &str, error: StepError) -> Self {
        match error {
            StepError::Refused {
                status,
                message,
                detail,
            } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                Self {
                    detail: Box::new(detail),
                    ..Self::new(Kind::Refused(status), message)
                }
            }
            StepError::Malformed(what) => Self::malformed(what),
            StepError::Unexpected(what) => Self::wrong_answer(format!(
                "the answer of the upstream cannot be rewritten: step `{step}`: {what}"
            )),
        }
    }

    /// A V2 call that cannot be made for a request.
    pub(crate) fn call(error: &CallError) -> Self {
        match error {
            CallError::MalformedQuery(_) | CallError::BodyQuery(_) => {
                Self::malformed(error.to_string())
            }
            CallError::NotLookedUp(_) => Self::wrong_answer(error.to_string()),
        }
    }

    /// The status of the answer; `None` when nobody is left to answer.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.kind.status()
    }

    /// The word for it in records and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        self.kind.reason()
    }

    /// Whether the request was refused, or something failed.
    pub(crate) fn outcome(&self) -> Outcome {
        self.kind.outcome()
    }

    /// Whether an operator can do something about it: the upstream or the proxy failed.
    pub(crate) fn is_upstream_or_internal(&self) -> bool {
        self.outcome() == Outcome::Failed
            && !matches!(self.kind, Kind::ClientTimeout | Kind::ClientGone)
    }

    /// The answer, in the form that clients of `generation` read. `operation` is the V1
    /// operation id, where one is known.
    pub(crate) fn answer(&self, generation: Generation, operation: Option<&str>) -> Option<Answer> {
        let status = self.status()?;
        let answer = match (&self.kind, generation) {
            (Kind::NoCredentials, _) => Answer::challenge(),
            (Kind::UnknownRoute | Kind::Malformed | Kind::ClientTimeout, _) => {
                Answer::problem(status, &self.message)
            }
            (Kind::WrongMethod(allowed), _) => {
                Answer::problem(status, &self.message).with_allow(allowed)
            }
            (Kind::MediaType, _) => Answer::titled_problem(status, &self.message),
            // The mapping speaks for the V1 server, which named no operation.
            (Kind::Refused(_), Generation::V1) => {
                Answer::v1_error(status, &self.message, None, (*self.detail).clone())
            }
            (_, Generation::V1) => {
                let mut detail = (*self.detail).clone();
                if let Some(call) = &self.call {
                    detail.insert("v2_call".to_owned(), (**call).into());
                }
                Answer::v1_error(status, &self.message(), operation, detail)
            }
            (_, Generation::V2) => Answer::v2_error(status, &self.message, self.reason()),
        };
        Some(answer)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        let Some(cause) = &self.cause else {
            return Ok(());
        };
        // Not its context, which may quote what the client sent.
        write!(f, " ({}", cause.etype().as_str())?;
        if let Some(error) = cause.root_cause().downcast_ref::<std::io::Error>() {
            write!(f, ": {error}")?;
        }
        f.write_str(")")
    }
}
