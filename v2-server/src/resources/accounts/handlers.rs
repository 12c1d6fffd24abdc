//! The operations on accounts.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{
    Account, AccountCreationRequest, AccountInfo, AccountStatus, AccountType, AccountsQuery,
};
use crate::access::action::GLOBAL_DOMAIN;
use crate::access::identity::AccountState;
use crate::bootstrap::ADMIN;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Json, Path, Query};
use crate::resources::events::Origin;
use crate::resources::policies;
use crate::state::AppState;
use crate::store::{Error, Transaction};

/// Names no account can take: the domain of system-wide permissions, and the system's own user.
const RESERVED: [&str; 2] = [GLOBAL_DOMAIN, "anchore-system"];

/// List accounts
#[utoipa::path(
    get, path = "/accounts", tag = "User Management", params(AccountsQuery),
    extensions(("x-anchore-authz-action" = json!("listAccounts"))),
    responses((status = 200, description = "Accounts, oldest first", body = [Account])),
)]
pub(super) async fn list_accounts(
    State(state): State<AppState>,
    Query(query): Query<AccountsQuery>,
) -> ApiResult<Json<Vec<Account>>> {
    let found = state
        .read(move |tx| Ok(store::list(tx, query.state)?))
        .await?;
    Ok(Json(found))
}

/// Make an account
///
/// It begins with the default policy, active.
#[utoipa::path(
    post, path = "/accounts", tag = "User Management",
    extensions(("x-anchore-authz-action" = json!("createAccount"))),
    request_body = AccountCreationRequest,
    responses(
        (status = 200, description = "The account", body = Account),
        (status = 409, description = "The name is taken", body = ApiErrorResponse),
    ),
)]
pub(super) async fn create_account(
    State(state): State<AppState>,
    Json(request): Json<AccountCreationRequest>,
) -> ApiResult<Json<Account>> {
    let now = state.now();
    let account = Account {
        name: request.name.0,
        kind: AccountType::User,
        state: AccountState::Enabled,
        email: request.email.map(|email| email.0),
        created_at: now,
        last_updated: now,
    };
    if RESERVED.contains(&account.name.as_str()) {
        let message = format!("The account name `{}` is reserved", account.name);
        return Err(ApiError::bad_request(message));
    }
    let origin = Origin::of(&state, "apiext");
    let account = state
        .write(move |tx| {
            if add(tx, &account, &origin)? {
                Ok(account.clone())
            } else {
                Err(ApiError::conflict("Account already exists"))
            }
        })
        .await?;
    Ok(Json(account))
}

/// Get an account
#[utoipa::path(
    get, path = "/accounts/{account_name}", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("getAccount"))),
    responses((status = 200, description = "The account", body = Account)),
)]
pub(super) async fn get_account(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
) -> ApiResult<Json<Account>> {
    let found = state.peek(move |tx| existing(tx, &account_name)).await?;
    Ok(Json(found))
}

/// Change an account's details
#[utoipa::path(
    put, path = "/accounts/{account_name}", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("updateAccount"))),
    request_body = AccountInfo,
    responses((status = 200, description = "The account", body = Account)),
)]
pub(super) async fn update_account(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
    Json(request): Json<AccountInfo>,
) -> ApiResult<Json<Account>> {
    let now = state.now();
    let account = state
        .write(move |tx| {
            let mut account = existing(tx, &account_name)?;
            if let Some(email) = &request.email {
                account.email = Some(email.0.clone());
                account.last_updated = now;
                store::update(tx, &account)?;
            }
            Ok(account)
        })
        .await?;
    Ok(Json(account))
}

/// Delete an account
///
/// The account must be disabled. Its users go at once, what it owns a little later; until then it is
/// in state `deleting`.
#[utoipa::path(
    delete, path = "/accounts/{account_name}", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("deleteAccount"))),
    responses((status = 204, description = "It is on its way out")),
)]
pub(super) async fn delete_account(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
) -> ApiResult<StatusCode> {
    let now = state.now();
    state
        .write(move |tx| {
            let account = existing(tx, &account_name)?;
            if account.kind == AccountType::Admin {
                return Err(ApiError::bad_request("Account cannot be deleted"));
            }
            check_transition(account.state, AccountState::Deleting)?;
            store::remove_users(tx, &account_name)?;
            let leaving = store::with_state(account, AccountState::Deleting, now);
            Ok(store::update(tx, &leaving)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable or disable an account
#[utoipa::path(
    put, path = "/accounts/{account_name}/state", tag = "User Management",
    params(("account_name" = String, Path, description = "The account")),
    extensions(("x-anchore-authz-action" = json!("updateAccount"))),
    request_body = AccountStatus,
    responses((status = 200, description = "The state it is in now", body = AccountStatus)),
)]
pub(super) async fn update_account_state(
    State(state): State<AppState>,
    Path(account_name): Path<String>,
    Json(request): Json<AccountStatus>,
) -> ApiResult<Json<AccountStatus>> {
    let wanted: AccountState = request
        .state
        .ok_or_else(|| ApiError::bad_request("`state` is required"))?
        .into();
    let now = state.now();
    state
        .write(move |tx| {
            let account = existing(tx, &account_name)?;
            if account.kind == AccountType::Admin && wanted == AccountState::Disabled {
                return Err(ApiError::bad_request("Cannot disable the admin account"));
            }
            check_transition(account.state, wanted)?;
            if account.state != wanted {
                store::update(tx, &store::with_state(account, wanted, now))?;
            }
            Ok(())
        })
        .await?;
    Ok(Json(request))
}

/// Adds an account with the default policy, active; tells whether the name was free.
pub(crate) fn add(
    tx: &mut Transaction<'_>,
    account: &Account,
    origin: &Origin,
) -> Result<bool, Error> {
    let is_new = store::insert(tx, account)?;
    if is_new {
        policies::store::install_default(tx, &account.name, origin)?;
    }
    Ok(is_new)
}

/// Whether an account or user of this name is the system's own, which nobody outside can be given.
pub(crate) fn is_protected(name: &str) -> bool {
    name == ADMIN || RESERVED.contains(&name)
}

/// The account of this name.
///
/// # Errors
/// 404 when there is none.
pub(super) fn existing(tx: &mut Transaction<'_>, name: &str) -> ApiResult<Account> {
    store::get(tx, name)?.ok_or_else(|| ApiError::not_found("Account not found"))
}

/// Refuses changes of state that must not be. Clients look for the text.
fn check_transition(from: AccountState, to: AccountState) -> ApiResult<()> {
    use AccountState::{Deleting, Disabled, Enabled};
    match (from, to) {
        (Enabled | Disabled, Enabled | Disabled) | (Disabled, Deleting) => Ok(()),
        (Deleting, _) | (Enabled, Deleting) => Err(ApiError::bad_request(format!(
            "Invalid account state change requested. Cannot go from state {} to state {}",
            from.as_str(),
            to.as_str(),
        ))),
    }
}
