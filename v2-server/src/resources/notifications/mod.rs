//! `/notifications`: who is told of events, and how.
//!
//! Six types of endpoints have the same thirteen operations. What differs is in [`kinds`], one file a type; the
//! operations are written once, in [`operations`] for the document and in [`handlers`] for what they do.
//!
//! ```text
//! event ──selectors──▶ delivery ──sent──▶ gone
//!                       ▲    └──refused──▶ due again, later and later; given up in the end
//!                       └────────┘
//! ```
//!
//! Every half minute (the setting `notifications_interval_seconds`) new events are compared with all selectors, in the
//! order in which they were recorded: an event makes one delivery for each configuration with a selector that fits,
//! however many fit. Then what is due is sent: several configurations at once, each in the order of its events and by
//! one server, the one that has claimed it. A delivery is noted as done after it was sent, so one that was under way
//! when a server was killed is made again once the claim has run out or that server has started again: at worst an
//! endpoint is told twice.
//!
//! - A delivery that fails is tried again after one minute, two, four and so on, [`delivery::MOST_ATTEMPTS`] times in
//!   all, and not longer than [`delivery::WORTH`] seconds. A failure ends the round of its configuration, so that an
//!   endpoint that is down costs one attempt a round; those that failed last have their turn after the others.
//! - The status of a configuration tells of the last attempt, tests of the stored configuration included. It is unknown
//!   again when the configuration is changed.
//! - Nothing is sent to endpoints of a disabled type, tests and action plans neither (409). What waits is forgotten when
//!   a type is disabled, and what happens until it is enabled is not sent later.
//! - A disabled account is told nothing. What waits then is sent when it is enabled again within a day, what happens
//!   meanwhile is not.
//! - An event that is deleted before it was looked at is not told; one that is deleted later is.
//! - `PUT` replaces a configuration; a secret that is left out stays, for webhooks and mail as long as there is a
//!   `username`.
//! - Redirects are not followed, and what endpoints answer is told by its status alone.
//! - Configurations are answered with their selectors, which requests cannot change.
//! - A webhook gets the event as `GET /events/{event_id}` shows it.

mod configuration;
mod delivery;
mod endpoints;
mod handlers;
mod kinds;
mod matching;
mod message;
mod operations;
mod sending;
mod store;
mod types;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use delivery::deliver;
pub(crate) use handlers::send_now;
pub(crate) use message::Message;
pub(crate) use sending::Sender;
pub(crate) use store::seed;
pub(crate) use types::EndpointType;

/// The operations of this resource.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(endpoints::list_endpoints))
        .routes(routes!(endpoints::update_endpoint_status))
        .routes(routes!(endpoints::list_selectors_offered))
        .merge(operations::github::router())
        .merge(operations::jira::router())
        .merge(operations::slack::router())
        .merge(operations::smtp::router())
        .merge(operations::teams::router())
        .merge(operations::webhook::router())
}
