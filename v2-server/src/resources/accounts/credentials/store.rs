//! Password hashes in the database.

use crate::params;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// When the user's password was set, if there is one.
pub(super) fn created_at(tx: &mut Transaction<'_>, username: &str) -> Result<Option<Timestamp>> {
    tx.query_opt(
        "SELECT created_at FROM credentials WHERE username = $1",
        params![username],
        |row| row.get(0),
    )
}

/// Sets the user's password, in place of an older one, and ends the sessions that began with that.
pub(in crate::resources::accounts) fn put(
    tx: &mut Transaction<'_>,
    username: &str,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO credentials (username, hash, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (username) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at",
        params![username, hash, now],
    )?;
    changed(tx, username, now)
}

/// Removes the user's password, if there is one.
pub(super) fn remove(tx: &mut Transaction<'_>, username: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM credentials WHERE username = $1",
        params![username],
    )?;
    changed(tx, username, now)
}

fn changed(tx: &mut Transaction<'_>, username: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE users SET last_updated = $2 WHERE username = $1",
        params![username, now],
    )?;
    tx.execute(
        "DELETE FROM refresh_tokens
         WHERE user_uuid = (SELECT uuid FROM users WHERE username = $1)",
        params![username],
    )?;
    Ok(())
}
