//! Accounts in the database.

use super::types::{Account, AccountType};
use crate::access::identity::AccountState;
use crate::params;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// All accounts but the system's own, oldest first; with `state`, only those in it.
pub(crate) fn list(tx: &mut Transaction<'_>, state: Option<AccountState>) -> Result<Vec<Account>> {
    tx.query(
        "SELECT name, type, state, email, created_at, last_updated FROM accounts
         WHERE type <> $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) ORDER BY created_at, name",
        params![AccountType::Service, state],
        read,
    )
}

/// One account. The system's own are nobody's to address.
pub(crate) fn get(tx: &mut Transaction<'_>, name: &str) -> Result<Option<Account>> {
    tx.query_opt(
        "SELECT name, type, state, email, created_at, last_updated FROM accounts
         WHERE name = $1 AND type <> $2",
        params![name, AccountType::Service],
        read,
    )
}

/// Adds an account; tells whether the name was free.
pub(super) fn insert(tx: &mut Transaction<'_>, account: &Account) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO accounts (name, type, state, email, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        params![
            account.name,
            account.kind,
            account.state,
            account.email,
            account.created_at,
            account.last_updated,
        ],
    )?;
    Ok(added == 1)
}

/// Writes what can change about an account.
pub(super) fn update(tx: &mut Transaction<'_>, account: &Account) -> Result<()> {
    tx.execute(
        "UPDATE accounts SET state = $2, email = $3, last_updated = $4 WHERE name = $1",
        params![
            account.name,
            account.state,
            account.email,
            account.last_updated
        ],
    )?;
    Ok(())
}

/// Removes all users of an account, with their passwords, tokens and roles.
pub(super) fn remove_users(tx: &mut Transaction<'_>, account: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM users WHERE account_name = $1",
        params![account],
    )?;
    Ok(())
}

/// Names of the accounts that are on their way out.
pub(super) fn deleting(tx: &mut Transaction<'_>) -> Result<Vec<String>> {
    tx.query(
        "SELECT name FROM accounts WHERE state = $1 ORDER BY name",
        params![AccountState::Deleting],
        |row| row.get(0),
    )
}

/// Removes an account and everything that refers to it.
pub(super) fn remove(tx: &mut Transaction<'_>, name: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM accounts WHERE name = $1 AND state = $2",
        params![name, AccountState::Deleting],
    )?;
    Ok(())
}

/// The account of this name with another state, as it is to be written.
pub(super) fn with_state(account: Account, state: AccountState, now: Timestamp) -> Account {
    Account {
        state,
        last_updated: now,
        ..account
    }
}

fn read(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        name: row.get(0)?,
        kind: row.get(1)?,
        state: row.get(2)?,
        email: row.get(3)?,
        created_at: row.get(4)?,
        last_updated: row.get(5)?,
    })
}
