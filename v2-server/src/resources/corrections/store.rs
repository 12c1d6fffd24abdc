//! Corrections in the database.

use super::types::{Correction, CorrectionMatch, CorrectionType};
use crate::params;
use crate::store::{Result, Row, Transaction};

const COLUMNS: &str =
    "uuid, description, package_type, conditions, replacements, created_at, last_updated";

/// Corrections of an account, oldest first.
pub(super) fn list(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<Correction>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM corrections WHERE account_name = $1 ORDER BY id"),
        params![account],
        read,
    )
}

/// Corrections of an account for packages of one type, oldest first.
pub(super) fn of_type(
    tx: &mut Transaction<'_>,
    account: &str,
    package_type: &str,
) -> Result<Vec<Correction>> {
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM corrections WHERE account_name = $1 AND package_type = $2 ORDER BY id"
        ),
        params![account, package_type],
        read,
    )
}

/// One correction of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<Correction>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM corrections WHERE account_name = $1 AND uuid = $2"),
        params![account, uuid],
        read,
    )
}

/// Adds a correction.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    correction: &Correction,
) -> Result<()> {
    tx.execute(
        &format!(
            "INSERT INTO corrections (account_name, correction_type, {COLUMNS})
             VALUES ($1, 'package', $2, $3, $4, $5, $6, $7, $8)"
        ),
        params![
            account,
            correction.uuid,
            correction.description,
            correction.matches.kind,
            correction.matches.field_matches.as_ref().map(json),
            json(&correction.replace),
            correction.created_at,
            correction.last_updated,
        ],
    )?;
    Ok(())
}

/// Writes a changed correction.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    account: &str,
    correction: &Correction,
) -> Result<()> {
    tx.execute(
        "UPDATE corrections SET description = $3, package_type = $4, conditions = $5, replacements = $6,
                                last_updated = $7
         WHERE account_name = $1 AND uuid = $2",
        params![
            account,
            correction.uuid,
            correction.description,
            correction.matches.kind,
            correction.matches.field_matches.as_ref().map(json),
            json(&correction.replace),
            correction.last_updated,
        ],
    )?;
    Ok(())
}

/// Removes a correction of an account; tells whether it was there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, uuid: &str) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM corrections WHERE account_name = $1 AND uuid = $2",
        params![account, uuid],
    )?;
    Ok(deleted > 0)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts are always writable as JSON")
}

fn read(row: &Row<'_>) -> Result<Correction> {
    Ok(Correction {
        uuid: row.get(0)?,
        kind: CorrectionType::Package,
        description: row.get(1)?,
        matches: CorrectionMatch {
            kind: row.get(2)?,
            field_matches: match row.get::<Option<String>>(3)? {
                Some(_) => Some(row.json(3)?),
                None => None,
            },
        },
        replace: row.json(4)?,
        created_at: row.get(5)?,
        last_updated: row.get(6)?,
    })
}
