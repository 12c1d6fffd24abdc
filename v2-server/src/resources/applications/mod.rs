//! `/applications`: which images and sources make up a version of an application.
//!
//! - A new application has the version `HEAD` at once, which can be renamed and deleted like any other.
//! - Artifacts are named by `image_digest`, or by `uuid`, or by `host`, `repository_name` and `revision` (also
//!   `revision_id`). An artifact is in a version at most once, and may be in many versions.
//! - Deleting an application or a version leaves the artifacts alone; deleting an artifact takes it out of all
//!   versions. An image on its way out is not shown any more.
//! - Reports combine the matches of all artifacts by vulnerability and namespace; without `will_not_fix=true` those
//!   are left out that the vendor decided not to fix.

mod artifacts;
mod handlers;
mod reports;
pub(crate) mod store;
pub(crate) mod types;
mod versions;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            handlers::get_applications,
            handlers::add_application
        ))
        .routes(routes!(
            handlers::get_application,
            handlers::update_application,
            handlers::delete_application
        ))
        .routes(routes!(
            versions::get_application_versions,
            versions::add_application_version
        ))
        .routes(routes!(
            versions::get_application_version,
            versions::update_application_version,
            versions::delete_application_version
        ))
        .routes(routes!(
            artifacts::list_artifacts,
            artifacts::add_artifact_to_application_version
        ))
        .routes(routes!(artifacts::remove_artifact_from_application_version))
        .routes(routes!(reports::get_application_version_sbom))
        .routes(routes!(reports::get_application_version_vulnerabilities))
}
