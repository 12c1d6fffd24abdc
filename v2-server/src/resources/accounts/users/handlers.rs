//! The operations on the users of an account.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{User, UserCreationRequest, UserType};
use crate::access::identity::AccountState;
use crate::bootstrap::ADMIN;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path};
use crate::resources::accounts::{credentials, handlers as accounts, is_protected};
use crate::resources::rbac_manager::saml;
use crate::state::AppState;
use crate::store::Transaction;

/// Names no user can take: they belong to the system.
const RESERVED: [&str; 2] = ["system", "anchore-system"];

/// List the users of an account
#[utoipa::path(
    get, path = "/accounts/{account_name}/users", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("listUsers"))),
    responses((status = 200, description = "Users, oldest first", body = [User])),
)]
pub(super) async fn list_users(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
) -> ApiResult<Json<Vec<User>>> {
    let found = state
        .read(move |tx| {
            accounts::existing(tx, &account_name)?;
            Ok(store::list(tx, &account_name)?)
        })
        .await?;
    Ok(Json(found))
}

/// Make a user
///
/// A new user holds no role, and so may do nothing but look at itself.
#[utoipa::path(
    post, path = "/accounts/{account_name}/users", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("createUser"))),
    request_body = UserCreationRequest,
    responses(
        (status = 200, description = "The user", body = User),
        (status = 409, description = "The name is taken", body = ApiErrorResponse),
    ),
)]
pub(super) async fn create_user(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
    Json(request): Json<UserCreationRequest>,
) -> ApiResult<Json<User>> {
    let username = request.username.0;
    if RESERVED.contains(&username.as_str()) {
        return Err(ApiError::bad_request(format!(
            "The user name `{username}` is reserved"
        )));
    }
    let kind = request.user_type.unwrap_or(UserType::Native);
    match (kind, &request.idp_name) {
        (UserType::Native, Some(_)) => {
            return Err(ApiError::bad_request(
                "`idp_name` must not be given for a user of type `native`",
            ));
        }
        (UserType::Saml, None) => {
            return Err(ApiError::bad_request(
                "`idp_name` must be given for a user of type `saml`",
            ));
        }
        (UserType::Saml, Some(_)) if is_protected(&account_name) => {
            return Err(ApiError::bad_request(format!(
                "the account `{account_name}` is not for users of identity providers"
            )));
        }
        (UserType::Saml, Some(_)) if request.password.is_some() => {
            return Err(ApiError::bad_request(
                "`password` must not be given for a user of type `saml`",
            ));
        }
        _ => {}
    }
    let hash = match request.password {
        Some(password) => Some(state.passwords.hash(password.0).await?),
        None => None,
    };
    let now = state.now();
    let user = User {
        username,
        kind,
        source: None,
        created_at: now,
        last_updated: now,
        idp_name: request.idp_name,
        uuid: state.uuid(),
        account_name,
    };
    let user = state
        .write(move |tx| {
            let account = accounts::existing(tx, &user.account_name)?;
            if account.state == AccountState::Deleting {
                return Err(ApiError::conflict("The account is being deleted"));
            }
            let mut user = user.clone();
            if let Some(name) = &user.idp_name {
                let idp = saml::store::get(tx, name)?.ok_or_else(|| {
                    ApiError::bad_request(format!(
                        "`idp_name`: there is no identity provider `{name}`"
                    ))
                })?;
                user.source = Some(idp.entity_id);
            }
            if !store::insert(tx, &user)? {
                return Err(ApiError::conflict("User already exists"));
            }
            if let Some(hash) = &hash {
                credentials::store::put(tx, &user.username, hash, now)?;
            }
            Ok(user)
        })
        .await?;
    Ok(Json(user))
}

/// Get a user
#[utoipa::path(
    get, path = "/accounts/{account_name}/users/{username}", tag = "User Management",
    params(
        ("account_name" = String, Path, description = "The account"),
        ("username" = String, Path, description = "The user"),
    ),
    extensions(("x-anchore-authz-action" = json!("getUser"))),
    responses((status = 200, description = "The user", body = User)),
)]
pub(super) async fn get_account_user(
    State(state): State<AppState>,
    Path((account_name, username)): Path<(String, String)>,
) -> ApiResult<Json<User>> {
    let found = state
        .peek(move |tx| existing(tx, &account_name, &username))
        .await?;
    Ok(Json(found))
}

/// Delete a user
///
/// The user's tokens stop working at once. Nobody can delete themselves, or the first administrator.
#[utoipa::path(
    delete, path = "/accounts/{account_name}/users/{username}", tag = "User Management",
    params(
        ("account_name" = String, Path, description = "The account"),
        ("username" = String, Path, description = "The user"),
    ),
    extensions(("x-anchore-authz-action" = json!("deleteUser"))),
    responses((status = 204, description = "It is gone")),
)]
pub(super) async fn delete_user(
    State(state): State<AppState>,
    caller: Caller,
    Path((account_name, username)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    state
        .write(move |tx| {
            let user = existing(tx, &account_name, &username)?;
            if user.username == ADMIN {
                return Err(ApiError::bad_request(
                    "User not allowed to be deleted due to system constraints",
                ));
            }
            if user.username == caller.username() {
                return Err(ApiError::bad_request("Users cannot delete themselves"));
            }
            Ok(store::remove(tx, &user.username)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user of this name in this account.
///
/// # Errors
/// 404 when the account is unknown, or has no such user.
pub(crate) fn existing(
    tx: &mut Transaction<'_>,
    account_name: &str,
    username: &str,
) -> ApiResult<User> {
    accounts::existing(tx, account_name)?;
    store::get(tx, username)?
        .filter(|user| user.account_name == account_name)
        .ok_or_else(|| ApiError::not_found("User not found"))
}
