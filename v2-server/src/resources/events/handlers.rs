//! The operations on events.

use std::fmt::Write as _;

use axum::extract::State;

use super::store::{self, Filter};
use super::types::{DeleteEventsQuery, EventPath, EventResponse, EventsList, EventsQuery};
use crate::http::{ApiError, ApiResult, Caller, Json, JsonText, Path, Problem, Query};
use crate::state::AppState;
use crate::time::Timestamp;

/// Most events on a page.
const LARGEST_PAGE: i64 = 1000;

/// Bytes of most events, to make room for a page at once.
const TYPICAL_BYTES: usize = 768;

/// Seconds an event is kept: 180 days.
const KEPT: i64 = 180 * 86_400;

/// List events, newest first
#[utoipa::path(
    get, path = "/events", tag = "Events", params(EventsQuery),
    extensions(("x-anchore-authz-action" = json!("listEvents"))),
    responses((status = 200, description = "A page of events", body = EventsList)),
)]
pub(super) async fn list_events(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<EventsQuery>,
) -> ApiResult<JsonText<String>> {
    let page = page_number(query.page)?;
    let limit = page_size(query.limit)?;
    let filter = Filter {
        service_name: query.source_service_name,
        host_id: query.source_host_id,
        type_pattern: query.event_type.as_deref().map(type_pattern).transpose()?,
        resource_type: query.resource_type,
        resource_id: query.resource_id,
        level: query.level,
        ..period(query.since.as_deref(), query.before.as_deref())?
    };
    let account = caller.account();
    let offset = i64::from(page - 1) * limit;
    let room = usize::try_from(limit).map_or(0, |limit| limit * TYPICAL_BYTES);
    let body = state
        .peek(move |tx| {
            let mut body = String::with_capacity(room);
            body.push_str("{\"results\":[");
            let mut count = 0;
            // One more than fits tells whether a page follows.
            store::list(tx, &account, &filter, offset, limit + 1, |event| {
                count += 1;
                if count <= limit {
                    body.push_str(if count == 1 { "" } else { "," });
                    body.push_str(event);
                }
            })?;
            let (next_page, item_count) = (count > limit, count.min(limit));
            write!(
                body,
                "],\"next_page\":{next_page},\"item_count\":{item_count},\"page\":{page}}}"
            )
            .map_err(ApiError::internal)?;
            Ok(body)
        })
        .await?;
    Ok(JsonText(body))
}

/// Delete events
///
/// Without any condition, all events of the account.
#[utoipa::path(
    delete, path = "/events", tag = "Events", params(DeleteEventsQuery),
    extensions(("x-anchore-authz-action" = json!("deleteEvents"))),
    responses((status = 200, description = "Ids of the deleted events", body = [String])),
)]
pub(super) async fn delete_events(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<DeleteEventsQuery>,
) -> ApiResult<Json<Vec<String>>> {
    let filter = Filter {
        level: query.level,
        ..period(query.since.as_deref(), query.before.as_deref())?
    };
    let account = caller.account();
    let deleted = state
        .write(move |tx| Ok(store::delete_all(tx, &account, &filter)?))
        .await?;
    Ok(Json(deleted))
}

/// Get an event
#[utoipa::path(
    get, path = "/events/{event_id}", tag = "Events", params(EventPath),
    extensions(("x-anchore-authz-action" = json!("getEvent"))),
    responses((status = 200, description = "The event", body = EventResponse)),
)]
pub(super) async fn get_event(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<EventPath>,
) -> ApiResult<JsonText<String>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::get(tx, &account, &path.event_id)?))
        .await?
        .map(JsonText)
        .ok_or_else(unknown)
}

/// Delete an event
#[utoipa::path(
    delete, path = "/events/{event_id}", tag = "Events", params(EventPath),
    extensions(("x-anchore-authz-action" = json!("getEvent"))),
    responses((status = 200, description = "The event is gone")),
)]
pub(super) async fn delete_event(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<EventPath>,
) -> ApiResult<()> {
    let account = caller.account();
    let was_there = state
        .write(move |tx| Ok(store::delete(tx, &account, &path.event_id)?))
        .await?;
    if was_there { Ok(()) } else { Err(unknown()) }
}

/// Forgets events that are too old.
pub(crate) async fn forget_old(state: AppState) -> ApiResult<()> {
    let before = state.now().plus_seconds(-KEPT);
    state
        .write(move |tx| Ok(store::delete_older(tx, before)?))
        .await
}

fn unknown() -> ApiError {
    ApiError::not_found("Event not found")
}

fn page_number(page: Option<i64>) -> ApiResult<u32> {
    u32::try_from(page.unwrap_or(1))
        .ok()
        .filter(|page| *page > 0)
        .ok_or_else(|| ApiError::bad_request("`page` must be a whole number of at least 1"))
}

fn page_size(limit: Option<i64>) -> ApiResult<i64> {
    let limit = limit.unwrap_or(100);
    if (1..=LARGEST_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::bad_request(format!(
            "`limit` must be a whole number between 1 and {LARGEST_PAGE}"
        )))
    }
}

/// A filter by time alone.
fn period(since: Option<&str>, before: Option<&str>) -> ApiResult<Filter> {
    let since = moment("since", since)?;
    let before = moment("before", before)?;
    if let (Some(since), Some(before)) = (since, before)
        && since >= before
    {
        return Err(ApiError::bad_request(
            "`since` must be earlier than `before`",
        ));
    }
    Ok(Filter {
        since,
        before,
        ..Filter::default()
    })
}

fn moment(name: &str, text: Option<&str>) -> ApiResult<Option<Timestamp>> {
    text.map(|text| {
        text.parse()
            .map_err(|error| ApiError::bad_request(format!("query parameter `{name}`: {error}")))
    })
    .transpose()
}

/// A LIKE pattern for an event type in which `*` stands for any text.
fn type_pattern(wanted: &str) -> ApiResult<String> {
    let wanted = wanted.to_lowercase();
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.*".contains(c);
    if wanted.is_empty() || !wanted.chars().all(is_allowed) {
        return Err(Problem::bad_request(format!(
            "query parameter `event_type`: expected letters, digits and `-_.*`, got `{wanted}`"
        ))
        .into());
    }
    if wanted.contains('*') {
        Ok(wanted.replace('_', r"\_").replace('*', "%"))
    } else {
        Ok(wanted)
    }
}
