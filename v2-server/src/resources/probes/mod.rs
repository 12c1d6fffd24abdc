//! `/`, `/health`, `/version`, `/status`: what monitors and clients ask first.

pub(crate) mod handlers;
pub(crate) mod readiness;
pub(crate) mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::ping))
        .routes(routes!(handlers::health_check))
        .routes(routes!(handlers::version_check))
        .routes(routes!(handlers::get_status))
}
