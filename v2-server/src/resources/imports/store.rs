//! Imports in the database.

use super::part::Part;
use super::types::{ImageImportContentResponse, ImageImportOperation, ImportStatus};
use crate::params;
use crate::resources::images::record::types::ImportContentDigests;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// Begins an import.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    operation: &ImageImportOperation,
) -> Result<()> {
    tx.execute(
        "INSERT INTO image_imports (uuid, account_name, status, created_at, last_updated, expires_at)
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
) -> Result<Vec<ImageImportOperation>> {
    tx.query(
        "SELECT uuid, status, expires_at, created_at FROM image_imports WHERE account_name = $1 ORDER BY sequence",
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
) -> Result<Option<ImageImportOperation>> {
    tx.query_opt(
        "SELECT uuid, status, expires_at, created_at FROM image_imports WHERE account_name = $1 AND uuid = $2",
        params![account, uuid],
        |row| read(row, now),
    )
}

/// Keeps an upload and gives its record: that of the first upload of the same bytes.
pub(super) fn keep_part(
    tx: &mut Transaction<'_>,
    uuid: &str,
    part: Part,
    digest: &str,
    content: &[u8],
    now: Timestamp,
) -> Result<ImageImportContentResponse> {
    tx.execute(
        "INSERT INTO image_import_parts (import, part, digest, content, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![uuid, part.as_str(), digest, content, now],
    )?;
    let created_at = tx.query_value(
        "SELECT created_at FROM image_import_parts WHERE import = $1 AND part = $2 AND digest = $3",
        params![uuid, part.as_str(), digest],
    )?;
    Ok(ImageImportContentResponse {
        digest: digest.to_owned(),
        created_at,
    })
}

/// Uploads of a part, oldest first.
pub(super) fn list_parts(
    tx: &mut Transaction<'_>,
    uuid: &str,
    part: Part,
) -> Result<Vec<ImageImportContentResponse>> {
    tx.query(
        "SELECT digest, created_at FROM image_import_parts WHERE import = $1 AND part = $2 ORDER BY sequence",
        params![uuid, part.as_str()],
        |row| {
            Ok(ImageImportContentResponse {
                digest: row.get(0)?,
                created_at: row.get(1)?,
            })
        },
    )
}

/// Whether these bytes were uploaded as this part.
pub(super) fn has_part(
    tx: &mut Transaction<'_>,
    uuid: &str,
    part: Part,
    digest: &str,
) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM image_import_parts WHERE import = $1 AND part = $2 AND digest = $3)",
        params![uuid, part.as_str(), digest],
    )
}

/// The bytes of an upload; nothing when it was never made or is gone.
pub(crate) fn part_content(
    tx: &mut Transaction<'_>,
    uuid: &str,
    part: Part,
    digest: &str,
) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "SELECT content FROM image_import_parts WHERE import = $1 AND part = $2 AND digest = $3",
        params![uuid, part.as_str(), digest],
        |row| row.get::<Option<Vec<u8>>>(0),
    )
    .map(Option::flatten)
}

/// Remembers which upload of each part the image is made of.
pub(super) fn choose(
    tx: &mut Transaction<'_>,
    uuid: &str,
    contents: &ImportContentDigests,
) -> Result<()> {
    tx.execute(
        "UPDATE image_imports SET contents = $2 WHERE uuid = $1",
        params![
            uuid,
            serde_json::to_string(contents).expect("texts are always writable as JSON"),
        ],
    )?;
    Ok(())
}

/// Which upload of each part the image is made of.
pub(crate) fn chosen(tx: &mut Transaction<'_>, uuid: &str) -> Result<Option<ImportContentDigests>> {
    tx.query_opt(
        "SELECT contents FROM image_imports WHERE uuid = $1 AND contents IS NOT NULL",
        params![uuid],
        |row| row.json(0),
    )
}

/// Moves an import on. One that has come to an end no longer needs what was uploaded.
pub(crate) fn set_status(
    tx: &mut Transaction<'_>,
    uuid: &str,
    status: ImportStatus,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE image_imports SET status = $2, last_updated = $3 WHERE uuid = $1",
        params![uuid, status.as_str(), now],
    )?;
    if !status.is_active() {
        tx.execute(
            "UPDATE image_import_parts SET content = NULL WHERE import = $1",
            params![uuid],
        )?;
    }
    Ok(())
}

/// Imports that are active but out of time.
pub(super) fn overdue(tx: &mut Transaction<'_>, now: Timestamp) -> Result<Vec<String>> {
    tx.query(
        "SELECT uuid FROM image_imports
         WHERE expires_at <= $1 AND status IN ('pending', 'queued', 'processing')",
        params![now],
        |row| row.get(0),
    )
}

/// Removes imports that ended before `moment`.
pub(super) fn remove_ended(tx: &mut Transaction<'_>, moment: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM image_imports
         WHERE expires_at <= $1 AND status IN ('complete', 'failed', 'expired')",
        params![moment],
    )?;
    Ok(())
}

fn read(row: &Row<'_>, now: Timestamp) -> Result<ImageImportOperation> {
    let expires_at = row.get(2)?;
    Ok(ImageImportOperation {
        uuid: row.get(0)?,
        status: row.get::<ImportStatus>(1)?.at(now, expires_at),
        expires_at,
        created_at: row.get(3)?,
    })
}
