//! Brings the tables up to date: each migration once, in order, in a transaction of its own.

use rusqlite::{Connection, TransactionBehavior};

use super::{Error, Result};

struct Migration {
    /// File name without its ending: `0001_accounts`.
    name: &'static str,
    sqlite: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
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
];

impl Migration {
    fn number(&self) -> u32 {
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

/// Applies every migration that `connection` has not seen yet.
pub(super) fn apply(connection: &mut Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             number     INTEGER NOT NULL PRIMARY KEY,
             name       TEXT NOT NULL,
             applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
         )",
    )?;
    let known = MIGRATIONS.last().map_or(0, Migration::number);
    let newest: u32 = connection.query_row(
        "SELECT coalesce(max(number), 0) FROM schema_migrations",
        [],
        |row| row.get(0),
    )?;
    if newest > known {
        return Err(Error::TooNew {
            found: newest,
            known,
        });
    }
    for migration in MIGRATIONS {
        apply_one(connection, migration).map_err(|source| Error::Migration {
            name: migration.name,
            source,
        })?;
    }
    Ok(())
}

fn apply_one(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    // Two servers may start at once on one file: the second waits here and then finds it done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_new = transaction.execute(
        "INSERT INTO schema_migrations (number, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        (migration.number(), migration.name),
    )? == 1;
    if is_new {
        transaction.execute_batch(migration.sqlite)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(Migration::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn applying_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        apply(&mut connection).unwrap();
    }

    #[test]
    fn tables_of_a_newer_program_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        connection
            .execute(
                "INSERT INTO schema_migrations (number, name) VALUES (9999, 'later')",
                [],
            )
            .unwrap();
        let error = apply(&mut connection).unwrap_err();
        assert!(matches!(error, Error::TooNew { found: 9999, .. }));
    }
}
