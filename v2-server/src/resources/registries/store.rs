//! Registries in the database.

use super::types::RegistryConfiguration;
use crate::params;
use crate::store::{Result, Row, Transaction};

/// All registries of an account, oldest first.
pub(super) fn list(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<RegistryConfiguration>> {
    tx.query(
        "SELECT created_at, last_updated, registry_user, registry_type, account_name, registry,
                registry_name, registry_verify
         FROM registries WHERE account_name = $1 ORDER BY created_at, registry",
        params![account],
        read,
    )
}

/// One registry of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    registry: &str,
) -> Result<Option<RegistryConfiguration>> {
    tx.query_opt(
        "SELECT created_at, last_updated, registry_user, registry_type, account_name, registry,
                registry_name, registry_verify
         FROM registries WHERE account_name = $1 AND registry = $2",
        params![account, registry],
        read,
    )
}

/// The password of a registry that is there.
pub(super) fn password(tx: &mut Transaction<'_>, account: &str, registry: &str) -> Result<String> {
    tx.query_value(
        "SELECT registry_pass FROM registries WHERE account_name = $1 AND registry = $2",
        params![account, registry],
    )
}

/// Adds a registry; tells whether it was new.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    record: &RegistryConfiguration,
    password: &str,
) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO registries (account_name, registry, registry_name, registry_type, registry_user,
                                 registry_pass, registry_verify, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING",
        params![
            record.account_name,
            record.registry,
            record.registry_name,
            record.registry_type,
            record.registry_user,
            password,
            record.registry_verify,
            record.created_at,
            record.last_updated,
        ],
    )?;
    Ok(added == 1)
}

/// Writes a changed registry. Without a password the stored one stays.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    record: &RegistryConfiguration,
    password: Option<&str>,
) -> Result<()> {
    tx.execute(
        "UPDATE registries
         SET registry_name = $3, registry_type = $4, registry_user = $5,
             registry_pass = coalesce($6, registry_pass), registry_verify = $7, last_updated = $8
         WHERE account_name = $1 AND registry = $2",
        params![
            record.account_name,
            record.registry,
            record.registry_name,
            record.registry_type,
            record.registry_user,
            password,
            record.registry_verify,
            record.last_updated,
        ],
    )?;
    Ok(())
}

/// Removes a registry, if it is there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, registry: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM registries WHERE account_name = $1 AND registry = $2",
        params![account, registry],
    )?;
    Ok(())
}

/// A login for a registry. Only for asking the registry: it holds the password.
pub(crate) struct Login {
    /// User name.
    pub(crate) user: String,
    /// Password.
    pub(crate) password: String,
    /// Whether the certificate of the registry is checked.
    pub(crate) verify: bool,
}

/// The login of an account for a repository of a registry: of the entries that fit, such as
/// `host:5000`, `host:5000/team/*` and `host:5000/team/app`, the longest.
pub(crate) fn login_for(
    tx: &mut Transaction<'_>,
    account: &str,
    registry: &str,
    repository: &str,
) -> Result<Option<Login>> {
    let wanted = format!("{registry}/{repository}");
    let mut entries: Vec<(String, Login)> = tx.query(
        "SELECT registry, registry_user, registry_pass, registry_verify FROM registries WHERE account_name = $1",
        params![account],
        |row| {
            let login = Login {
                user: row.get(1)?,
                password: row.get(2)?,
                verify: row.get(3)?,
            };
            Ok((row.get(0)?, login))
        },
    )?;
    entries.retain(|(entry, _)| match entry.strip_suffix('*') {
        Some(start) => wanted.starts_with(start),
        None => entry == registry || *entry == wanted,
    });
    let longest = entries.into_iter().max_by_key(|(entry, _)| entry.len());
    Ok(longest.map(|(_, login)| login))
}

fn read(row: &Row<'_>) -> Result<RegistryConfiguration> {
    Ok(RegistryConfiguration {
        created_at: row.get(0)?,
        last_updated: row.get(1)?,
        registry_user: row.get(2)?,
        registry_type: row.get(3)?,
        account_name: row.get(4)?,
        registry: row.get(5)?,
        registry_name: row.get(6)?,
        registry_verify: row.get(7)?,
    })
}
