//! Events as clients see them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsList {
    /// The events.
    pub(crate) results: Vec<EventResponse>,
    /// Whether older events follow on the next page.
    pub(crate) next_page: bool,
    /// How many events are on this page.
    pub(crate) item_count: usize,
    /// Number of this page, from 1.
    pub(crate) page: u32,
}

/// An event with its id.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EventResponse {
    /// Id of the record.
    pub(crate) event_id: String,
    /// When it was recorded.
    pub(crate) created_at: Timestamp,
    /// What happened.
    pub(crate) event: Event,
}

/// What happened, to what, and who says so.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Event {
    /// Who recorded it.
    pub(crate) source: EventSource,
    /// What it is about.
    pub(crate) resource: EventResource,
    /// `category.subcategory.name`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// First part of the type.
    pub(crate) category: String,
    /// `info` or `error`.
    pub(crate) level: String,
    /// What happened, for people.
    pub(crate) message: String,
    /// More about it; the members depend on the type.
    #[schema(value_type = Object)]
    pub(crate) details: Box<RawValue>,
    /// When it happened.
    pub(crate) timestamp: Timestamp,
}

/// The part of the system that recorded an event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EventSource {
    /// Name of the service.
    pub(crate) service_name: String,
    /// The server it runs on.
    pub(crate) host_id: String,
    /// Where it can be reached.
    pub(crate) base_url: String,
    /// The request that caused the event, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// What an event is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EventResource {
    /// The account concerned.
    pub(crate) account_name: String,
    /// Id of the thing, if there is one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Kind of thing, e.g. `image_tag`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// Which events to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Only events of this service.
    pub(crate) source_service_name: Option<String>,
    /// Only events of this server.
    pub(crate) source_host_id: Option<String>,
    /// Only events of this type; `*` stands for any text.
    #[param(pattern = "^[a-z0-9-_.*]+$")]
    pub(crate) event_type: Option<String>,
    /// Only events about this kind of thing.
    pub(crate) resource_type: Option<String>,
    /// Only events about this thing.
    pub(crate) resource_id: Option<String>,
    /// Only events of this level: `info` or `error`.
    pub(crate) level: Option<String>,
    /// Only events of this time or later.
    pub(crate) since: Option<String>,
    /// Only events before this time.
    pub(crate) before: Option<String>,
    /// Page, from 1.
    #[param(default = 1)]
    pub(crate) page: Option<i64>,
    /// Events on a page, 1 to 1000.
    #[param(default = 100)]
    pub(crate) limit: Option<i64>,
}

/// Which events to delete; without any condition all of the account.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteEventsQuery {
    /// Only events before this time.
    pub(crate) before: Option<String>,
    /// Only events of this time or later.
    pub(crate) since: Option<String>,
    /// Only events of this level: `info` or `error`.
    pub(crate) level: Option<String>,
}

/// One event.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EventPath {
    /// Id of the event.
    pub(crate) event_id: String,
}
