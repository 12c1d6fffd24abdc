//! `/events`: what happened in an account, for its users and for those who run the server.
//!
//! Events are recorded in the transaction that changes what they are about
//! ([`store::record`]), so there is no event without its cause and no cause without its event.

pub(crate) mod catalogue;
mod handlers;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use handlers::forget_old;
pub(crate) use store::{NewEvent, Origin};

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_events, handlers::delete_events))
        .routes(routes!(handlers::get_event, handlers::delete_event))
}
