//! `/imports`: images, and sources ([`sources`]), whose parts are uploaded by a client that analysed them.
//!
//! A client begins an import, uploads the parts (an SBOM made by Syft, the image manifest and
//! configuration, and more), and then adds an image whose source is the import. The import ends
//! with the analysis of the image; one that nobody finishes ends after a day.

pub(crate) mod finalize;
mod handlers;
pub(crate) mod part;
mod shapes;
pub(crate) mod sources;
pub(crate) mod store;
pub(crate) mod types;
mod uploads;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use handlers::expire;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            handlers::list_operations,
            handlers::create_operation
        ))
        .routes(routes!(
            handlers::get_operation,
            handlers::invalidate_operation
        ))
        .routes(routes!(
            uploads::list_import_packages,
            uploads::import_image_packages
        ))
        .routes(routes!(
            uploads::list_import_image_manifests,
            uploads::import_image_manifest
        ))
        .routes(routes!(
            uploads::list_import_image_configs,
            uploads::import_image_config
        ))
        .routes(routes!(
            uploads::list_import_parent_manifests,
            uploads::import_image_parent_manifest
        ))
        .routes(routes!(
            uploads::list_import_dockerfiles,
            uploads::import_image_dockerfile
        ))
        .routes(routes!(
            uploads::list_import_secret_searches,
            uploads::import_secret_searches
        ))
        .routes(routes!(
            uploads::list_import_content_searches,
            uploads::import_content_searches
        ))
        .routes(routes!(
            uploads::list_import_file_contents,
            uploads::import_file_contents
        ))
        .merge(sources::router())
}
