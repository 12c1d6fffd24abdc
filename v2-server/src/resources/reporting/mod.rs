//! `/reporting`: saved results of scheduled queries.
//!
//! A result is a finished execution of a scheduled query of the reports API, cut into pages and kept as the JSON that
//! is answered. Results are only read here: whoever runs scheduled queries writes the rows of a result and all its
//! pages in one transaction, so that nobody sees half of one. This server runs none so far.
//!
//! - A result belongs to the account of its query, or to none when the query was about all accounts. Each kind is
//!   found under its own path only, and in no other account: 404, as if it did not exist.
//! - Results about all accounts are for administrators.
//! - A page after the last is a 404; `page` below 1 is a 400.
//! - Ids are compared as they are written. They have letters, digits and dashes; anything else is unknown.

mod handlers;
mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::get_query_result))
        .routes(routes!(handlers::get_global_query_result))
}
