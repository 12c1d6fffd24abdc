//! `/alerts`: images that fail the active policy under a watched tag.
//!
//! Every ten minutes (the setting `alerts_interval_seconds`) the newest image of each tag that has an active
//! `policy_eval` subscription is checked against the active policy of its account, as if a client had asked; the
//! evaluation is stored. An image that must stop gets an alert, at most one open at a time for one image, tag and
//! policy.
//!
//! - An alert is closed by the system when the image passes, when the tag points at another image, or when another
//!   policy is active.
//! - An alert that somebody has closed is not raised again until the image has passed in between; whoever closed it
//!   can open it again.
//! - `closed_by` is the account, or `system`.
//! - Labels of a summary are `tag`, `image_digest`, `registry`, `repository` and `policy_id`; all that are asked for
//!   must be there.

mod handlers;
mod store;
mod types;
mod watch;

#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use watch::watch;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::get_compliance_violation_alerts))
        .routes(routes!(
            handlers::get_compliance_violation_alert,
            handlers::update_compliance_violation_alert_state
        ))
        .routes(routes!(handlers::get_alert_summaries))
}
