//! `/registries`: where an account's images come from, and the login for each place.

mod handlers;
mod login;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            handlers::list_registries,
            handlers::create_registry
        ))
        .routes(routes!(
            handlers::get_registry,
            handlers::update_registry,
            handlers::delete_registry
        ))
}
