//! `/subscriptions`: what an account is told about, and what is kept up to date for it.
//!
//! Adding an image makes the four subscriptions of its tag; only `analysis_update` is active then.

mod handlers;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            handlers::list_subscriptions,
            handlers::add_subscription
        ))
        .routes(routes!(
            handlers::get_subscription,
            handlers::update_subscription,
            handlers::delete_subscription
        ))
}
