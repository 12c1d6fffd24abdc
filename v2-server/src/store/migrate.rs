//! Brings the tables up to date: each migration once, in order, in a transaction of its own.

use crate::params;
use crate::time::{Clock as _, SystemClock};

use super::{Error, Result, Transaction, Turn};

/// The databases, each with SQL of its own for tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

struct Migration {
    /// File name without its ending: `0001_accounts`.
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// All migrations by number. A released one is never edited: what changes later is a new number.
const MIGRATIONS: &[Migration] = migrations![
    "0001_accounts",
    "0002_rbac",
    "0003_registries",
    "0010_events",
    "0011_subscriptions",
    "0012_images",
    "0013_imports",
    "0014_vulnerabilities",
    "0020_policies",
    "0021_policy_evaluations",
    "0030_archives",
    "0031_vulnerability_records",
    "0040_sources",
    "0041_applications",
    "0050_inventories",
    "0051_corrections",
    "0052_alerts",
    "0060_notifications",
    "0061_actions",
    "0070_saml",
    "0071_reports",
    "0080_servers",
    "0081_event_documents",
    "0082_notification_claims",
];

impl Migration {
    fn number(&self) -> i64 {
        self.name
            .split_once('_')
            .and_then(|(number, _)| number.parse().ok())
            .expect("migration files are named `NNNN_name`")
    }
}

/// The version of the tables, as reported to clients: `0.0.` and the number of the last migration.
pub fn schema_version() -> String {
    let last = MIGRATIONS.last().map_or(0, Migration::number);
    format!("0.0.{last}")
}

/// Applies the next migration that the database has not seen; answers whether there was one.
pub(super) fn next(tx: &mut Transaction<'_>, dialect: Dialect) -> Result<bool> {
    // Servers that start at once on one database do this one after the other.
    tx.take_turn(Turn::Migration)?;
    tx.batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             number     BIGINT NOT NULL PRIMARY KEY,
             name       TEXT NOT NULL,
             applied_at TEXT NOT NULL
         )",
    )?;
    let known = MIGRATIONS.last().map_or(0, Migration::number);
    let applied: Vec<i64> = tx.query(
        "SELECT number FROM schema_migrations ORDER BY number",
        params![],
        |row| row.get(0),
    )?;
    if let Some(found) = applied.last().copied().filter(|newest| *newest > known) {
        return Err(Error::TooNew { found, known });
    }
    let Some(migration) = MIGRATIONS.iter().find(|m| !applied.contains(&m.number())) else {
        return Ok(false);
    };
    apply(tx, migration, dialect).map_err(|error| Error::Migration {
        name: migration.name,
        source: Box::new(error),
    })?;
    Ok(true)
}

fn apply(tx: &mut Transaction<'_>, migration: &Migration, dialect: Dialect) -> Result<()> {
    tx.batch(match dialect {
        Dialect::Sqlite => migration.sqlite,
        Dialect::Postgres => migration.postgres,
    })?;
    tx.execute(
        "INSERT INTO schema_migrations (number, name, applied_at) VALUES ($1, $2, $3)",
        params![migration.number(), migration.name, SystemClock.now()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn numbers_rise() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(Migration::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn both_databases_have_the_same_tables_columns_and_indexes() {
        let words = |sql: &str| -> Vec<String> {
            sql.lines()
                .filter(|line| !line.trim_start().starts_with("--"))
                .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
                .collect()
        };
        for migration in MIGRATIONS {
            assert_eq!(
                words(migration.sqlite),
                words(migration.postgres),
                "{}",
                migration.name
            );
        }
    }

    /// Brings the tables up to the last migration below a number.
    fn up_to(tx: &mut Transaction<'_>, number: i64, dialect: Dialect) -> Result<()> {
        for migration in MIGRATIONS.iter().filter(|m| m.number() < number) {
            apply(tx, migration, dialect)?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn events_from_before_documents_are_shown_as_they_were() {
        let database = testing::Database::new().await;
        let (store, dialect) = database.unmigrated();
        let shown: Result<Vec<String>> = store
            .write(move |tx| {
                tx.batch(
                    "CREATE TABLE schema_migrations (
                         number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)",
                )?;
                up_to(tx, 81, dialect)?;
                tx.batch(
                    r#"INSERT INTO accounts (name, type, state, created_at, last_updated)
                       VALUES ('acme', 'user', 'enabled', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
                       INSERT INTO events (event_id, account_name, type, category, level, message, details,
                           resource_type, resource_id, service_name, host_id, base_url, request_id, created_at)
                       VALUES ('a', 'acme', 'user.image.analysis.failed', 'user', 'error', 'It "failed"',
                           '{"reason":null,"n":12}', 'image_tag', 'x:1', 'analyzer', 'host', 'http://host', 'r-1',
                           '2026-02-03T04:05:06Z'),
                           ('b', 'acme', 'system.feeds.sync.started', 'system', 'info', 'Begun', '{}',
                           'feeds', NULL, 'catalog', 'host', 'http://host', NULL, '2026-02-03T04:05:07Z')"#,
                )?;
                while next(tx, dialect)? {}
                tx.query(
                    "SELECT document FROM events WHERE account_name = 'acme' ORDER BY event_id",
                    params![],
                    |row| row.get(0),
                )
            })
            .await;
        let shown: Vec<serde_json::Value> = shown
            .unwrap()
            .iter()
            .map(|document| serde_json::from_str(document).unwrap())
            .collect();
        let expected = serde_json::json!([
            {
                "event_id": "a",
                "created_at": "2026-02-03T04:05:06Z",
                "event": {
                    "source": {"service_name": "analyzer", "host_id": "host", "base_url": "http://host",
                               "request_id": "r-1"},
                    "resource": {"account_name": "acme", "id": "x:1", "type": "image_tag"},
                    "type": "user.image.analysis.failed",
                    "category": "user",
                    "level": "error",
                    "message": "It \"failed\"",
                    "details": {"reason": null, "n": 12},
                    "timestamp": "2026-02-03T04:05:06Z",
                },
            },
            {
                "event_id": "b",
                "created_at": "2026-02-03T04:05:07Z",
                "event": {
                    "source": {"service_name": "catalog", "host_id": "host", "base_url": "http://host"},
                    "resource": {"account_name": "acme", "type": "feeds"},
                    "type": "system.feeds.sync.started",
                    "category": "system",
                    "level": "info",
                    "message": "Begun",
                    "details": {},
                    "timestamp": "2026-02-03T04:05:07Z",
                },
            },
        ]);
        assert_eq!(serde_json::Value::from(shown), expected);
    }

    #[tokio::test]
    async fn tables_of_a_newer_program_are_refused() {
        let database = testing::Database::new().await;
        let store = database.open().await.unwrap();
        store
            .write(|tx| -> Result<usize> {
                tx.execute(
                    "INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, 'later', '')",
                    params![],
                )
            })
            .await
            .unwrap();
        let error = database.open().await.map(drop).unwrap_err();
        assert!(matches!(error, Error::TooNew { found: 9999, .. }));
    }
}
