//! Users in the database.

use super::types::User;
use crate::params;
use crate::store::{Result, Row, Transaction};

/// The users of an account, oldest first.
pub(super) fn list(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<User>> {
    tx.query(
        "SELECT username, type, source, created_at, last_updated, idp_name, uuid, account_name
         FROM users WHERE account_name = $1 ORDER BY created_at, username",
        params![account],
        read,
    )
}

/// One user, of whichever account.
pub(crate) fn get(tx: &mut Transaction<'_>, username: &str) -> Result<Option<User>> {
    tx.query_opt(
        "SELECT username, type, source, created_at, last_updated, idp_name, uuid, account_name
         FROM users WHERE username = $1",
        params![username],
        read,
    )
}

/// Adds a user; tells whether the name was free.
pub(crate) fn insert(tx: &mut Transaction<'_>, user: &User) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO users (username, uuid, account_name, type, source, idp_name, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            user.username,
            user.uuid,
            user.account_name,
            user.kind,
            user.source,
            user.idp_name,
            user.created_at,
            user.last_updated,
        ],
    )?;
    Ok(added == 1)
}

/// Removes a user, with password, tokens and roles.
pub(super) fn remove(tx: &mut Transaction<'_>, username: &str) -> Result<()> {
    tx.execute("DELETE FROM users WHERE username = $1", params![username])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<User> {
    Ok(User {
        username: row.get(0)?,
        kind: row.get(1)?,
        source: row.get(2)?,
        created_at: row.get(3)?,
        last_updated: row.get(4)?,
        idp_name: row.get(5)?,
        uuid: row.get(6)?,
        account_name: row.get(7)?,
    })
}
