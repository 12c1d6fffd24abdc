//! Problems found before a handler runs: unknown paths, wrong methods, requests that do not fit
//! their schema. They are `application/problem+json` (RFC 7807) with `detail` as a text.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What messages say is expected where a number is.
pub(super) mod number {
    pub(in super::super) const I32: &str = "an integer";
    pub(in super::super) const I64: &str = "an integer";
    pub(in super::super) const U16: &str = "a whole number from 0 to 65535";
    pub(in super::super) const U32: &str = "a whole number from 0 to 4294967295";
    pub(in super::super) const U64: &str = "a whole number, 0 or more";
}

/// A request that no handler has seen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the title says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the status.
    title: Cow<'static, str>,
    /// What is wrong: the place, what was expected, what came.
    detail: Cow<'static, str>,
    /// The status of the answer.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").into(),
            detail: detail.into(),
            status,
        }
    }

    /// 400: the request does not fit its schema. `detail` names place, expectation and what came.
    pub(crate) fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404: no such path. Clients look for the first sentence to tell an old server.
    pub(crate) fn unknown_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "The requested URL was not found on the server. If you entered the URL manually please \
             check your spelling and try again.",
        )
    }

    /// 405: the path exists, but not with this method. Clients look for exactly this text.
    pub(crate) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    /// 408: the request did not arrive in time.
    pub(crate) fn too_slow(seconds: u64) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "the request took longer than {seconds} seconds (setting `request_timeout_seconds`)"
            ),
        )
    }

    /// 413: the body is longer than allowed by `setting`.
    pub(crate) fn too_large(limit: usize, setting: &'static str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request body is longer than {limit} bytes (setting `{setting}`)"),
        )
    }

    /// 415: the body is of a kind this operation does not read.
    pub(crate) fn wrong_content_type(got: &str, expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("Invalid Content-type ({got}), expected {expected}"),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain texts and a number");
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn status_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}
