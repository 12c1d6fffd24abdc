//! Events in the database.

use std::sync::Arc;

use serde_json::Value;

use super::catalogue::EventType;
use super::types::{Event, EventResource, EventResponse, EventSource};
use crate::http::limits::current_request_id;
use crate::ids::IdSource;
use crate::params;
use crate::state::AppState;
use crate::store::{Conditions, Result, Transaction, Turn};
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
        details @ Value::Object(_) => serde_json::value::to_raw_value(details),
        other => serde_json::value::to_raw_value(&serde_json::json!({ "msg": other })),
    };
    let origin = event.origin;
    let shown = EventResponse {
        event_id: origin.ids.uuid().simple().to_string(),
        created_at: origin.now,
        event: Event {
            source: EventSource {
                service_name: origin.service_name.to_owned(),
                host_id: origin.host_id.clone(),
                base_url: origin.base_url.clone(),
                request_id: origin.request_id.clone(),
            },
            resource: EventResource {
                account_name: event.account.to_owned(),
                id: event.resource_id.map(str::to_owned),
                kind: event.kind.resource_type.to_owned(),
            },
            kind: event.kind.name.to_owned(),
            category: event.kind.category().to_owned(),
            level: event.kind.level.as_str().to_owned(),
            message: event.kind.message.to_owned(),
            details: details.expect("texts are the keys of every JSON value"),
            timestamp: origin.now,
        },
    };
    let document = serde_json::to_string(&shown).expect("an event is texts and JSON");
    // Or a reader could see an event before another with a lower number, and miss that one.
    tx.take_turn(Turn::Events)?;
    tx.execute(
        "INSERT INTO events (event_id, account_name, type, level, resource_type, resource_id, service_name,
                             host_id, created_at, is_selected, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            shown.event_id,
            event.account,
            event.kind.name,
            event.kind.level.as_str(),
            event.kind.resource_type,
            event.resource_id,
            origin.service_name,
            origin.host_id,
            origin.now,
            false,
            document,
        ],
    )?;
    Ok(())
}

/// The oldest events that were not compared with the selectors of notifications, each also as the
/// text that clients get.
pub(crate) fn to_select(
    tx: &mut Transaction<'_>,
    limit: i64,
) -> Result<Vec<(EventResponse, String)>> {
    tx.query(
        "SELECT document FROM events WHERE NOT is_selected ORDER BY sequence LIMIT $1",
        params![limit],
        |row| Ok((row.json(0)?, row.get(0)?)),
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

/// Gives events of an account to `visit`, newest first, each as the text that clients get.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
    offset: i64,
    limit: i64,
    mut visit: impl FnMut(&str),
) -> Result<()> {
    let mut conditions = filter.conditions(account);
    let (limit, offset) = (conditions.bind(&limit), conditions.bind(&offset));
    let sql = format!(
        "SELECT document FROM events WHERE {} ORDER BY created_at DESC, sequence DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql(),
    );
    tx.for_each(&sql, conditions.values(), |row| {
        visit(row.text(0)?);
        Ok(())
    })
}

/// One event of an account, as the text that clients get.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    event_id: &str,
) -> Result<Option<String>> {
    tx.query_opt(
        "SELECT document FROM events WHERE account_name = $1 AND event_id = $2",
        params![account, event_id],
        |row| row.get(0),
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
