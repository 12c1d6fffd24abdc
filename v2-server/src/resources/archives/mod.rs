//! `/archives`: analyses kept out of the working set, and the rules that move them there.
//!
//! An archived analysis is everything known about an image in one compressed text ([`images`]). It
//! comes back as it was, by adding an image whose source is the archive. Rules archive images and
//! delete what is archived, twice a day ([`rules`]).

mod handlers;
pub(crate) mod images;
mod rules;
mod types;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use rules::apply_rules;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_archives))
        .routes(routes!(
            images::handlers::list_analysis_archive,
            images::handlers::archive_image_analysis
        ))
        .routes(routes!(
            images::handlers::get_archived_analysis,
            images::handlers::delete_archived_analysis
        ))
        .routes(routes!(
            rules::handlers::list_analysis_archive_rules,
            rules::handlers::create_analysis_archive_rule
        ))
        .routes(routes!(
            rules::handlers::get_analysis_archive_rule,
            rules::handlers::delete_analysis_archive_rule
        ))
}
