//! Servers and their services in the database.

use serde_json::json;

use super::{DOWN_AFTER, ORPHANED_AFTER, REMOVED_AFTER};
use crate::params;
use crate::resources::events::catalogue::{self, EventType};
use crate::resources::events::{self, NewEvent, Origin};
use crate::resources::probes::types::SERVICE_VERSION;
use crate::state::AppState;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// The services of every server: the names clients wait for before they call a system ready.
pub(crate) const SERVICES: [&str; 5] = [
    "apiext",
    "catalog",
    "policy_engine",
    "simplequeue",
    "analyzer",
];

/// What tells the events about servers to whom it concerns.
const ACCOUNT: &str = "admin";

/// What has become of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It runs.
    Up,
    /// It finishes what it has begun.
    Stopping,
    /// It has ended as it was told.
    Stopped,
    /// It is not seen any more.
    Down,
    /// It has not been seen for long.
    Orphaned,
}

impl State {
    const ALL: [Self; 5] = [
        Self::Up,
        Self::Stopping,
        Self::Stopped,
        Self::Down,
        Self::Orphaned,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Down => "down",
            Self::Orphaned => "orphaned",
        }
    }

    /// That of this server.
    pub(crate) fn of(state: &AppState) -> Self {
        if state.is_stopping() {
            Self::Stopping
        } else {
            Self::Up
        }
    }

    /// The same for people and clients.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Up => "available",
            Self::Stopping => "unavailable",
            Self::Stopped | Self::Down => "down",
            Self::Orphaned => "orphaned",
        }
    }

    /// A word that the program does not know is that of a later one.
    fn read(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.unwrap_or(Self::Down)
    }

    /// Whether the server is there.
    pub(crate) fn is_running(self) -> bool {
        matches!(self, Self::Up | Self::Stopping)
    }

    /// What it is at a moment, when it was last seen at another.
    fn at(self, now: Timestamp, seen_at: Timestamp) -> Self {
        if self.is_running() && seen_at < now.plus_seconds(-DOWN_AFTER) {
            Self::Down
        } else {
            self
        }
    }
}

/// What a server writes down about itself.
pub(super) struct Registration {
    pub(super) host_id: String,
    pub(super) base_url: String,
    pub(super) now: Timestamp,
}

impl Registration {
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            host_id: state.host_id.clone(),
            base_url: state.base_url.clone(),
            now: state.now(),
        }
    }
}

/// Where another server of this name was at work just now.
pub(super) fn another_at_work(
    tx: &mut Transaction<'_>,
    new: &Registration,
) -> Result<Option<String>> {
    tx.query_opt(
        "SELECT base_url FROM servers WHERE host_id = $1 AND base_url <> $2 AND state = 'up' AND seen_at >= $3",
        params![new.host_id, new.base_url, new.now.plus_seconds(-DOWN_AFTER)],
        |row| row.get(0),
    )
}

/// Writes down that a server is up, with all its services.
pub(super) fn register(tx: &mut Transaction<'_>, new: &Registration) -> Result<()> {
    tx.execute(
        "INSERT INTO servers (host_id, base_url, version, state, started_at, seen_at)
         VALUES ($1, $2, $3, 'up', $4, $4)
         ON CONFLICT (host_id) DO UPDATE SET base_url = excluded.base_url, version = excluded.version, state = 'up',
                                             started_at = excluded.started_at, seen_at = excluded.seen_at",
        params![new.host_id, new.base_url, SERVICE_VERSION, new.now],
    )?;
    for service_name in SERVICES {
        tx.execute(
            "INSERT INTO server_services (host_id, service_name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            params![new.host_id, service_name],
        )?;
    }
    Ok(())
}

/// Writes down that a server is still there; whether it is known to be up, there.
pub(super) fn beat(tx: &mut Transaction<'_>, own: &Registration) -> Result<bool> {
    let known = tx.execute(
        "UPDATE servers SET seen_at = $3 WHERE host_id = $1 AND base_url = $2 AND state = 'up'",
        params![own.host_id, own.base_url, own.now],
    )?;
    Ok(known > 0)
}

/// Writes down what becomes of a server, unless another one has taken its name.
pub(super) fn set_state(
    tx: &mut Transaction<'_>,
    host_id: &str,
    base_url: &str,
    state: State,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE servers SET state = $3, seen_at = $4 WHERE host_id = $1 AND base_url = $2",
        params![host_id, base_url, state.as_str(), now],
    )?;
    Ok(())
}

/// Lets the claims of a server run out: it does not work on them any more.
pub(super) fn release_claims(tx: &mut Transaction<'_>, host_id: &str) -> Result<()> {
    for table in ["images", "sources"] {
        tx.execute(
            &format!(
                "UPDATE {table} SET claimed_until = ''
                 WHERE analysis_status = 'analyzing' AND import_uuid IS NOT NULL AND claimed_by = $1"
            ),
            params![host_id],
        )?;
    }
    tx.execute(
        "UPDATE notification_configurations SET claimed_until = NULL, claimed_by = NULL WHERE claimed_by = $1",
        params![host_id],
    )?;
    Ok(())
}

/// The same for all servers there have been.
pub(super) fn release_all_claims(tx: &mut Transaction<'_>) -> Result<()> {
    for server in servers(tx)? {
        release_claims(tx, &server.host_id)?;
    }
    Ok(())
}

/// A server as it was last seen.
struct Server {
    host_id: String,
    base_url: String,
    state: State,
    seen_at: Timestamp,
}

fn servers(tx: &mut Transaction<'_>) -> Result<Vec<Server>> {
    tx.query(
        "SELECT host_id, base_url, state, seen_at FROM servers ORDER BY host_id",
        params![],
        |row| {
            Ok(Server {
                host_id: row.get(0)?,
                base_url: row.get(1)?,
                state: State::read(&row.get::<String>(2)?),
                seen_at: row.get(3)?,
            })
        },
    )
}

/// What has become of a server that was not told yet.
fn change(server: &Server, now: Timestamp) -> Option<Change> {
    let unseen = now.unix() - server.seen_at.unix();
    match server.state {
        State::Up | State::Stopping => (unseen > DOWN_AFTER).then_some(Change::To(State::Down)),
        _ if unseen > REMOVED_AFTER => Some(Change::Removed),
        State::Down => (unseen > ORPHANED_AFTER).then_some(Change::To(State::Orphaned)),
        State::Stopped | State::Orphaned => None,
    }
}

enum Change {
    To(State),
    Removed,
}

/// Whether something has become of a server that nobody has told yet.
pub(super) fn are_overdue(tx: &mut Transaction<'_>, now: Timestamp) -> Result<bool> {
    let servers = servers(tx)?;
    Ok(servers.iter().any(|server| change(server, now).is_some()))
}

/// Writes down and tells what has become of servers, and frees what they worked on.
pub(super) fn look_after(tx: &mut Transaction<'_>, origin: &Origin) -> Result<()> {
    for server in servers(tx)? {
        let Some(change) = change(&server, origin.now()) else {
            continue;
        };
        let kind = match change {
            Change::To(State::Orphaned) => &catalogue::SERVICE_ORPHANED,
            Change::To(_) => &catalogue::SERVICE_DOWN,
            Change::Removed => &catalogue::SERVICE_REMOVED,
        };
        for service_name in services_of(tx, &server.host_id)? {
            tell(tx, kind, &service_name, &server, origin)?;
        }
        match change {
            Change::To(state) => {
                release_claims(tx, &server.host_id)?;
                tx.execute(
                    "UPDATE servers SET state = $2 WHERE host_id = $1",
                    params![server.host_id, state.as_str()],
                )?;
            }
            Change::Removed => {
                tx.execute(
                    "DELETE FROM servers WHERE host_id = $1",
                    params![server.host_id],
                )?;
            }
        }
    }
    Ok(())
}

fn services_of(tx: &mut Transaction<'_>, host_id: &str) -> Result<Vec<String>> {
    tx.query(
        "SELECT service_name FROM server_services WHERE host_id = $1 ORDER BY service_name",
        params![host_id],
        |row| row.get(0),
    )
}

fn tell(
    tx: &mut Transaction<'_>,
    kind: &'static EventType,
    service_name: &str,
    server: &Server,
    origin: &Origin,
) -> Result<()> {
    let event = NewEvent {
        kind,
        account: ACCOUNT,
        resource_id: Some(service_name),
        details: json!({
            "service_name": service_name,
            "host_id": server.host_id,
            "base_url": server.base_url,
            "last_seen": server.seen_at,
        }),
        origin,
    };
    events::store::record(tx, &event)
}

/// One service of one server.
pub(crate) struct Registered {
    pub(crate) service_name: String,
    pub(crate) host_id: String,
    pub(crate) base_url: String,
    pub(crate) version: String,
    pub(crate) state: State,
}

/// All services of all servers: by server, and there in the order clients know.
pub(crate) fn services(tx: &mut Transaction<'_>, now: Timestamp) -> Result<Vec<Registered>> {
    let mut services = tx.query(
        "SELECT service.service_name, server.host_id, server.base_url, server.version, server.state, server.seen_at
         FROM servers AS server JOIN server_services AS service ON service.host_id = server.host_id
         ORDER BY server.host_id",
        params![],
        |row| registered(row, now),
    )?;
    let place = |name: &str| SERVICES.iter().position(|known| *known == name);
    services.sort_by(|a, b| {
        let by_host = a.host_id.cmp(&b.host_id);
        by_host.then_with(|| place(&a.service_name).cmp(&place(&b.service_name)))
    });
    Ok(services)
}

fn registered(row: &Row<'_>, now: Timestamp) -> Result<Registered> {
    let state = State::read(&row.get::<String>(4)?);
    Ok(Registered {
        service_name: row.get(0)?,
        host_id: row.get(1)?,
        base_url: row.get(2)?,
        version: row.get(3)?,
        state: state.at(now, row.get(5)?),
    })
}

/// What a removal came to.
pub(crate) enum Removal {
    /// There is no such service.
    Unknown,
    /// It runs, and stays.
    Running,
    /// It is forgotten.
    Removed,
}

/// Removes a service that does not run, and its server with the last one.
pub(crate) fn remove(
    tx: &mut Transaction<'_>,
    service_name: &str,
    host_id: &str,
    origin: &Origin,
) -> Result<Removal> {
    if !services_of(tx, host_id)?
        .iter()
        .any(|name| name == service_name)
    {
        return Ok(Removal::Unknown);
    }
    let servers = servers(tx)?;
    let Some(server) = servers.iter().find(|server| server.host_id == host_id) else {
        return Ok(Removal::Unknown);
    };
    if server.state.at(origin.now(), server.seen_at).is_running() {
        return Ok(Removal::Running);
    }
    tx.execute(
        "DELETE FROM server_services WHERE host_id = $1 AND service_name = $2",
        params![host_id, service_name],
    )?;
    tx.execute(
        "DELETE FROM servers WHERE host_id = $1
         AND NOT EXISTS (SELECT 1 FROM server_services WHERE host_id = $1)",
        params![host_id],
    )?;
    tell(
        tx,
        &catalogue::SERVICE_REMOVED,
        service_name,
        server,
        origin,
    )?;
    Ok(Removal::Removed)
}
