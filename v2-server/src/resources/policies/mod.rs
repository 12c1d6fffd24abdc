//! `/policies`: what images are checked for, and the evaluation of it.
//!
//! A policy is a [document] that is checked against the [catalogue] of the policy language before it is stored, and run
//! by the [engine] when an image is checked. The [gates], which do the looking, stand one to a file.

pub(crate) mod catalogue;
mod default;
pub(crate) mod document;
pub(crate) mod engine;
mod gates;
pub(crate) mod handlers;
pub(crate) mod problem;
pub(crate) mod spec;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use std::fmt::Write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_policies, handlers::add_policy))
        .routes(routes!(
            handlers::get_policy,
            handlers::update_policy,
            handlers::delete_policy
        ))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a text cannot fail");
        text
    })
}
