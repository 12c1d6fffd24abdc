//! Identity providers in the database, and what was used up.

use super::types::RbacManagerSamlConfiguration;
use crate::params;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// An identity provider with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Idp {
    pub(super) configuration: RbacManagerSamlConfiguration,
    /// Its name as an issuer.
    pub(crate) entity_id: String,
    /// Its metadata, as given or as last read.
    pub(super) metadata: String,
    /// When that was.
    pub(super) read_at: Timestamp,
    /// When to read it again, if it is fetched.
    pub(super) due_at: Timestamp,
}

/// The names of all.
pub(super) fn names(tx: &mut Transaction<'_>) -> Result<Vec<String>> {
    tx.query(
        "SELECT name FROM saml_idps ORDER BY name",
        params![],
        |row| row.get(0),
    )
}

macro_rules! select_idp {
    ($condition:literal) => {
        concat!(
            "SELECT name, enabled, sp_entity_id, acs_url, acs_https_port, idp_metadata_url, idp_metadata_xml,
                    idp_username_attribute, idp_account_attribute, idp_role_attribute, default_account,
                    default_role, require_signed_assertions, require_signed_response, created_at, last_updated,
                    entity_id, metadata, metadata_read_at, metadata_due_at
             FROM saml_idps WHERE ",
            $condition
        )
    };
}

/// One.
pub(crate) fn get(tx: &mut Transaction<'_>, name: &str) -> Result<Option<Idp>> {
    tx.query_opt(select_idp!("name = $1"), params![name], read)
}

/// The names of those in use whose messages this issuer makes.
pub(super) fn of_issuer(tx: &mut Transaction<'_>, issuer: &str) -> Result<Vec<String>> {
    tx.query(
        "SELECT name FROM saml_idps WHERE entity_id = $1 AND enabled ORDER BY name",
        params![issuer],
        |row| row.get(0),
    )
}

/// Adds one; tells whether the name was free.
pub(super) fn insert(tx: &mut Transaction<'_>, idp: &Idp) -> Result<bool> {
    let Idp { configuration, .. } = idp;
    let added = tx.execute(
        "INSERT INTO saml_idps (name, enabled, sp_entity_id, acs_url, acs_https_port, idp_metadata_url,
             idp_metadata_xml, idp_username_attribute, idp_account_attribute, idp_role_attribute, default_account,
             default_role, require_signed_assertions, require_signed_response, created_at, last_updated, entity_id,
             metadata, metadata_read_at, metadata_due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         ON CONFLICT DO NOTHING",
        params![
            configuration.name,
            configuration.enabled,
            configuration.sp_entity_id,
            configuration.acs_url,
            configuration.acs_https_port,
            configuration.idp_metadata_url,
            configuration.idp_metadata_xml,
            configuration.idp_username_attribute,
            configuration.idp_account_attribute,
            configuration.idp_role_attribute,
            configuration.default_account,
            configuration.default_role,
            configuration.require_signed_assertions,
            configuration.require_signed_response,
            configuration.created_at,
            configuration.last_updated,
            idp.entity_id,
            idp.metadata,
            idp.read_at,
            idp.due_at,
        ],
    )?;
    Ok(added == 1)
}

/// Replaces one; when it was made stays.
pub(super) fn replace(tx: &mut Transaction<'_>, idp: &Idp) -> Result<()> {
    tx.execute(
        "DELETE FROM saml_idps WHERE name = $1",
        params![idp.configuration.name],
    )?;
    insert(tx, idp).map(drop)
}

/// Removes one, and its users with their roles and tokens; tells whether it was there.
pub(super) fn remove(tx: &mut Transaction<'_>, name: &str) -> Result<bool> {
    tx.execute("DELETE FROM users WHERE idp_name = $1", params![name])?;
    let removed = tx.execute("DELETE FROM saml_idps WHERE name = $1", params![name])?;
    Ok(removed == 1)
}

/// Writes what fetching metadata gave, unless another address was set meanwhile.
pub(super) fn fetched(tx: &mut Transaction<'_>, idp: &Idp) -> Result<()> {
    tx.execute(
        "UPDATE saml_idps SET entity_id = $3, metadata = $4, metadata_read_at = $5, metadata_due_at = $6
         WHERE name = $1 AND idp_metadata_url = $2",
        params![
            idp.configuration.name,
            idp.configuration.idp_metadata_url,
            idp.entity_id,
            idp.metadata,
            idp.read_at,
            idp.due_at,
        ],
    )?;
    Ok(())
}

/// Uses an id up; tells whether it was not used before.
pub(super) fn use_up(
    tx: &mut Transaction<'_>,
    issuer: &str,
    id: &str,
    expires_at: Timestamp,
) -> Result<bool> {
    let used = tx.execute(
        "INSERT INTO saml_used_ids (issuer, id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![issuer, id, expires_at],
    )?;
    Ok(used == 1)
}

/// Forgets the used ids that are over.
pub(super) fn forget_used(tx: &mut Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM saml_used_ids WHERE expires_at <= $1",
        params![now],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Idp> {
    Ok(Idp {
        configuration: RbacManagerSamlConfiguration {
            name: row.get(0)?,
            enabled: row.get(1)?,
            sp_entity_id: row.get(2)?,
            acs_url: row.get(3)?,
            acs_https_port: row.get(4)?,
            idp_metadata_url: row.get(5)?,
            idp_metadata_xml: row.get(6)?,
            idp_username_attribute: row.get(7)?,
            idp_account_attribute: row.get(8)?,
            idp_role_attribute: row.get(9)?,
            default_account: row.get(10)?,
            default_role: row.get(11)?,
            require_signed_assertions: row.get(12)?,
            require_signed_response: row.get(13)?,
            created_at: row.get(14)?,
            last_updated: row.get(15)?,
            require_existing_users: false,
        },
        entity_id: row.get(16)?,
        metadata: row.get(17)?,
        read_at: row.get(18)?,
        due_at: row.get(19)?,
    })
}
