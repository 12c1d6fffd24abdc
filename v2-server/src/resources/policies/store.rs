//! Policies in the database. Exactly one policy of an account is active, and what changes about it leaves events, in the
//! same transaction.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::document::Policy;
use super::types::PolicyRecord;
use super::{default, hex};
use crate::params;
use crate::resources::events::catalogue::{
    EventType, USER_POLICY_ACTIVE_CONTENT_CHANGE, USER_POLICY_ACTIVE_UPDATED,
};
use crate::resources::events::store::record;
use crate::resources::events::{NewEvent, Origin};
use crate::store::{Result, Row, Transaction};

/// What `policy_source` says of policies that came over the API.
pub(super) const LOCAL: &str = "local";

/// All policies of an account, oldest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    with_document: bool,
) -> Result<Vec<PolicyRecord>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM policies WHERE account_name = $1 ORDER BY sequence"),
        params![account],
        |row| read(row, with_document),
    )
}

/// One policy of an account.
pub(crate) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    policy_id: &str,
    with_document: bool,
) -> Result<Option<PolicyRecord>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM policies WHERE account_name = $1 AND policy_id = $2"),
        params![account, policy_id],
        |row| read(row, with_document),
    )
}

/// The document of an account's active policy.
pub(crate) fn active(tx: &mut Transaction<'_>, account: &str) -> Result<Option<Policy>> {
    tx.query_opt(
        "SELECT document FROM policies WHERE account_name = $1 AND active",
        params![account],
        |row| row.json(0),
    )
}

/// Adds a policy, not active, or replaces the document of the one that has its id.
pub(super) fn put_document(
    tx: &mut Transaction<'_>,
    account: &str,
    policy: &Policy,
    source: &str,
    origin: &Origin,
) -> Result<()> {
    let document = serde_json::to_value(policy).expect("a policy has text keys only");
    let digest = digest(&document);
    let before: Option<(bool, String)> = tx.query_opt(
        "SELECT active, digest FROM policies WHERE account_name = $1 AND policy_id = $2",
        params![account, policy.id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    tx.execute(
        "INSERT INTO policies (account_name, policy_id, name, description, policy_source, active, document, digest,
                               created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (account_name, policy_id) DO UPDATE
         SET name = $3, description = $4, policy_source = $5, document = $7, digest = $8, last_updated = $9",
        params![
            account,
            policy.id,
            policy.name,
            policy.description,
            source,
            false,
            document.to_string(),
            digest,
            origin.now(),
        ],
    )?;
    match before {
        Some((true, last_digest)) if last_digest != digest => {
            let details = json!({
                "policy_id": policy.id,
                "last_policy_bundle_digest": last_digest,
                "current_policy_bundle_digest": digest,
            });
            tell(
                tx,
                &USER_POLICY_ACTIVE_CONTENT_CHANGE,
                account,
                &policy.id,
                details,
                origin,
            )
        }
        _ => Ok(()),
    }
}

/// Makes a policy the active one, and the one that was so not active. Nothing happens when it is active already.
pub(super) fn activate(
    tx: &mut Transaction<'_>,
    account: &str,
    policy_id: &str,
    origin: &Origin,
) -> Result<()> {
    let last: Option<String> = tx.query_opt(
        "SELECT policy_id FROM policies WHERE account_name = $1 AND active",
        params![account],
        |row| row.get(0),
    )?;
    if last.as_deref() == Some(policy_id) {
        return Ok(());
    }
    // First the old one: the table never holds two active policies of an account.
    if let Some(last) = &last {
        set_active(tx, account, last, false, origin)?;
    }
    set_active(tx, account, policy_id, true, origin)?;
    let details = json!({ "last_policy_bundle_id": last, "current_policy_bundle_id": policy_id });
    tell(
        tx,
        &USER_POLICY_ACTIVE_UPDATED,
        account,
        policy_id,
        details,
        origin,
    )
}

fn set_active(
    tx: &mut Transaction<'_>,
    account: &str,
    policy_id: &str,
    is_active: bool,
    origin: &Origin,
) -> Result<()> {
    tx.execute(
        "UPDATE policies SET active = $3, last_updated = $4 WHERE account_name = $1 AND policy_id = $2",
        params![account, policy_id, is_active, origin.now()],
    )?;
    Ok(())
}

/// Removes a policy. Evaluations made with it stay.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, policy_id: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM policies WHERE account_name = $1 AND policy_id = $2",
        params![account, policy_id],
    )?;
    Ok(())
}

/// Gives a new account its first policy, active.
pub(crate) fn install_default(
    tx: &mut Transaction<'_>,
    account: &str,
    origin: &Origin,
) -> Result<()> {
    let policy = default::policy();
    put_document(tx, account, &policy, LOCAL, origin)?;
    activate(tx, account, &policy.id, origin)
}

/// Gives every account that has no policy at all its first one: at the start of a server, when nobody is there to be
/// told.
pub(crate) fn install_missing_defaults(tx: &mut Transaction<'_>, origin: &Origin) -> Result<()> {
    let accounts: Vec<String> = tx.query(
        "SELECT name FROM accounts
         WHERE type <> 'service'
           AND NOT EXISTS (SELECT 1 FROM policies WHERE policies.account_name = accounts.name)
         ORDER BY name",
        params![],
        |row| row.get(0),
    )?;
    let policy = default::policy();
    for account in accounts {
        put_document(tx, &account, &policy, LOCAL, origin)?;
        set_active(tx, &account, &policy.id, true, origin)?;
    }
    Ok(())
}

fn tell(
    tx: &mut Transaction<'_>,
    kind: &'static EventType,
    account: &str,
    policy_id: &str,
    details: Value,
    origin: &Origin,
) -> Result<()> {
    let resource_id = Some(policy_id);
    record(
        tx,
        &NewEvent {
            kind,
            account,
            resource_id,
            details,
            origin,
        },
    )
}

const COLUMNS: &str = "created_at, last_updated, policy_id, active, account_name, policy_source, name, description, \
                       document";

fn read(row: &Row<'_>, with_document: bool) -> Result<PolicyRecord> {
    Ok(PolicyRecord {
        created_at: row.get(0)?,
        last_updated: row.get(1)?,
        policy_id: row.get(2)?,
        active: row.get(3)?,
        account_name: row.get(4)?,
        policy_source: row.get(5)?,
        name: row.get(6)?,
        description: row.get(7)?,
        policy: if with_document {
            Some(row.json(8)?)
        } else {
            None
        },
    })
}

/// The SHA-256 of a document, the same whatever the order of its members.
fn digest(document: &Value) -> String {
    hex(&Sha256::digest(sorted(document).to_string()))
}

/// The document with the members of every object in the order of their names.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(elements) => Value::Array(elements.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_does_not_change_the_digest() {
        let one = json!({"a": 1, "b": {"c": [1, 2], "d": null}});
        let other = json!({"b": {"d": null, "c": [1, 2]}, "a": 1});
        assert_eq!(digest(&one), digest(&other));
        assert_ne!(
            digest(&one),
            digest(&json!({"a": 1, "b": {"c": [2, 1], "d": null}}))
        );
    }
}
