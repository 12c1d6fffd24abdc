//! `/images`: images, what is in them, and what is wrong with them.
//!
//! A large resource: its parts are folders of the same make one level down.

pub(crate) mod analysis;
pub(crate) mod ancestors;
pub(crate) mod artifacts;
pub(crate) mod content;
pub(crate) mod evaluation;
pub(crate) mod metadata;
pub(crate) mod policy_check;
pub(crate) mod record;
pub(crate) mod reference;
pub(crate) mod sboms;
pub(crate) mod vulnerabilities;

#[cfg(test)]
pub(crate) mod testing;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use evaluation::evaluation_input;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            record::handlers::list_images,
            record::handlers::add_image,
            record::handlers::delete_images_async
        ))
        .routes(routes!(
            record::handlers::get_image,
            record::handlers::delete_image
        ))
        .routes(routes!(
            policy_check::handlers::get_image_policy_check_by_digest
        ))
        .routes(routes!(content::handlers::list_image_content))
        .routes(routes!(content::handlers::get_image_content_by_type_files))
        .routes(routes!(
            content::handlers::get_image_content_by_type_java_package
        ))
        .routes(routes!(
            content::handlers::get_image_content_by_type_malware
        ))
        .routes(routes!(content::handlers::get_image_content_by_type))
        .routes(routes!(metadata::handlers::list_image_metadata))
        .routes(routes!(metadata::handlers::get_image_metadata_by_type))
        .routes(routes!(artifacts::handlers::list_retrieved_files))
        .routes(routes!(
            artifacts::handlers::list_file_content_search_results
        ))
        .routes(routes!(artifacts::handlers::list_secret_search_results))
        .routes(routes!(ancestors::handlers::get_image_ancestors))
        .routes(routes!(sboms::handlers::get_image_sbom_native_json))
        .routes(routes!(sboms::handlers::get_image_sbom_spdx_json))
        .routes(routes!(sboms::handlers::get_image_sbom_cyclonedx_json))
        .routes(routes!(
            vulnerabilities::handlers::get_image_vulnerability_types
        ))
        .routes(routes!(
            vulnerabilities::handlers::get_image_vulnerabilities_by_digest
        ))
}
