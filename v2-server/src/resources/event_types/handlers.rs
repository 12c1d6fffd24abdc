//! The operation on event types.

use super::types::EventCategory;
use crate::http::Json;
use crate::resources::events::catalogue::CATEGORIES;

/// List the types of events
#[utoipa::path(
    get, path = "/event-types", tag = "Events",
    extensions(("x-anchore-authz-action" = json!("listEvents"))),
    responses((status = 200, description = "All types, by category", body = [EventCategory])),
)]
pub(super) async fn list_event_types() -> Json<Vec<EventCategory>> {
    Json(CATEGORIES.iter().map(Into::into).collect())
}
