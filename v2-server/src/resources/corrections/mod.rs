//! `/corrections`: what users know better about packages than the analysis does.
//!
//! A correction names packages of one type by some of their fields, as content listings show them, and gives fields
//! other values. All corrections of the account are applied, oldest first, to what content listings of its images and
//! sources show, and to packages before they are matched with vulnerabilities.
//!
//! - All conditions must hold; without any, a correction is for all packages of its type. A condition on a list holds
//!   when one of its elements is the value.
//! - A replacement of a list exchanges the elements that a condition on the same field names; without such a condition
//!   the list becomes the one value.
//! - In a replacement, `{field}` stands for that field of the package as it was, where it has one.

pub(crate) mod apply;
mod handlers;
mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use apply::Corrections;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::get_corrections, handlers::add_correction))
        .routes(routes!(
            handlers::get_correction_by_uuid,
            handlers::update_correction_by_uuid,
            handlers::delete_correction_by_uuid
        ))
}
