//! The operations on the passwords of users.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{AccessCredential, CredentialQuery, CredentialType};
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::accounts::users;
use crate::resources::accounts::users::types::{User, UserType};
use crate::state::AppState;
use crate::store::Transaction;

/// List the credentials of a user
#[utoipa::path(
    get, path = "/accounts/{account_name}/users/{username}/credentials", tag = "User Management",
    params(
        ("account_name" = String, Path, description = "The account"),
        ("username" = String, Path, description = "The user"),
    ),
    extensions(("x-anchore-authz-action" = json!("getUser"))),
    responses((status = 200, description = "The password, masked; nothing when the user has none", body = [AccessCredential])),
)]
pub(super) async fn list_user_credentials(
    State(state): State<AppState>,
    Path((account_name, username)): Path<(String, String)>,
) -> ApiResult<Json<Vec<AccessCredential>>> {
    let found = state
        .read(move |tx| {
            let user = users::existing(tx, &account_name, &username)?;
            masked_credentials(tx, &user.username)
        })
        .await?;
    Ok(Json(found))
}

/// Set the password of a user
///
/// It takes the place of an older one, which is worth nothing from then on.
#[utoipa::path(
    post, path = "/accounts/{account_name}/users/{username}/credentials", tag = "User Management",
    params(
        ("account_name" = String, Path, description = "The account"),
        ("username" = String, Path, description = "The user"),
    ),
    extensions(("x-anchore-authz-action" = json!("updateUser"))),
    request_body = AccessCredential,
    responses((status = 200, description = "The password, masked", body = AccessCredential)),
)]
pub(super) async fn create_user_credential(
    State(state): State<AppState>,
    Path((account_name, username)): Path<(String, String)>,
    Json(request): Json<AccessCredential>,
) -> ApiResult<Json<AccessCredential>> {
    let set = replace_password(&state, request, move |tx| {
        users::existing(tx, &account_name, &username)
    })
    .await?;
    Ok(Json(set))
}

/// Remove the password of a user
///
/// The user cannot log in until another one is set. Nobody can remove their own.
#[utoipa::path(
    delete, path = "/accounts/{account_name}/users/{username}/credentials", tag = "User Management",
    params(
        ("account_name" = String, Path, description = "The account"),
        ("username" = String, Path, description = "The user"),
        CredentialQuery,
    ),
    extensions(("x-anchore-authz-action" = json!("updateUser"))),
    responses((status = 204, description = "The user has no password")),
)]
pub(super) async fn delete_user_credential(
    State(state): State<AppState>,
    caller: Caller,
    Path((account_name, username)): Path<(String, String)>,
    Query(query): Query<CredentialQuery>,
) -> ApiResult<StatusCode> {
    // There is only one kind; another one is a compile error here.
    let CredentialType::Password = query.credential_type;
    let now = state.now();
    state
        .write(move |tx| {
            let user = users::existing(tx, &account_name, &username)?;
            if user.username == caller.username() {
                return Err(ApiError::bad_request(
                    "Users cannot remove their own credential",
                ));
            }
            Ok(store::remove(tx, &user.username, now)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user's credentials as they are shown.
pub(crate) fn masked_credentials(
    tx: &mut Transaction<'_>,
    username: &str,
) -> ApiResult<Vec<AccessCredential>> {
    let created_at = store::created_at(tx, username)?;
    Ok(created_at
        .map(AccessCredential::masked)
        .into_iter()
        .collect())
}

/// Sets the password of the user that `find` finds.
///
/// # Errors
/// Those of `find`; 400 for an empty password, or a user who logs in elsewhere.
pub(crate) async fn replace_password(
    state: &AppState,
    wanted: AccessCredential,
    find: impl Fn(&mut Transaction<'_>) -> ApiResult<User> + Send + 'static,
) -> ApiResult<AccessCredential> {
    if wanted.value.is_empty() {
        return Err(ApiError::bad_request("`value` must not be empty"));
    }
    let hash = state.passwords.hash(wanted.value).await?;
    let now = state.now();
    state
        .write(move |tx| {
            let user = find(tx)?;
            if user.kind != UserType::Native {
                return Err(ApiError::bad_request(
                    "Users of an identity provider cannot have a password",
                ));
            }
            store::put(tx, &user.username, &hash, now)?;
            Ok(AccessCredential::masked(now))
        })
        .await
}
