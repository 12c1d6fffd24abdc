//! `/accounts`: accounts, their users, and the users' passwords.

pub(crate) mod credentials;
mod handlers;
mod removal;
pub(crate) mod store;
pub(crate) mod types;
pub(crate) mod users;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use credentials::{masked_credentials, replace_password};
pub(crate) use handlers::{add, is_protected};
pub(crate) use removal::remove_deleted;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_accounts, handlers::create_account))
        .routes(routes!(
            handlers::get_account,
            handlers::update_account,
            handlers::delete_account
        ))
        .routes(routes!(handlers::update_account_state))
        .merge(users::router())
        .merge(credentials::router())
}
