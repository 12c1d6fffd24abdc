//! The one operation on the caller's account.

use axum::extract::State;

use crate::http::{ApiError, ApiResult, Caller, Json};
use crate::resources::accounts::store;
use crate::resources::accounts::types::Account;
use crate::state::AppState;

/// Get the account the caller acts in
#[utoipa::path(
    get, path = "/account", tag = "Identity",
    extensions(("x-anchore-authz-action" = json!("getAccount"))),
    responses((status = 200, description = "The account", body = Account)),
)]
pub(super) async fn get_users_account(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Account>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| Ok(store::get(tx, &account)?))
        .await?
        .ok_or_else(|| ApiError::not_found("Account not found"))?;
    Ok(Json(found))
}
