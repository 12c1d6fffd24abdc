//! Answers that no upstream gave: the only place where a response is invented.
//!
//! A [`Failure`] says what went wrong, and on which side. It becomes an answer in the form that
//! clients of its API generation read: V1 servers sent `{"message", "httpcode", "detail"}` for
//! what they refused and `application/problem+json` for what they could not route or read, and
//! a 401 with an HTML body; the forms are those of recorded V1 answers.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::{Error, ErrorSource, ErrorType};
use serde_json::{Map, Value, json};
use windlass_transforms::exchange::{Generation, Outcome};
use windlass_transforms::plan::call::CallError;
use windlass_transforms::plan::operation::AnswerPlan;
use windlass_transforms::rewrite::RewriteError;
use windlass_transforms::step::StepError;

use crate::limits::Limits;

/// What V1 servers said about paths they did not know. Clients look for the first sentence.
const NOT_FOUND: &str = "The requested URL was not found on the server. If you entered the URL \
                         manually please check your spelling and try again.";
/// What clients look for to tell a server that lacks a method.
const NOT_ALLOWED: &str = "Method Not Allowed";
/// How V1 servers asked for credentials. Clients that send none at first wait for it.
const CHALLENGE: &str = "basic realm=\"Authentication required\"";

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
}

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

impl Failure {
    /// A failure with the sentence the caller gets.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            detail: Box::default(),
            cause: None,
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

    fn step(step: &str, error: StepError) -> Self {
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
        Some(match &self.kind {
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
        match self.kind {
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

    /// Whether the request was refused, or something failed.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.kind {
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
                Answer::problem(status, title(status), Some(&self.message))
            }
            // V1 servers put the sentence into the title and had no detail here.
            (Kind::MediaType, _) => Answer::problem(status, &self.message, None),
            (Kind::WrongMethod(allowed), _) => {
                let mut answer = Answer::problem(status, title(status), Some(&self.message));
                answer.headers.push((header::ALLOW, allow(allowed)));
                answer
            }
            (_, Generation::V1) => {
                Answer::v1_error(status, &self.message, operation, (*self.detail).clone())
            }
            (_, Generation::V2) => Answer::v2_error(status, &self.message, self.reason()),
        };
        Some(answer)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
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

/// A complete answer made here.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// An answer that a mapping gives without the upstream.
    pub(crate) fn planned(plan: &AnswerPlan) -> Self {
        let status = StatusCode::from_u16(plan.status).unwrap_or(StatusCode::OK);
        Self::fixed(status, Some(&plan.content_type), &plan.body)
    }

    /// An answer whose body a mapping holds, whatever the upstream sent.
    pub(crate) fn fixed(status: StatusCode, content_type: Option<&str>, body: &str) -> Self {
        let content_type = content_type
            .and_then(|text| HeaderValue::from_str(text).ok())
            .unwrap_or(HeaderValue::from_static("application/json"));
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type)],
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// The V1 error that stands in for an upstream error without JSON.
    pub(crate) fn upstream_error(status: StatusCode, message: &str) -> Self {
        Self::v1_error(status, message, None, Map::new())
    }

    /// Which methods a path has, as V1 servers answered `OPTIONS`.
    pub(crate) fn options(allowed: &[Method]) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/html; charset=utf-8"),
                ),
                (header::ALLOW, allow(allowed)),
            ],
            body: Bytes::new(),
        }
    }

    /// How V1 servers asked for credentials.
    fn challenge() -> Self {
        let html = Some("text/html; charset=utf-8");
        Self::fixed(StatusCode::UNAUTHORIZED, html, "Unauthorized").with_challenge()
    }

    /// The V1 error body.
    fn v1_error(
        status: StatusCode,
        message: &str,
        operation: Option<&str>,
        mut detail: Map<String, Value>,
    ) -> Self {
        detail.entry("error_codes").or_insert_with(|| json!([]));
        if let Some(operation) = operation {
            detail.insert("v1_operation".to_owned(), operation.into());
        }
        Self::json(
            status,
            "application/json",
            &json!({ "message": message, "httpcode": status.as_u16(), "detail": detail }),
        )
    }

    fn v2_error(status: StatusCode, message: &str, error_type: &str) -> Self {
        Self::json(
            status,
            "application/json",
            &json!({
                "code": status.as_u16(),
                "error_type": error_type.replace(' ', "_"),
                "message": message,
                "httpcode": status.as_u16(),
                "detail": { "error_codes": [] },
            }),
        )
    }

    fn problem(status: StatusCode, title: &str, detail: Option<&str>) -> Self {
        Self::json(
            status,
            "application/problem+json",
            &json!({
                "type": "about:blank",
                "title": title,
                "status": status.as_u16(),
                "detail": detail,
            }),
        )
    }

    fn json(status: StatusCode, content_type: &'static str, body: &Value) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))],
            body: Bytes::from(body.to_string()),
        }
    }

    /// Adds what V1 servers put into every 401, if it is one: clients that send no credentials
    /// at first wait for it.
    pub(crate) fn with_challenge(mut self) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(CHALLENGE);
            self.headers
                .retain(|(name, _)| name != header::WWW_AUTHENTICATE);
            self.headers.push((header::WWW_AUTHENTICATE, challenge));
        }
        self
    }

    /// Its header, with the length of the body, and its body.
    pub(crate) fn into_parts(self) -> pingora::Result<(ResponseHeader, Bytes)> {
        let mut head = ResponseHeader::build(self.status, Some(self.headers.len() + 3))?;
        for (name, value) in self.headers {
            head.insert_header(name, value)?;
        }
        head.insert_header(header::CONTENT_LENGTH, self.body.len())?;
        Ok((head, self.body))
    }
}

/// Adds to the header of a 401 what V1 servers put there, as [`Answer::with_challenge`].
pub(crate) fn challenge(head: &mut ResponseHeader) -> pingora::Result<()> {
    if head.status == StatusCode::UNAUTHORIZED {
        head.insert_header(header::WWW_AUTHENTICATE, CHALLENGE)?;
    }
    Ok(())
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn allow(methods: &[Method]) -> HeaderValue {
    let list: Vec<&str> = methods.iter().map(Method::as_str).collect();
    HeaderValue::from_str(&list.join(", ")).expect("methods are tokens")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(failure: &Failure, generation: Generation) -> (u16, Value) {
        let (head, body) = failure
            .answer(generation, Some("get_image"))
            .unwrap()
            .into_parts()
            .unwrap();
        (head.status.as_u16(), serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn v1_errors_carry_message_httpcode_and_an_object_as_detail() {
        let failure = Failure::wrong_answer("no");
        let (status, body) = body(&failure, Generation::V1);
        assert_eq!(status, 502);
        assert_eq!(
            body,
            json!({"message": "no", "httpcode": 502,
                   "detail": {"error_codes": [], "v1_operation": "get_image"}})
        );
    }

    #[test]
    fn v2_errors_are_the_union_that_v2_clients_read() {
        let failure = Failure::new(Kind::UpstreamTimeout, "slow");
        let (status, body) = body(&failure, Generation::V2);
        assert_eq!(status, 504);
        assert_eq!(
            body,
            json!({"code": 504, "error_type": "upstream_timeout", "message": "slow",
                   "httpcode": 504, "detail": {"error_codes": []}})
        );
    }

    #[test]
    fn unknown_routes_and_wrong_methods_are_problems_with_the_texts_clients_look_for() {
        let (status, unknown) = body(&Failure::unknown_route(), Generation::V1);
        assert_eq!(status, 404);
        assert_eq!(unknown["title"], "Not Found");
        assert!(
            unknown["detail"]
                .as_str()
                .unwrap()
                .starts_with("The requested URL was not found")
        );
        let failure = Failure::wrong_method(vec![Method::GET, Method::HEAD]);
        let (status, wrong) = body(&failure, Generation::V1);
        assert_eq!(status, 405);
        assert_eq!(wrong["detail"], "Method Not Allowed");
        let (head, _) = failure
            .answer(Generation::V1, None)
            .unwrap()
            .into_parts()
            .unwrap();
        assert_eq!(head.headers[header::ALLOW], "GET, HEAD");
    }

    #[test]
    fn nobody_is_answered_when_the_client_is_gone() {
        let failure = Failure::downstream(Error::new(ErrorType::ConnectionClosed));
        assert!(failure.answer(Generation::V1, None).is_none());
        assert_eq!(failure.outcome(), Outcome::Failed);
    }

    #[test]
    fn a_step_that_refuses_decides_the_status() {
        let failure = Failure::response_body(RewriteError::Step {
            step: "check".into(),
            error: StepError::refused(404, "image is not analyzed"),
        });
        assert_eq!(failure.status().unwrap(), 404);
        assert_eq!(failure.outcome(), Outcome::Refused);
    }
}
