//! Tokens and the forms they are asked for with. Errors are those of RFC 6749.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::ApiError;
use crate::resources::rbac_manager::saml::LoginError;

/// What to give for a token.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// `password` (default), `refresh_token`, or `urn:ietf:params:oauth:grant-type:saml2-bearer`.
    pub(crate) grant_type: Option<String>,
    /// The user; may come in the `Authorization` header instead.
    pub(crate) username: Option<String>,
    /// The user's password; may come in the `Authorization` header instead.
    pub(crate) password: Option<String>,
    /// Which client asks; only `anonymous` (default) is known.
    pub(crate) client_id: Option<String>,
    /// A refresh token, for the grant of that name.
    pub(crate) refresh_token: Option<String>,
    /// An assertion of an identity provider in base64url, for the grant of RFC 7522.
    pub(crate) assertion: Option<String>,
}

/// A token to end.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RevocationRequest {
    /// The refresh token.
    pub(crate) token: Option<String>,
    /// What kind of token it is; only `refresh_token` can be ended.
    pub(crate) token_type_hint: Option<String>,
}

/// A bearer token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    /// The token, for the header `Authorization: Bearer …`.
    pub(crate) access_token: String,
    /// Seconds it is good for.
    pub(crate) expires_in: i64,
    /// Always `Bearer`.
    pub(crate) token_type: &'static str,
    /// Gets further access tokens without the password; given with the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
}

/// Why there is no token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OauthErrorResponse {
    /// The word RFC 6749 has for it.
    pub(crate) error: &'static str,
    /// A sentence for people.
    pub(crate) error_description: String,
}

/// An error of the token endpoints.
pub(crate) enum OauthError {
    /// One that RFC 6749 knows.
    Known(StatusCode, OauthErrorResponse),
    /// Any other.
    Other(ApiError),
}

impl OauthError {
    /// 400 with a word of RFC 6749.
    pub(crate) fn bad_request(error: &'static str, description: impl Into<String>) -> Self {
        let body = OauthErrorResponse {
            error,
            error_description: description.into(),
        };
        Self::Known(StatusCode::BAD_REQUEST, body)
    }

    /// 401: what the `Authorization` header says is wrong, or is needed and missing.
    pub(crate) fn unauthorized(description: impl Into<String>) -> Self {
        let body = OauthErrorResponse {
            error: "invalid_client",
            error_description: description.into(),
        };
        Self::Known(StatusCode::UNAUTHORIZED, body)
    }
}

impl From<ApiError> for OauthError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<LoginError> for OauthError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Untrusted(reason) => Self::bad_request(
                "invalid_grant",
                format!("the assertion is not accepted: {reason}"),
            ),
            LoginError::Denied(reason) => {
                Self::bad_request("invalid_grant", format!("the login is refused: {reason}"))
            }
            LoginError::Other(error) => Self::Other(error),
        }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        match self {
            Self::Other(error) => error.into_response(),
            Self::Known(status, body) => {
                let mut response = (status, NOT_STORED, axum::Json(body)).into_response();
                if status == StatusCode::UNAUTHORIZED {
                    response.headers_mut().insert(
                        header::WWW_AUTHENTICATE,
                        HeaderValue::from_static(crate::http::error::CHALLENGE),
                    );
                }
                response
            }
        }
    }
}

/// Headers that keep tokens out of caches.
pub(crate) const NOT_STORED: [(header::HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
];
