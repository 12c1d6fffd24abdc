//! Refresh tokens in the database, as digests only.

use uuid::Uuid;

use crate::params;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// Keeps a new refresh token.
pub(super) fn keep(
    tx: &mut Transaction<'_>,
    digest: &str,
    user: Uuid,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO refresh_tokens (token_hash, user_uuid, created_at, expires_at)
         VALUES ($1, $2, $3, $4)",
        params![digest, user, now, expires_at],
    )?;
    Ok(())
}

/// The user a refresh token belongs to, if it is good.
pub(super) fn owner(
    tx: &mut Transaction<'_>,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Uuid>> {
    tx.query_opt(
        "SELECT user_uuid FROM refresh_tokens WHERE token_hash = $1 AND expires_at > $2",
        params![digest, now],
        |row| row.get(0),
    )
}

/// Ends a refresh token, if there is such a one.
pub(super) fn revoke(tx: &mut Transaction<'_>, digest: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM refresh_tokens WHERE token_hash = $1",
        params![digest],
    )?;
    Ok(())
}

/// Forgets the tokens that are over.
pub(super) fn forget_expired(tx: &mut Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM refresh_tokens WHERE expires_at <= $1",
        params![now],
    )?;
    Ok(())
}
