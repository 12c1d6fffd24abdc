//! `/accounts/{account_name}/users`: who can log in.

mod handlers;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) use handlers::existing;

/// The operations of this resource.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_users, handlers::create_user))
        .routes(routes!(handlers::get_account_user, handlers::delete_user))
}
