//! Archived analyses in the database.

use super::super::types::AnalysisArchiveSummary;
use super::types::{ArchiveStatus, ArchiveTagEntry, ArchivedAnalysis};
use crate::params;
use crate::store::{Result, Row, Transaction};

const COLUMNS: &str = "image_digest, parent_digest, annotations, image_detail, created_at, last_updated, analyzed_at, size";

/// Archived analyses of an account, newest first.
pub(in super::super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<Vec<ArchivedAnalysis>> {
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM archived_images WHERE account_name = $1 ORDER BY sequence DESC"
        ),
        params![account],
        read,
    )
}

/// One archived analysis of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> Result<Option<ArchivedAnalysis>> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM archived_images WHERE account_name = $1 AND image_digest = $2"
        ),
        params![account, digest],
        read,
    )
}

/// The analysis itself, as it was put in.
pub(super) fn body(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "SELECT body FROM archived_images WHERE account_name = $1 AND image_digest = $2",
        params![account, digest],
        |row| row.get(0),
    )
}

/// Adds an analysis; tells whether it was new.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    archived: &ArchivedAnalysis,
    body: &[u8],
) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO archived_images (account_name, image_digest, parent_digest, annotations, image_detail, tag_count,
                                      analyzed_at, created_at, last_updated, size, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        params![
            account,
            archived.image_digest,
            archived.parent_digest,
            json(&archived.annotations),
            json(&archived.image_detail),
            i64::try_from(archived.image_detail.len()).unwrap_or(i64::MAX),
            archived.analyzed_at,
            archived.created_at,
            archived.last_updated,
            archived.archive_size_bytes,
            body,
        ],
    )?;
    Ok(added == 1)
}

/// Removes an analysis; tells whether it was there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, digest: &str) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM archived_images WHERE account_name = $1 AND image_digest = $2",
        params![account, digest],
    )?;
    Ok(deleted > 0)
}

/// How much an account has archived.
pub(in super::super) fn summary(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<AnalysisArchiveSummary> {
    tx.query_opt(
        "SELECT count(*), CAST(coalesce(sum(tag_count), 0) AS BIGINT),
                CAST(coalesce(sum(size), 0) AS BIGINT), max(last_updated)
         FROM archived_images WHERE account_name = $1",
        params![account],
        |row| {
            Ok(AnalysisArchiveSummary {
                total_image_count: row.get(0)?,
                total_tag_count: row.get(1)?,
                total_data_bytes: row.get(2)?,
                last_updated: row.get(3)?,
            })
        },
    )
    .map(|found| found.expect("a query for totals answers one row"))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and times are always writable as JSON")
}

fn read(row: &Row<'_>) -> Result<ArchivedAnalysis> {
    Ok(ArchivedAnalysis {
        image_digest: row.get(0)?,
        parent_digest: row.get(1)?,
        annotations: row.json(2)?,
        status: ArchiveStatus::Archived,
        image_detail: row.json::<Vec<ArchiveTagEntry>>(3)?,
        created_at: row.get(4)?,
        last_updated: row.get(5)?,
        analyzed_at: row.get(6)?,
        archive_size_bytes: row.get(7)?,
    })
}
