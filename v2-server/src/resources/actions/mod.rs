//! `/actions`: asking somebody to mend an image, through one of the account's notification configurations.
//!
//! A plan is sent first and stored after that, so what is listed was sent. What is refused is not stored: an unknown
//! configuration (400), one of a disabled type (409), an endpoint that does not take the plan (502). A webhook gets the
//! plan as it is listed.
//!
//! - A plan needs its type, endpoint, configuration, subject and message; what it says about the image is up to the
//!   client and not looked up.
//! - Plans are listed newest first. They go with their account, and stay when their configuration is deleted.

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
    OpenApiRouter::new().routes(routes!(
        handlers::get_action_plans,
        handlers::add_action_plan
    ))
}
