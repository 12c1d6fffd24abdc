//! `/system`: services, feeds, and the words for errors.

mod handlers;
mod store;
mod types;

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
        .routes(routes!(handlers::get_system_feeds))
        .routes(routes!(handlers::describe_error_codes))
        .routes(routes!(handlers::describe_policy))
}
