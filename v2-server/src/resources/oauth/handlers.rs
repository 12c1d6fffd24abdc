//! Getting and ending tokens. No login is needed: what comes is the login.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::store;
use super::types::{
    NOT_STORED, OauthError, OauthErrorResponse, RevocationRequest, TokenRequest, TokenResponse,
};
use crate::access::identity::{self, AccountState, Identity};
use crate::http::auth::{self, Credentials};
use crate::http::{ApiError, ApiResult, Json, Problem, body, query};
use crate::resources::rbac_manager::saml::with_assertion;
use crate::state::AppState;

const FORM: &str = "application/x-www-form-urlencoded";
/// The only client there is: everyone.
const CLIENT: &str = "anonymous";
/// The grant of RFC 7522.
const SAML_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// Get a bearer token
///
/// For a user name and password, in the form or in the `Authorization` header, for a refresh token, or for the assertion
/// of an identity provider.
#[utoipa::path(
    post, path = "/oauth/token", tag = "Authentication", security(()),
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body(content = Option<TokenRequest>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token", body = TokenResponse),
        (status = 400, description = "The request or what it gives is no good", body = OauthErrorResponse),
        (status = 401, description = "The `Authorization` header is wrong or missing", body = OauthErrorResponse),
    ),
)]
pub(super) async fn get_oauth_token(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, OauthError> {
    let credentials = Credentials::from_headers(request.headers());
    let form: TokenRequest = read_form(&state, request).await?;
    if form
        .client_id
        .as_deref()
        .is_some_and(|client| client != CLIENT)
    {
        return Err(OauthError::bad_request(
            "invalid_client",
            format!("the only client is `{CLIENT}`"),
        ));
    }
    let token = match form.grant_type.as_deref().unwrap_or("password") {
        "password" => {
            let identity = with_password(&state, form, credentials).await?;
            let refresh_token = new_refresh_token(&state, &identity).await?;
            issue(&state, &identity, Some(refresh_token))?
        }
        "refresh_token" => {
            let identity = with_refresh_token(&state, form.refresh_token).await?;
            issue(&state, &identity, None)?
        }
        SAML_BEARER => {
            let assertion = form.assertion.ok_or_else(|| {
                OauthError::bad_request("invalid_request", "`assertion` is required")
            })?;
            let identity = with_assertion(&state, &assertion).await?;
            issue(&state, &identity, None)?
        }
        other => {
            return Err(OauthError::bad_request(
                "unsupported_grant_type",
                format!("Grant type '{other}' is not supported"),
            ));
        }
    };
    Ok((NOT_STORED, Json(token)).into_response())
}

/// End a refresh token
///
/// Ending one that is unknown succeeds as well. Access tokens cannot be ended; they are over soon.
#[utoipa::path(
    post, path = "/oauth/revoke", tag = "Authentication", security(()),
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body(content = Option<RevocationRequest>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is worth nothing any more"),
        (status = 400, description = "The request is no good", body = OauthErrorResponse),
        (status = 401, description = "Tokens of this kind cannot be ended", body = OauthErrorResponse),
    ),
)]
pub(super) async fn revoke_oauth_token(
    State(state): State<AppState>,
    request: Request,
) -> Result<StatusCode, OauthError> {
    let form: RevocationRequest = read_form(&state, request).await?;
    let token = form
        .token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| OauthError::bad_request("invalid_request", "`token` is required"))?;
    let is_other_kind = form
        .token_type_hint
        .is_some_and(|hint| hint != "refresh_token");
    if is_other_kind || state.tokens.verify(&token, state.now()).is_ok() {
        return Err(OauthError::unauthorized(
            "only refresh tokens can be revoked",
        ));
    }
    let digest = digest(&token);
    state
        .write(move |tx| Ok(store::revoke(tx, &digest)?))
        .await?;
    Ok(StatusCode::OK)
}

/// Reads the form of a request.
///
/// # Errors
/// A problem: it is of another kind, too long, no UTF-8, or lacks a field.
pub(crate) async fn read_form<T: DeserializeOwned>(
    state: &AppState,
    request: Request,
) -> ApiResult<T> {
    let kind = body::content_type(request.headers());
    let bytes = body::read(request, state).await?;
    if !bytes.is_empty() && kind != FORM {
        return Err(Problem::wrong_content_type(&kind, FORM).into());
    }
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Problem::bad_request("the form is not UTF-8"))?;
    Ok(query::parse(text, "form field")?)
}

/// The user of the form, or else of the `Authorization` header.
async fn with_password(
    state: &AppState,
    form: TokenRequest,
    credentials: Option<Credentials>,
) -> Result<Identity, OauthError> {
    let is_in_form = form.username.is_some() || form.password.is_some();
    let given = match credentials {
        _ if is_in_form => form.username.zip(form.password).ok_or_else(|| {
            OauthError::bad_request(
                "invalid_request",
                "`username` and `password` must both be given",
            )
        }),
        Some(Credentials::Basic { username, password }) => Ok((username, password)),
        _ => Err(OauthError::unauthorized(
            "give `username` and `password`, in the form or as HTTP Basic",
        )),
    };
    let (username, password) = given?;
    let identity = auth::with_password(state, username, password)
        .await
        .map_err(|error| match error {
            error if !error.is_unauthorized() => error.into(),
            _ if is_in_form => {
                OauthError::bad_request("invalid_grant", "user name or password is wrong")
            }
            _ => OauthError::unauthorized("user name or password is wrong"),
        })?;
    enabled(identity)
}

/// The user a refresh token belongs to.
async fn with_refresh_token(
    state: &AppState,
    token: Option<String>,
) -> Result<Identity, OauthError> {
    let token = token
        .ok_or_else(|| OauthError::bad_request("invalid_request", "`refresh_token` is required"))?;
    let (digest, now) = (digest(&token), state.now());
    let identity = state
        .read(move |tx| {
            let Some(user) = store::owner(tx, &digest, now)? else {
                return Ok(None);
            };
            Ok(identity::by_uuid(tx, user)?)
        })
        .await?
        .ok_or_else(|| {
            OauthError::bad_request("invalid_grant", "the refresh token is unknown or over")
        })?;
    enabled(identity)
}

fn enabled(identity: Identity) -> Result<Identity, OauthError> {
    check_enabled(&identity)?;
    Ok(identity)
}

fn check_enabled(identity: &Identity) -> ApiResult<()> {
    if identity.account_state == AccountState::Enabled {
        Ok(())
    } else {
        Err(ApiError::account_not_enabled(&identity.account_name))
    }
}

/// A new access token for a user who has shown who they are.
///
/// # Errors
/// 403 when the account is not enabled.
pub(crate) fn access_token(state: &AppState, identity: &Identity) -> ApiResult<String> {
    check_enabled(identity)?;
    state.tokens.issue(identity.uuid, state.uuid(), state.now())
}

async fn new_refresh_token(state: &AppState, identity: &Identity) -> Result<String, OauthError> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let (digest, user, now) = (digest(&token), identity.uuid, state.now());
    let expires_at = now.plus_seconds(state.tokens.refresh_lifetime);
    state
        .write(move |tx| Ok(store::keep(tx, &digest, user, now, expires_at)?))
        .await?;
    Ok(token)
}

fn issue(
    state: &AppState,
    identity: &Identity,
    refresh_token: Option<String>,
) -> Result<TokenResponse, OauthError> {
    Ok(TokenResponse {
        access_token: access_token(state, identity)?,
        expires_in: state.tokens.lifetime,
        token_type: "Bearer",
        refresh_token,
    })
}

/// What is kept of a refresh token. It is random and long: a plain digest cannot be searched.
fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}
