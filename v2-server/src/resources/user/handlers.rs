//! The operations of callers on themselves. None needs a permission.

use axum::extract::State;

use crate::http::{ApiError, ApiResult, Caller, Json};
use crate::resources::accounts::credentials::types::AccessCredential;
use crate::resources::accounts::users::store;
use crate::resources::accounts::users::types::User;
use crate::resources::accounts::{masked_credentials, replace_password};
use crate::state::AppState;
use crate::store::Transaction;

/// Get the caller
#[utoipa::path(
    get, path = "/user", tag = "Identity",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The user", body = User)),
)]
pub(super) async fn get_user(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<User>> {
    let found = state.peek(move |tx| oneself(tx, &caller)).await?;
    Ok(Json(found))
}

/// List the caller's credentials
#[utoipa::path(
    get, path = "/user/credentials", tag = "Identity",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "The password, masked", body = [AccessCredential])),
)]
pub(super) async fn get_credentials(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<AccessCredential>>> {
    let found = state
        .peek(move |tx| masked_credentials(tx, caller.username()))
        .await?;
    Ok(Json(found))
}

/// Set the caller's password
///
/// It takes the place of the older one, which is worth nothing from then on. Servers of this API
/// answer the masked credential here, not the user.
#[utoipa::path(
    post, path = "/user/credentials", tag = "Identity",
    extensions(("x-anchore-authz-action" = json!("None"))),
    request_body = AccessCredential,
    responses((status = 200, description = "The password, masked", body = AccessCredential)),
)]
pub(super) async fn add_credential(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<AccessCredential>,
) -> ApiResult<Json<AccessCredential>> {
    let set = replace_password(&state, request, move |tx| oneself(tx, &caller)).await?;
    Ok(Json(set))
}

fn oneself(tx: &mut Transaction<'_>, caller: &Caller) -> ApiResult<User> {
    store::get(tx, caller.username())?
        .filter(|user| user.uuid == caller.identity.uuid)
        .ok_or_else(|| ApiError::not_found("User not found"))
}
