//! Imports of sources in the database.

use super::types::{SourceImportContentResponse, SourceImportOperation};
use crate::params;
use crate::resources::imports::types::ImportStatus;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

const COLUMNS: &str = "uuid, status, expires_at, created_at, last_updated";

/// Begins an import.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    operation: &SourceImportOperation,
) -> Result<()> {
    tx.execute(
        "INSERT INTO source_imports (uuid, account_name, status, created_at, last_updated, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)",
        params![
            operation.uuid,
            account,
            operation.status.as_str(),
            operation.created_at,
            operation.expires_at,
        ],
    )?;
    Ok(())
}

/// Imports of an account, oldest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    now: Timestamp,
) -> Result<Vec<SourceImportOperation>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM source_imports WHERE account_name = $1 ORDER BY sequence"),
        params![account],
        |row| read(row, now),
    )
}

/// One import of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
    now: Timestamp,
) -> Result<Option<SourceImportOperation>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM source_imports WHERE account_name = $1 AND uuid = $2"),
        params![account, uuid],
        |row| read(row, now),
    )
}

/// Keeps an upload and gives its record: that of the first upload of the same bytes.
pub(super) fn keep_sbom(
    tx: &mut Transaction<'_>,
    uuid: &str,
    digest: &str,
    content: &[u8],
    now: Timestamp,
) -> Result<SourceImportContentResponse> {
    tx.execute(
        "INSERT INTO source_import_sboms (import, digest, content, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        params![uuid, digest, content, now],
    )?;
    let created_at = tx.query_value(
        "SELECT created_at FROM source_import_sboms WHERE import = $1 AND digest = $2",
        params![uuid, digest],
    )?;
    Ok(SourceImportContentResponse {
        digest: digest.to_owned(),
        created_at,
    })
}

/// The last upload.
pub(super) fn last_sbom(
    tx: &mut Transaction<'_>,
    uuid: &str,
) -> Result<Option<SourceImportContentResponse>> {
    tx.query_opt(
        "SELECT digest, created_at FROM source_import_sboms WHERE import = $1 ORDER BY sequence DESC LIMIT 1",
        params![uuid],
        |row| {
            Ok(SourceImportContentResponse {
                digest: row.get(0)?,
                created_at: row.get(1)?,
            })
        },
    )
}

/// Remembers which upload the source is made of; tells whether there is such an upload.
pub(super) fn choose(tx: &mut Transaction<'_>, uuid: &str, digest: &str) -> Result<bool> {
    let chosen = tx.execute(
        "UPDATE source_imports SET sbom = $2
         WHERE uuid = $1 AND EXISTS (SELECT 1 FROM source_import_sboms WHERE import = $1 AND digest = $2)",
        params![uuid, digest],
    )?;
    Ok(chosen > 0)
}

/// The SBOM that the source of an import is made of; nothing when it is gone.
pub(crate) fn chosen_sbom(tx: &mut Transaction<'_>, uuid: &str) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "SELECT s.content FROM source_imports i JOIN source_import_sboms s ON s.import = i.uuid AND s.digest = i.sbom
         WHERE i.uuid = $1",
        params![uuid],
        |row| row.get::<Option<Vec<u8>>>(0),
    )
    .map(Option::flatten)
}

/// Moves an import on. One that has come to an end no longer needs what was uploaded.
pub(crate) fn set_status(
    tx: &mut Transaction<'_>,
    uuid: &str,
    status: ImportStatus,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE source_imports SET status = $2, last_updated = $3 WHERE uuid = $1",
        params![uuid, status.as_str(), now],
    )?;
    if !status.is_active() {
        tx.execute(
            "UPDATE source_import_sboms SET content = NULL WHERE import = $1",
            params![uuid],
        )?;
    }
    Ok(())
}

/// Imports that are active but out of time.
pub(super) fn overdue(tx: &mut Transaction<'_>, now: Timestamp) -> Result<Vec<String>> {
    tx.query(
        "SELECT uuid FROM source_imports
         WHERE expires_at <= $1 AND status IN ('pending', 'queued', 'processing')",
        params![now],
        |row| row.get(0),
    )
}

/// Removes imports that ended before `moment`.
pub(super) fn remove_ended(tx: &mut Transaction<'_>, moment: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM source_imports
         WHERE expires_at <= $1 AND status IN ('complete', 'failed', 'expired')",
        params![moment],
    )?;
    Ok(())
}

fn read(row: &Row<'_>, now: Timestamp) -> Result<SourceImportOperation> {
    let expires_at = row.get(2)?;
    Ok(SourceImportOperation {
        uuid: row.get(0)?,
        status: row.get::<ImportStatus>(1)?.at(now, expires_at),
        expires_at,
        created_at: row.get(3)?,
        last_updated: row.get(4)?,
    })
}
