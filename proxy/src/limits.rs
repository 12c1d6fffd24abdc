//! Bounds on what one request may cost, each with the name it has in the settings and in the
//! errors that it causes.

use std::time::Duration;

use http::StatusCode;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use windlass_transforms::rewrite;

use crate::error::{Failure, Kind};
use crate::headers;

/// Sizes: bytes, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `max_uri_bytes`: path and query of a request.
    pub max_uri_bytes: usize,
    /// `max_header_bytes`: all header fields of a request together.
    pub max_header_bytes: usize,
    /// `max_body_bytes`: a request body that passes as it is.
    pub max_body_bytes: usize,
    /// `max_rewritten_body_bytes`: a request body that must be read whole to be rewritten.
    pub max_rewritten_body_bytes: usize,
    /// `max_lookup_bytes`: the answer of a look-up.
    pub max_lookup_bytes: usize,
    /// `max_held_bytes`: what rewriting an answer may hold back.
    pub max_held_bytes: usize,
    /// `max_upstream_calls`: V2 calls made for one V1 request (a number).
    pub max_upstream_calls: usize,
    /// `max_depth`: levels of arrays and objects in a rewritten body.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let rewrite = rewrite::Limits::default();
        Self {
            max_uri_bytes: 16 << 10,
            max_header_bytes: 64 << 10,
            max_body_bytes: 1 << 30,
            max_rewritten_body_bytes: 16 << 20,
            max_lookup_bytes: 4 << 20,
            max_held_bytes: rewrite.max_held_bytes,
            max_upstream_calls: 10_000,
            max_depth: rewrite.max_depth,
        }
    }
}

impl Limits {
    /// The bounds of rewriting.
    pub(crate) fn rewrite(&self) -> rewrite::Limits {
        rewrite::Limits {
            max_depth: self.max_depth,
            max_held_bytes: self.max_held_bytes,
        }
    }

    /// The bounds of rewriting a request body, which is in memory as a whole already.
    pub(crate) fn rewrite_request(&self) -> rewrite::Limits {
        rewrite::Limits {
            max_depth: self.max_depth,
            max_held_bytes: self.max_rewritten_body_bytes.saturating_mul(2),
        }
    }

    /// Checks what a request header alone can tell.
    pub(crate) fn check_head(&self, head: &RequestHeader) -> Result<(), Failure> {
        if head.raw_path().len() > self.max_uri_bytes {
            return Err(Failure::too_large(
                StatusCode::URI_TOO_LONG,
                "the path with its query",
                "max_uri_bytes",
                self.max_uri_bytes,
            ));
        }
        // What a field needs on the wire besides name and value: `: ` and the line end.
        let fields: usize = head
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if fields > self.max_header_bytes {
            return Err(Failure::too_large(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "the request header",
                "max_header_bytes",
                self.max_header_bytes,
            ));
        }
        if headers::content_length(&head.headers).is_some_and(|n| n > self.max_body_bytes as u64) {
            return Err(self.body_too_large());
        }
        Ok(())
    }

    /// Checks how much of a passed-through body has come so far.
    pub(crate) fn check_passed_body(&self, bytes: u64) -> pingora::Result<()> {
        if bytes > self.max_body_bytes as u64 {
            let status = ErrorType::HTTPStatus(StatusCode::PAYLOAD_TOO_LARGE.as_u16());
            return Err(Error::new_down(status));
        }
        Ok(())
    }

    /// The refusal of a body beyond `max_body_bytes`.
    pub(crate) fn body_too_large(&self) -> Failure {
        Failure::too_large(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request body",
            "max_body_bytes",
            self.max_body_bytes,
        )
    }

    /// The refusal of a body beyond `max_rewritten_body_bytes`.
    pub(crate) fn rewritten_body_too_large(&self) -> Failure {
        Failure::too_large(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request body",
            "max_rewritten_body_bytes",
            self.max_rewritten_body_bytes,
        )
    }

    /// Checks how many V2 calls one request has come to.
    pub(crate) fn check_calls(&self, calls: usize) -> Result<(), Failure> {
        if calls > self.max_upstream_calls {
            return Err(Failure::new(
                Kind::WrongAnswer,
                format!(
                    "the answer takes more than {} V2 calls (limit `max_upstream_calls`)",
                    self.max_upstream_calls
                ),
            ));
        }
        Ok(())
    }

    /// The failure of a look-up whose answer is beyond `max_lookup_bytes`.
    pub(crate) fn lookup_too_large(&self) -> Failure {
        Failure::new(
            Kind::WrongAnswer,
            format!(
                "the answer of a look-up is larger than {} bytes (limit `max_lookup_bytes`)",
                self.max_lookup_bytes
            ),
        )
    }
}

/// How long the other side may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// `client_idle_timeout`: a kept-open connection without a request.
    pub client_idle: Duration,
    /// `client_read_timeout`: the next piece of a request body.
    pub client_read: Duration,
    /// `client_write_timeout`: the client takes the next piece of an answer.
    pub client_write: Duration,
    /// `upstream_connect_timeout`: a connection to the upstream, TLS included.
    pub upstream_connect: Duration,
    /// `upstream_read_timeout`: the next piece of an upstream answer, its header included.
    pub upstream_read: Duration,
    /// `upstream_write_timeout`: the upstream takes the next piece of a request.
    pub upstream_write: Duration,
    /// `upstream_idle_timeout`: a kept-open upstream connection without a request.
    pub upstream_idle: Duration,
    /// `drain_timeout`: requests under way when the proxy is told to stop.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            client_idle: Duration::from_secs(60),
            client_read: Duration::from_secs(60),
            client_write: Duration::from_secs(60),
            upstream_connect: Duration::from_secs(5),
            upstream_read: Duration::from_secs(120),
            upstream_write: Duration::from_secs(60),
            upstream_idle: Duration::from_secs(50),
            drain: Duration::from_secs(30),
        }
    }
}

impl Timeouts {
    /// Applies those of the client's side to a connection.
    pub(crate) fn apply(&self, session: &mut Session) {
        session.set_read_timeout(Some(self.client_read));
        session.set_write_timeout(Some(self.client_write));
        session.set_total_drain_timeout(Some(self.client_read));
        // Clients decide whether a connection is kept, we decide for how long.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(self.client_idle.as_secs().max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn header_limits_name_themselves() {
        let limits = Limits {
            max_uri_bytes: 10,
            max_header_bytes: 30,
            ..Limits::default()
        };
        let mut head = RequestHeader::build(Method::GET, b"/v1/images?a=b", None).unwrap();
        let failure = limits.check_head(&head).unwrap_err();
        assert_eq!(failure.status().unwrap(), 414);
        assert!(failure.to_string().contains("`max_uri_bytes`"));

        head = RequestHeader::build(Method::GET, b"/v1", None).unwrap();
        assert!(limits.check_head(&head).is_ok());
        head.insert_header("x-long", "x".repeat(30)).unwrap();
        let failure = limits.check_head(&head).unwrap_err();
        assert_eq!(failure.status().unwrap(), 431);
        assert!(
            failure
                .to_string()
                .contains("30 bytes (limit `max_header_bytes`)")
        );
    }
}
