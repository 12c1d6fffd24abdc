//! Errors of handlers. A handler names what happened (`ApiError::not_found("…")`); the status, the
//! body and what is logged are decided here and nowhere else.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::Problem;
use crate::store;

/// The challenge of a 401. Browsers, and clients that wait to be asked, send credentials after it.
pub(crate) const CHALLENGE: &str = r#"basic realm="Authentication required""#;

/// A result of a handler.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// An error answer.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// Raised by a handler.
    Api(Box<Failure>),
    /// Found before or instead of a handler.
    Problem(Box<Problem>),
}

/// What a handler found wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    error_type: &'static str,
    message: String,
    error_codes: Vec<&'static str>,
    detail: Map<String, Value>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The body of an error raised by a handler. `httpcode` repeats `code` for clients that look there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApiErrorResponse {
    /// The status of the answer.
    pub(crate) code: u16,
    /// A word for the kind of error.
    pub(crate) error_type: String,
    /// A sentence for people.
    pub(crate) message: String,
    /// The status of the answer.
    pub(crate) httpcode: u16,
    /// More about the error; `error_codes` is always there.
    #[schema(value_type = Object)]
    pub(crate) detail: Value,
}

impl ApiError {
    fn new(status: StatusCode, error_type: &'static str, message: impl Into<String>) -> Self {
        Self::Api(Box::new(Failure {
            status,
            error_type,
            message: message.into(),
            error_codes: Vec::new(),
            detail: Map::new(),
            cause: None,
        }))
    }

    /// 400: the request fits its schema but asks for something that cannot be.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401: nobody we know. Never says which part of the credentials is wrong.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized")
    }

    /// 401: what was brought as a proof of who calls is none.
    pub(crate) fn untrusted(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: the caller may not do this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 403: the caller lacks a permission. Clients look for this text.
    pub(crate) fn lacks_permission(domain: &str, action: &str) -> Self {
        Self::forbidden(format!(
            "Not authorized. Requires permissions: domain={domain} action={action} target=*"
        ))
        .with_detail(
            "permission_required",
            json!({ "domain": domain, "action": action, "target": "*" }),
        )
    }

    /// 403: the account is disabled or going away. Clients look for this text.
    pub(crate) fn account_not_enabled(account: &str) -> Self {
        Self::forbidden(format!("Not authorized. Account {account} not enabled."))
    }

    /// 404: what the path names is not there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 406: the request is well formed but what it gives is not accepted, such as a registry login.
    pub(crate) fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
    }

    /// 409: the state of things does not allow it.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// 502: somebody this server had to ask did not do their part.
    pub(crate) fn bad_gateway(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "bad_gateway", message)
    }

    /// 503: not now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable",
            message,
        )
    }

    /// 500: our fault. `cause` goes to the log, never to the client.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let Self::Api(mut failure) = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Internal error",
        ) else {
            unreachable!("new() makes failures of handlers")
        };
        failure.cause = Some(cause.into());
        Self::Api(failure)
    }

    /// Adds one of the named codes of `GET /system/error-codes`.
    #[must_use]
    pub(crate) fn with_code(mut self, code: &'static str) -> Self {
        if let Self::Api(failure) = &mut self {
            failure.error_codes.push(code);
        }
        self
    }

    /// Adds a member to `detail`.
    #[must_use]
    pub(crate) fn with_detail(mut self, name: &str, value: Value) -> Self {
        if let Self::Api(failure) = &mut self {
            failure.detail.insert(name.to_owned(), value);
        }
        self
    }

    /// Whether the credentials were wrong.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Api(failure) if failure.status == StatusCode::UNAUTHORIZED)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            // The account went away between the permission check and the write.
            store::Error::MissingReference { .. } => {
                Self::conflict("what this refers to was removed in the meantime")
            }
            store::Error::Nul => Self::bad_request("text must not have the character U+0000"),
            error => Self::internal(error),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(failure) => write!(f, "{}", failure.message)?,
            Self::Problem(problem) => write!(f, "{problem:?}")?,
        }
        if let Self::Api(failure) = self {
            let mut cause = failure
                .cause
                .as_deref()
                .map(|cause| cause as &dyn std::error::Error);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Api(failure) = &self
            && failure.cause.is_some()
        {
            tracing::error!("{self}");
        }
        let failure = match self {
            Self::Problem(problem) => return problem.into_response(),
            Self::Api(failure) => failure,
        };
        let mut detail = failure.detail;
        detail.insert("error_codes".to_owned(), json!(failure.error_codes));
        let body = ApiErrorResponse {
            code: failure.status.as_u16(),
            error_type: failure.error_type.to_owned(),
            message: failure.message,
            httpcode: failure.status.as_u16(),
            detail: Value::Object(detail),
        };
        let mut response = (failure.status, axum::Json(body)).into_response();
        if failure.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(CHALLENGE),
            );
        }
        response
    }
}
