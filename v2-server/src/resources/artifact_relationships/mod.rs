//! `/artifact-relationships`: which artifacts contain which, and how their packages differ.
//!
//! A relationship is an edge from one artifact to another; an artifact is an image, named by its digest, or a source,
//! named by its id. Both must be there, and a relationship goes when one of them goes.
//!
//! - Answers carry `uuid`, which the published form has no member for, but without which nothing could be
//!   asked about a relationship or deleted.
//! - The same edge twice is a conflict; edges in both directions are not.
//! - Deleting answers the ids that were deleted; ids of nothing are left out.
//! - In a difference a package is told by name and type. Packages of one version on both sides are unmodified,
//!   whatever their places; the others of one name are paired in order of version, and what is left is on one side only.

mod diff;
mod handlers;
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
            handlers::list_artifact_relationships,
            handlers::add_artifact_relationship,
            handlers::delete_artifact_relationships
        ))
        .routes(routes!(handlers::get_artifact_relationship))
        .routes(routes!(handlers::get_relationship_sbom_diff))
}
