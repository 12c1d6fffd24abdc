//! The operations of logins. No login is needed: they are one.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::login::{LoginError, with_response};
use super::provider;
use super::types::{RbacManagerTokenResponse, SamlForm};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Json, Path, Problem};
use crate::resources::oauth;
use crate::saml::request::LoginRequest;
use crate::state::AppState;

/// Begin a login at an identity provider
///
/// The answer is the address that the browser must go to, with a request for the identity provider in it.
#[utoipa::path(
    get, path = "/rbac-manager/saml/login/{idp_name}", tag = "Single Sign-On", security(()),
    params(("idp_name" = String, Path, description = "The identity provider")),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses(
        (status = 200, description = "The address, as `token`", body = RbacManagerTokenResponse),
        (status = 403, description = "Nobody may log in there now", body = ApiErrorResponse),
    ),
)]
pub(super) async fn saml_login(
    State(state): State<AppState>,
    Path(idp_name): Path<String>,
) -> ApiResult<Response> {
    let provider = provider::load(&state, &idp_name).await?;
    let Some(login_url) = &provider.metadata.login_url else {
        return Err(ApiError::forbidden(format!(
            "the metadata of the identity provider `{idp_name}` names no login page for the binding HTTP-Redirect"
        )));
    };
    let now = state.now();
    let id = state.sso.requests.issue(&idp_name, now);
    let request = LoginRequest {
        id: &id,
        sp_entity_id: &provider.configuration.sp_entity_id,
        acs_url: &provider.acs_url,
        now,
    };
    let address = request.address(login_url);
    Ok(not_stored(address.into()))
}

/// Log in with the answer of an identity provider
///
/// Takes the form that the identity provider makes the browser post.
#[utoipa::path(
    post, path = "/rbac-manager/saml/sso/{idp_name}", tag = "Single Sign-On", security(()),
    params(("idp_name" = String, Path, description = "The identity provider")),
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body(content = SamlForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A bearer token of the user", body = RbacManagerTokenResponse),
        (status = 401, description = "The answer proves nothing", body = ApiErrorResponse),
        (status = 403, description = "The user may not log in", body = ApiErrorResponse),
    ),
)]
pub(super) async fn saml_sso(
    State(state): State<AppState>,
    Path(idp_name): Path<String>,
    request: Request,
) -> ApiResult<Response> {
    let form: SamlForm = oauth::read_form(&state, request).await?;
    let text = super::login::text(&form.saml_response).ok_or_else(|| {
        Problem::bad_request("form field `SAMLResponse`: expected a SAML response in base64")
    })?;
    let identity = with_response(&state, &idp_name, &text)
        .await
        .inspect_err(|error| {
            if let LoginError::Untrusted(reason) = error {
                // Escaped: names in it are not ours.
                tracing::warn!(idp.name = idp_name, "refused a SAML response: {reason:?}");
            }
        })?;
    let token = oauth::access_token(&state, &identity)?;
    Ok(not_stored(token))
}

fn not_stored(token: String) -> Response {
    (oauth::NOT_STORED, Json(RbacManagerTokenResponse { token })).into_response()
}
