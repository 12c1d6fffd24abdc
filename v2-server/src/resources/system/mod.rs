//! `/system`: services, feeds, and the words for errors.

mod feeds;
mod handlers;
pub(crate) mod servers;
pub(crate) mod store;
mod types;
mod webhooks;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::get_service_detail))
        .routes(routes!(handlers::list_services))
        .routes(routes!(handlers::get_services_by_name))
        .routes(routes!(
            handlers::get_services_by_name_and_host,
            handlers::delete_service
        ))
        .routes(routes!(feeds::get_system_feeds, feeds::post_system_feeds))
        .routes(routes!(feeds::toggle_feed_enabled, feeds::delete_feed))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(handlers::describe_error_codes))
        .routes(routes!(handlers::describe_policy))
}
