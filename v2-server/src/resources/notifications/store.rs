//! Endpoints, configurations and selectors in the database.

use super::types::{
    EndpointType, Health, Level, NotificationEndpoint, NotificationEndpointConfiguration,
    NotificationEventSelector, NotificationSelector, Scope,
};
use crate::params;
use crate::store::{Error, Result, Row, Transaction};
use crate::time::Timestamp;

/// Writes the types of endpoints that are not there yet: enabled.
pub(crate) fn seed(tx: &mut Transaction<'_>, now: Timestamp) -> Result<()> {
    for endpoint in EndpointType::ALL {
        tx.execute(
            "INSERT INTO notification_endpoints (name, enabled, last_updated) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            params![endpoint.as_str(), true, now],
        )?;
    }
    Ok(())
}

/// All types of endpoints, by name.
pub(super) fn endpoints(tx: &mut Transaction<'_>) -> Result<Vec<NotificationEndpoint>> {
    tx.query(
        "SELECT name, enabled, last_updated FROM notification_endpoints ORDER BY name",
        params![],
        |row| {
            Ok(NotificationEndpoint {
                name: row.get(0)?,
                enabled: row.get(1)?,
                last_updated: row.get(2)?,
            })
        },
    )
}

/// Whether anything is sent to endpoints of a type.
pub(super) fn is_enabled(tx: &mut Transaction<'_>, endpoint: EndpointType) -> Result<bool> {
    tx.query_value(
        "SELECT enabled FROM notification_endpoints WHERE name = $1",
        params![endpoint.as_str()],
    )
}

/// Switches a type of endpoints; gives since when it is as it is. What waits for a type that is switched off is
/// forgotten.
pub(super) fn switch(
    tx: &mut Transaction<'_>,
    endpoint: EndpointType,
    enabled: bool,
    now: Timestamp,
) -> Result<Timestamp> {
    tx.execute(
        "UPDATE notification_endpoints SET enabled = $2, last_updated = $3 WHERE name = $1 AND enabled <> $2",
        params![endpoint.as_str(), enabled, now],
    )?;
    if !enabled {
        tx.execute(
            "DELETE FROM notification_deliveries
             WHERE configuration IN (SELECT id FROM notification_configurations WHERE endpoint = $1)",
            params![endpoint.as_str()],
        )?;
    }
    tx.query_value(
        "SELECT last_updated FROM notification_endpoints WHERE name = $1",
        params![endpoint.as_str()],
    )
}

/// A stored configuration. Not printable: it holds the secret.
#[derive(Clone)]
pub(crate) struct Configuration {
    /// What every configuration has.
    pub(crate) common: NotificationEndpointConfiguration,
    /// What only its type has, as JSON.
    pub(crate) settings: String,
    /// The secret.
    pub(crate) secret: Option<String>,
    /// Grows with every change.
    pub(crate) version: i64,
}

const COLUMNS: &str =
    "uuid, description, verify_tls, created_at, last_updated, settings, secret, version";

/// Configurations of an account and a type with their selectors, oldest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    endpoint: EndpointType,
) -> Result<Vec<Configuration>> {
    let mut found = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM notification_configurations
             WHERE account_name = $1 AND endpoint = $2 ORDER BY id"
        ),
        params![account, endpoint.as_str()],
        read,
    )?;
    for Configuration { common, .. } in &mut found {
        common.selectors = selectors(tx, &common.uuid)?;
    }
    Ok(found)
}

/// One configuration of an account, with its selectors.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    endpoint: EndpointType,
    uuid: &str,
) -> Result<Option<Configuration>> {
    let mut found = tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM notification_configurations
             WHERE account_name = $1 AND endpoint = $2 AND uuid = $3"
        ),
        params![account, endpoint.as_str(), uuid],
        read,
    )?;
    if let Some(Configuration { common, .. }) = &mut found {
        common.selectors = selectors(tx, &common.uuid)?;
    }
    Ok(found)
}

/// One configuration, whosever it is, without its selectors.
pub(super) fn by_key(tx: &mut Transaction<'_>, key: i64) -> Result<Option<Configuration>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM notification_configurations WHERE id = $1"),
        params![key],
        read,
    )
}

/// Adds a configuration.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    endpoint: EndpointType,
    new: &Configuration,
) -> Result<()> {
    tx.execute(
        "INSERT INTO notification_configurations (account_name, endpoint, uuid, description, verify_tls, created_at,
                                                  last_updated, settings, secret, version, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            account,
            endpoint.as_str(),
            new.common.uuid,
            new.common.description,
            new.common.verify_tls,
            new.common.created_at,
            new.common.last_updated,
            new.settings,
            new.secret,
            new.version,
            Health::Unknown.as_str(),
        ],
    )?;
    Ok(())
}

/// Writes a changed configuration. How deliveries to it go is unknown again.
pub(super) fn update(tx: &mut Transaction<'_>, changed: &Configuration) -> Result<()> {
    tx.execute(
        "UPDATE notification_configurations
         SET description = $2, verify_tls = $3, last_updated = $4, settings = $5, secret = $6, version = $7, status = $8
         WHERE uuid = $1",
        params![
            changed.common.uuid,
            changed.common.description,
            changed.common.verify_tls,
            changed.common.last_updated,
            changed.settings,
            changed.secret,
            changed.version,
            Health::Unknown.as_str(),
        ],
    )?;
    Ok(())
}

/// Deletes a configuration with its selectors and what waits for it; tells whether it was there.
pub(super) fn delete(
    tx: &mut Transaction<'_>,
    account: &str,
    endpoint: EndpointType,
    uuid: &str,
) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM notification_configurations WHERE account_name = $1 AND endpoint = $2 AND uuid = $3",
        params![account, endpoint.as_str(), uuid],
    )?;
    Ok(deleted > 0)
}

/// How the last delivery to a configuration went.
pub(super) fn health(
    tx: &mut Transaction<'_>,
    account: &str,
    endpoint: EndpointType,
    uuid: &str,
) -> Result<Option<Health>> {
    tx.query_opt(
        "SELECT status FROM notification_configurations WHERE account_name = $1 AND endpoint = $2 AND uuid = $3",
        params![account, endpoint.as_str(), uuid],
        |row| word(row, 0, "a status", Health::parse),
    )
}

/// Notes how a delivery went, unless the configuration was changed since.
pub(super) fn note_health(
    tx: &mut Transaction<'_>,
    configuration: &Configuration,
    health: Health,
) -> Result<()> {
    tx.execute(
        "UPDATE notification_configurations SET status = $3 WHERE uuid = $1 AND version = $2 AND status <> $3",
        params![
            configuration.common.uuid,
            configuration.version,
            health.as_str()
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Configuration> {
    Ok(Configuration {
        common: NotificationEndpointConfiguration {
            uuid: row.get(0)?,
            description: row.get(1)?,
            verify_tls: row.get(2)?,
            created_at: row.get(3)?,
            last_updated: row.get(4)?,
            selectors: Vec::new(),
        },
        settings: row.get(5)?,
        secret: row.get(6)?,
        version: row.get(7)?,
    })
}

/// Reads a word of a fixed set.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T> {
    let word = row.text(column)?;
    parse(word).ok_or_else(|| Error::Column {
        column: column.to_string(),
        expected,
        found: word.to_owned(),
    })
}

/// Selectors of a configuration, oldest first.
pub(super) fn selectors(
    tx: &mut Transaction<'_>,
    configuration: &str,
) -> Result<Vec<NotificationSelector>> {
    tx.query(
        "SELECT s.uuid, c.uuid, s.scope, s.level, s.resource_type, s.type
         FROM notification_configurations c JOIN notification_selectors s ON s.configuration = c.id
         WHERE c.uuid = $1 ORDER BY s.id",
        params![configuration],
        |row| read_selector(row, 0),
    )
}

/// One selector of a configuration.
pub(super) fn selector(
    tx: &mut Transaction<'_>,
    configuration: &str,
    uuid: &str,
) -> Result<Option<NotificationSelector>> {
    tx.query_opt(
        "SELECT s.uuid, c.uuid, s.scope, s.level, s.resource_type, s.type
         FROM notification_selectors s JOIN notification_configurations c ON c.id = s.configuration
         WHERE c.uuid = $1 AND s.uuid = $2",
        params![configuration, uuid],
        |row| read_selector(row, 0),
    )
}

/// Adds a selector to a configuration that is there.
pub(super) fn insert_selector(
    tx: &mut Transaction<'_>,
    configuration: &str,
    uuid: &str,
    selector: &NotificationSelector,
) -> Result<()> {
    tx.execute(
        "INSERT INTO notification_selectors (configuration, uuid, scope, level, resource_type, type)
         SELECT id, $2, $3, $4, $5, $6 FROM notification_configurations WHERE uuid = $1",
        params![
            configuration,
            uuid,
            selector.scope.as_str(),
            selector.event.level.as_str(),
            selector.event.resource_type,
            selector.event.kind,
        ],
    )?;
    Ok(())
}

/// Writes a changed selector.
pub(super) fn update_selector(
    tx: &mut Transaction<'_>,
    uuid: &str,
    selector: &NotificationSelector,
) -> Result<()> {
    tx.execute(
        "UPDATE notification_selectors SET scope = $2, level = $3, resource_type = $4, type = $5 WHERE uuid = $1",
        params![
            uuid,
            selector.scope.as_str(),
            selector.event.level.as_str(),
            selector.event.resource_type,
            selector.event.kind,
        ],
    )?;
    Ok(())
}

/// Deletes a selector.
pub(super) fn delete_selector(tx: &mut Transaction<'_>, uuid: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM notification_selectors WHERE uuid = $1",
        params![uuid],
    )?;
    Ok(())
}

/// Reads a selector from six columns, the first of them given.
pub(super) fn read_selector(row: &Row<'_>, first: usize) -> Result<NotificationSelector> {
    Ok(NotificationSelector {
        uuid: row.get(first)?,
        configuration_uuid: row.get(first + 1)?,
        scope: word(row, first + 2, "a scope", Scope::parse)?,
        event: NotificationEventSelector {
            level: word(row, first + 3, "a level", Level::parse)?,
            resource_type: row.get(first + 4)?,
            kind: row.get(first + 5)?,
        },
    })
}
