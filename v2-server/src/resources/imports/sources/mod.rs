//! `/imports/sources`: sources whose SBOM is uploaded by a client that made it.
//!
//! A client begins an import, uploads an SBOM, and finalises the import with what it knows about the revision, which
//! makes a source. Of several uploads the finalisation chooses one; the list of uploads is the last one alone, since
//! the API has room for one.

mod handlers;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) use handlers::expire;

/// The operations on imports of sources.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            handlers::list_sources_operations,
            handlers::create_sources_operation
        ))
        .routes(routes!(
            handlers::get_sources_operation,
            handlers::invalidate_sources_operation
        ))
        .routes(routes!(handlers::finalize_operation))
        .routes(routes!(
            handlers::get_import_sources_sbom,
            handlers::upload_import_sources_sbom
        ))
}
