//! `/oauth`: tokens in exchange for passwords, and for assertions of identity providers (RFC 7522).
//!
//! An assertion gives no refresh token: whoever could get it can get another.

mod handlers;
mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::ApiResult;
use crate::state::AppState;

pub(crate) use handlers::{access_token, read_form};
pub(crate) use types::NOT_STORED;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::get_oauth_token))
        .routes(routes!(handlers::revoke_oauth_token))
}

/// Forgets the refresh tokens nobody can use any more.
pub(crate) async fn forget_expired(state: AppState) -> ApiResult<()> {
    let now = state.now();
    state
        .write(move |tx| Ok(store::forget_expired(tx, now)?))
        .await
}
