//! In tests: no statement reads a whole table that can grow long.
//!
//! Every statement that a test runs is explained once. One that would scan a table fails the test, unless it is known
//! to be about few rows, or is one that only tests ask.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use rusqlite::Connection;

/// Beginnings of statements that may read everything.
const MAY_SCAN: &[&str] = &[
    // A few rows in every installation.
    "SELECT name FROM accounts",
    "SELECT name, description, created_at FROM roles",
    "SELECT name FROM saml_idps",
    "SELECT name, created_at, updated_at, last_full_sync, enabled FROM feeds",
    "SELECT name, enabled, last_updated FROM notification_endpoints",
    "SELECT host_id, base_url, state, seen_at FROM servers",
    "SELECT service.service_name, server.host_id",
    // By an index that holds only the rows in question.
    "SELECT EXISTS (SELECT 1 FROM archive_rules WHERE system_global",
    "DELETE FROM images WHERE id = (SELECT id FROM images WHERE image_status = 'deleting'",
    "SELECT document FROM events WHERE NOT is_selected",
    // Once, when a server starts.
    "SELECT number FROM schema_migrations",
    // Only tests ask these.
    "SELECT (SELECT count(*)",
    "SELECT count(*) FROM image_import_parts WHERE content IS NOT NULL",
    "SELECT count(*) FROM refresh_tokens",
    "SELECT count(*) FROM secrets",
    "UPDATE source_import_sboms SET content = NULL",
];

static EXPLAINED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Fails the test when `sql` reads a whole table.
pub(super) fn check(connection: &Connection, sql: &str) {
    let is_new = EXPLAINED
        .lock()
        .expect("nobody panics with the lock")
        .insert(sql.to_owned());
    let words: Vec<&str> = sql.split_whitespace().collect();
    let flat = words.join(" ");
    if !is_new || MAY_SCAN.iter().any(|known| flat.starts_with(known)) {
        return;
    }
    let Ok(mut plan) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else {
        return;
    };
    let steps: Vec<String> = plan
        .query_map([], |row| row.get(3))
        .and_then(Iterator::collect)
        .unwrap_or_default();
    let scan = steps.iter().find(|step| {
        step.starts_with("SCAN ") && !step.starts_with("SCAN CONSTANT") && !step.contains('(')
    });
    assert!(
        scan.is_none(),
        "{}: {flat}",
        scan.map_or("", String::as_str)
    );
}
