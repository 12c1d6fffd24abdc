//! JSON bodies in and out.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::problem::number;
use super::strict::Strict;
use super::{ApiError, Problem};
use crate::state::AppState;

/// A JSON body. In: checked against its type, with an answer that says where it does not fit.
/// `Option<Json<T>>` also takes an empty body.
#[derive(Debug, Clone)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let bytes = read_json(request, state).await?;
        parse(&bytes).map(Self).map_err(ApiError::from)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Option<Self>, ApiError> {
        let kind = content_type(request.headers());
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json(&kind) {
            return Err(Problem::wrong_content_type(&kind, "JSON data").into());
        }
        Ok(Some(Self(parse(&bytes)?)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => JsonText(body).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

/// A JSON body out that is text already.
#[derive(Debug, Clone)]
pub(crate) struct JsonText<T>(pub(crate) T);

impl<T: Into<Body>> IntoResponse for JsonText<T> {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, kind)], self.0.into()).into_response()
    }
}

/// Reads a whole body, up to the limit for ordinary requests.
///
/// # Errors
/// As [`read_up_to`].
pub(crate) async fn read(request: Request, state: &AppState) -> Result<Bytes, Problem> {
    read_up_to(request, state.limits.body_bytes, "max_body_bytes").await
}

/// Reads a whole body that is announced as JSON.
///
/// # Errors
/// 415 when it is announced as something else, and as [`read_up_to`].
pub(crate) async fn read_json(request: Request, state: &AppState) -> Result<Bytes, Problem> {
    let kind = content_type(request.headers());
    if !is_json(&kind) {
        return Err(Problem::wrong_content_type(&kind, "JSON data"));
    }
    read(request, state).await
}

/// Reads a whole body of at most `limit` bytes, a limit that `setting` sets.
///
/// # Errors
/// 413 beyond the limit, 400 when the client stops in the middle.
pub(crate) async fn read_up_to(
    request: Request,
    limit: usize,
    setting: &'static str,
) -> Result<Bytes, Problem> {
    let body = request.into_body();
    // What is announced as too long need not be read.
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::too_large(limit, setting));
    }
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let is_too_long = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if is_too_long {
            Problem::too_large(limit, setting)
        } else {
            Problem::bad_request("the request body ended before it was complete")
        }
    })
}

/// Reads `bytes` as JSON of the form `T`.
///
/// # Errors
/// A problem that names the place, what was expected and what came.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad_request(
            "Request body is empty, expected a JSON document",
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(text(bytes)?);
    let value = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let place = error.path().to_string();
        let cause = error.into_inner();
        Problem::bad_request(match cause.classify() {
            Category::Data if place == "." => format!("Request body: {}", in_words(&cause)),
            Category::Data => format!("Request body, `{place}`: {}", in_words(&cause)),
            _ => format!("Request body is not valid JSON: {cause}"),
        })
    })?;
    reader.end().map_err(|cause| {
        Problem::bad_request(format!("Request body is not valid JSON: {cause}"))
    })?;
    Ok(value)
}

/// JSON is UTF-8 everywhere, also in members that nobody reads.
///
/// # Errors
/// A problem that says where it is not.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let place = error.valid_up_to();
        Problem::bad_request(format!(
            "Request body is not valid JSON: no UTF-8 at byte {place}"
        ))
    })
}

/// The message without words of our own language.
fn in_words(cause: &serde_json::Error) -> String {
    let message = cause
        .to_string()
        .replace("expected struct ", "expected an object, ")
        .replace("invalid type: map,", "invalid type: object,")
        .replace("invalid type: sequence,", "invalid type: array,")
        .replace("expected a sequence", "expected an array")
        .replace("expected a map", "expected an object");
    [
        ("u16", number::U16),
        ("u32", number::U32),
        ("u64", number::U64),
        ("i32", number::I32),
        ("i64", number::I64),
    ]
    .iter()
    .fold(message, |message, (ours, theirs)| {
        message.replace(&format!("expected {ours}"), &format!("expected {theirs}"))
    })
}

/// The media type of the body, without parameters; empty when there is none.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn is_json(kind: &str) -> bool {
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}
