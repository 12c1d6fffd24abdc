//! `/query`: searches over all images of an account, and over all that is known about vulnerabilities.
//!
//! Both answer pages. Without a `limit`, or with 0, everything is one page. `page` is a text, as in the answer; what
//! is below 1 means the first. A page after the last is empty.

mod handlers;
mod images;
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
        .routes(routes!(handlers::query_images_by_package))
        .routes(routes!(handlers::query_vulnerabilities))
}
