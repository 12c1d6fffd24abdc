//! `/sources`: revisions of source repositories, what is in them, and what is wrong with them.
//!
//! Sources are made by imports ([`crate::resources::imports::sources`]) and analysed like images, only that an SBOM is
//! all there is about them. Importing a revision again replaces its SBOM; the id stays.
//!
//! - Content types are those of packages: sources have no listing of files. Java packages have the form of all others.
//! - `will_not_fix` shows only matches that say the same; without it, all are shown.
//! - A source that an application version or a relationship refers to is only deleted with `force`, and these
//!   references go with it.

pub(crate) mod analysis;
mod check;
mod handlers;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{ApiError, ApiResult};
use crate::resources::images::record::types::AnalysisStatus;
use crate::state::AppState;
use crate::store::Transaction;
use store::SourceState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_sources))
        .routes(routes!(handlers::get_source, handlers::delete_source))
        .routes(routes!(check::get_source_policy_check))
        .routes(routes!(handlers::get_source_content_types))
        .routes(routes!(handlers::get_source_content_by_type))
        .routes(routes!(handlers::get_source_sbom_cyclonedx_json))
        .routes(routes!(handlers::get_source_sbom_native_json))
        .routes(routes!(handlers::get_source_sbom_spdx_json))
        .routes(routes!(handlers::get_source_vulnerability_types))
        .routes(routes!(handlers::get_source_vulnerabilities))
}

/// 404: the account has no such source.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("source not found in DB")
}

/// A source whose analysis is done.
///
/// # Errors
/// 404 when there is no such source, or when it is not analysed.
pub(crate) fn find_analyzed(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> ApiResult<SourceState> {
    let source = store::state(tx, account, uuid)?.ok_or_else(unknown)?;
    if source.analysis_status == AnalysisStatus::Analyzed {
        Ok(source)
    } else {
        Err(ApiError::not_found(format!(
            "source is not analyzed - analysis_status: {}",
            source.analysis_status.as_str()
        )))
    }
}
