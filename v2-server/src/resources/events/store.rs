//! Events in the database.

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::catalogue::EventType;
use super::types::{Event, EventResource, EventResponse, EventSource};
use crate::http::limits::current_request_id;
use crate::ids::IdSource;
use crate::params;
use crate::state::AppState;
use crate::store::{Conditions, Result, Row, Transaction, Turn};
use crate::time::Timestamp;

/// Who records events and when. Made before a transaction begins, so that all its events agree.
#[derive(Clone)]
pub(crate) struct Origin {
    service_name: &'static str,
    host_id: String,
    base_url: String,
    request_id: Option<String>,
    now: Timestamp,
    ids: Arc<dyn IdSource>,
}

impl Origin {
    /// A service of this server, now.
    pub(crate) fn of(state: &AppState, service_name: &'static str) -> Self {
        Self {
            service_name,
            host_id: state.host_id.clone(),
            base_url: state.base_url.clone(),
            request_id: current_request_id(),
            now: state.now(),
            ids: Arc::clone(&state.ids),
        }
    }

    /// When.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Name of the service.
    pub(crate) fn service_name(&self) -> &'static str {
        self.service_name
    }

    /// Name of the server.
    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }
}

/// Something that happened.
pub(crate) struct NewEvent<'a> {
    /// What, from the [`catalogue`](super::catalogue).
    pub(crate) kind: &'static EventType,
    /// The account concerned.
    pub(crate) account: &'a str,
    /// Id of the thing it is about, if it is about one.
    pub(crate) resource_id: Option<&'a str>,
    /// More about it: an object. A text becomes `{"msg": text}`.
    pub(crate) details: Value,
    /// Who says so.
    pub(crate) origin: &'a Origin,
}

/// Records an event, in the transaction that changes what the event is about.
pub(crate) fn record(tx: &mut Transaction<'_>, event: &NewEvent<'_>) -> Result<()> {
    let details = match &event.details {
        Value::Object(_) => event.details.to_string(),
        other => serde_json::json!({ "msg": other }).to_string(),
    };
    let origin = event.origin;
    // Or a reader could see an event before another with a lower number, and miss that one.
    tx.take_turn(Turn::Events)?;
    tx.execute(
        "INSERT INTO events (event_id, account_name, type, category, level, message, details, resource_type,
                             resource_id, service_name, host_id, base_url, request_id, created_at, is_selected)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            origin.ids.uuid().simple().to_string(),
            event.account,
            event.kind.name,
            event.kind.category(),
            event.kind.level.as_str(),
            event.kind.message,
            details,
            event.kind.resource_type,
            event.resource_id,
            origin.service_name,
            origin.host_id,
            origin.base_url,
            origin.request_id,
            origin.now,
            false,
        ],
    )?;
    Ok(())
}

/// The oldest events that were not compared with the selectors of notifications.
pub(crate) fn to_select(tx: &mut Transaction<'_>, limit: i64) -> Result<Vec<EventResponse>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM events WHERE NOT is_selected ORDER BY sequence LIMIT $1"),
        params![limit],
        read,
    )
}

/// Notes that an event was compared with them.
pub(crate) fn set_selected(tx: &mut Transaction<'_>, event_id: &str) -> Result<()> {
    tx.execute(
        "UPDATE events SET is_selected = $2 WHERE event_id = $1",
        params![event_id, true],
    )?;
    Ok(())
}

/// Which events to read.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) service_name: Option<String>,
    pub(super) host_id: Option<String>,
    /// Already a LIKE pattern, with `\` before characters that stand for themselves.
    pub(super) type_pattern: Option<String>,
    pub(super) resource_type: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) level: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
}

impl Filter {
    fn conditions<'a>(&'a self, account: &'a str) -> Conditions<'a> {
        let mut conditions = Conditions::default();
        conditions
            .and("account_name = ?", account)
            .and_if("service_name = ?", self.service_name.as_ref())
            .and_if("host_id = ?", self.host_id.as_ref())
            .and_if("resource_type = ?", self.resource_type.as_ref())
            .and_if("resource_id = ?", self.resource_id.as_ref())
            .and_if("level = ?", self.level.as_ref())
            .and_if("created_at >= ?", self.since.as_ref())
            .and_if("created_at < ?", self.before.as_ref());
        if let Some(pattern) = &self.type_pattern {
            // A plain type is looked up by index, a pattern is compared row by row.
            let is_plain = !pattern.contains(['%', '\\']);
            conditions.and(
                if is_plain {
                    "type = ?"
                } else {
                    r"type LIKE ? ESCAPE '\'"
                },
                pattern,
            );
        }
        conditions
    }
}

/// Events of an account, newest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
    offset: i64,
    limit: i64,
) -> Result<Vec<EventResponse>> {
    let mut conditions = filter.conditions(account);
    let (limit, offset) = (conditions.bind(&limit), conditions.bind(&offset));
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE {} ORDER BY created_at DESC, sequence DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql(),
    );
    tx.query(&sql, conditions.values(), read)
}

/// One event of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    event_id: &str,
) -> Result<Option<EventResponse>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM events WHERE account_name = $1 AND event_id = $2"),
        params![account, event_id],
        read,
    )
}

/// Deletes events of an account and gives their ids.
pub(super) fn delete_all(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
) -> Result<Vec<String>> {
    let conditions = filter.conditions(account);
    let sql = format!(
        "DELETE FROM events WHERE {} RETURNING event_id",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| row.get(0))
}

/// Deletes one event of an account; tells whether it was there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, event_id: &str) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM events WHERE account_name = $1 AND event_id = $2",
        params![account, event_id],
    )?;
    Ok(deleted > 0)
}

/// Deletes the events of all accounts from before a moment.
pub(super) fn delete_older(tx: &mut Transaction<'_>, before: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM events WHERE created_at < $1", params![before])?;
    Ok(())
}

const COLUMNS: &str = "event_id, account_name, type, category, level, message, details, resource_type, resource_id, \
                       service_name, host_id, base_url, request_id, created_at";

fn read(row: &Row<'_>) -> Result<EventResponse> {
    let created_at = row.get(13)?;
    Ok(EventResponse {
        event_id: row.get(0)?,
        created_at,
        event: Event {
            source: EventSource {
                service_name: row.get(9)?,
                host_id: row.get(10)?,
                base_url: row.get(11)?,
                request_id: row.get(12)?,
            },
            resource: EventResource {
                account_name: row.get(1)?,
                id: row.get(8)?,
                kind: row.get(7)?,
            },
            kind: row.get(2)?,
            category: row.get(3)?,
            level: row.get(4)?,
            message: row.get(5)?,
            details: row.json::<Box<RawValue>>(6)?,
            timestamp: created_at,
        },
    })
}
