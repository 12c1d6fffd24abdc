//! Moving analyses into the archive, out of it, and back.

use serde_json::json;

use super::dump::Dump;
use super::store;
use super::types::{
    AddStatus, AnalysisArchiveAddResult, ArchiveStatus, ArchiveTagEntry, ArchivedAnalysis,
};
use crate::http::{ApiError, ApiResult};
use crate::resources::events::catalogue::{self, EventType};
use crate::resources::events::{self, NewEvent, Origin};
use crate::resources::images::evaluation::Annotations;
use crate::resources::images::record::types::{AnalysisStatus, ImageStatus};
use crate::resources::images::record::{self, add};
use crate::state::AppState;
use crate::store::Transaction;

/// How often reading an image is tried again that is changed meanwhile.
const ATTEMPTS: u32 = 3;

/// An image, read to be archived.
#[derive(Clone)]
struct Snapshot {
    archived: ArchivedAnalysis,
    body: Vec<u8>,
    /// What is different once the image has changed.
    stamp: String,
}

/// Archives the analysis of an image, and leaves an event. What cannot be archived is no error: the result says why.
///
/// The image is read and compressed while others write; only then is it stored, unless it has changed meanwhile.
///
/// # Errors
/// Those of the database.
pub(in super::super) async fn archive(
    state: &AppState,
    origin: &Origin,
    account: &str,
    digest: &str,
    reason: &str,
) -> ApiResult<AnalysisArchiveAddResult> {
    for _ in 0..ATTEMPTS {
        let (owner, wanted, now) = (account.to_owned(), digest.to_owned(), origin.now());
        let read = state
            .read(move |tx| match refusal(tx, &owner, &wanted)? {
                Some(refusal) => Ok(Err(refusal)),
                None => Ok(Ok(snapshot(tx, &owner, &wanted, now)?)),
            })
            .await?;
        let snapshot = match read {
            Ok(snapshot) => snapshot,
            Err(refusal) => return refuse(state, origin, account, refusal).await,
        };
        let (owner, wanted, origin, reason) = (
            account.to_owned(),
            digest.to_owned(),
            origin.clone(),
            reason.to_owned(),
        );
        let is_kept = state
            .write(move |tx| {
                if stamp(tx, &owner, &wanted)?.as_ref() != Some(&snapshot.stamp) {
                    return Ok(false);
                }
                if store::insert(tx, &owner, &snapshot.archived, &snapshot.body)? {
                    event(
                        tx,
                        &catalogue::IMAGE_ARCHIVED,
                        &owner,
                        &wanted,
                        &reason,
                        &origin,
                    )?;
                }
                Ok(true)
            })
            .await?;
        if is_kept {
            return Ok(AnalysisArchiveAddResult {
                digest: digest.to_owned(),
                status: AddStatus::Archived,
                detail: "Completed successfully".to_owned(),
            });
        }
    }
    let refusal = AnalysisArchiveAddResult {
        digest: digest.to_owned(),
        status: AddStatus::Error,
        detail: "the image changes while it is archived".to_owned(),
    };
    refuse(state, origin, account, refusal).await
}

/// Why an image is not archived now, if there is a reason.
fn refusal(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> ApiResult<Option<AnalysisArchiveAddResult>> {
    let answer = |status, detail| {
        Ok(Some(AnalysisArchiveAddResult {
            digest: digest.to_owned(),
            status,
            detail,
        }))
    };
    if store::get(tx, account, digest)?.is_some() {
        let detail = "Existing record found, archiving aborted".to_owned();
        return answer(AddStatus::Archived, detail);
    }
    match record::store::state(tx, account, digest)? {
        Some(image) if image.image_status != ImageStatus::Active => answer(
            AddStatus::Error,
            format!(
                "the image is about to be removed - image_status: {}",
                image.image_status.as_str()
            ),
        ),
        Some(image) if image.analysis_status == AnalysisStatus::Analyzed => Ok(None),
        Some(image) => answer(
            AddStatus::Error,
            format!(
                "image is not analyzed - analysis_status: {}",
                image.analysis_status.as_str()
            ),
        ),
        None => answer(
            AddStatus::Error,
            format!("Could not locate an image with digest {digest} in account {account}"),
        ),
    }
}

/// Leaves an event about what could not be archived.
async fn refuse(
    state: &AppState,
    origin: &Origin,
    account: &str,
    refusal: AnalysisArchiveAddResult,
) -> ApiResult<AnalysisArchiveAddResult> {
    if refusal.status == AddStatus::Error {
        let (origin, account, failed) = (origin.clone(), account.to_owned(), refusal.clone());
        state
            .write(move |tx| {
                let kind = &catalogue::IMAGE_ARCHIVE_FAILED;
                event(tx, kind, &account, &failed.digest, &failed.detail, &origin)
            })
            .await?;
    }
    Ok(refusal)
}

fn snapshot(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
    now: crate::time::Timestamp,
) -> ApiResult<Snapshot> {
    let image = record::store::get(tx, account, digest)?.ok_or_else(record::unknown)?;
    let key = record::store::state(tx, account, digest)?
        .ok_or_else(record::unknown)?
        .key;
    let stamp = stamp(tx, account, digest)?.unwrap_or_default();
    let body = Dump::of(tx, key)?.compress()?;
    let image_detail = image
        .image_detail
        .into_iter()
        .map(|tag| ArchiveTagEntry {
            pull_string: tag.full_tag,
            registry: tag.registry,
            repository: tag.repo,
            tag: tag.tag,
            detected_at: tag.tag_detected_at,
            created_at: now,
            last_updated: now,
        })
        .collect();
    Ok(Snapshot {
        archived: ArchivedAnalysis {
            image_digest: image.image_digest,
            parent_digest: image.parent_digest,
            annotations: image.annotations,
            status: ArchiveStatus::Archived,
            image_detail,
            created_at: now,
            last_updated: now,
            analyzed_at: image.analyzed_at.unwrap_or(now),
            archive_size_bytes: i64::try_from(body.len()).map_err(ApiError::internal)?,
        },
        body,
        stamp,
    })
}

/// A text that changes with the image: its analysis, its matches, its notes and its tags.
fn stamp(tx: &mut Transaction<'_>, account: &str, digest: &str) -> ApiResult<Option<String>> {
    let Some(image) = record::store::state(tx, account, digest)? else {
        return Ok(None);
    };
    let (changed, matching): (String, i64) = tx
        .query_opt(
            "SELECT last_updated, matching FROM images WHERE id = $1",
            crate::params![image.key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .unwrap_or_default();
    let tags: Vec<String> = tx.query(
        "SELECT full_tag, last_updated, detection FROM image_tags WHERE image = $1 ORDER BY full_tag",
        crate::params![image.key],
        |row| {
            let (tag, changed): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("{tag} {changed} {}", row.get::<i64>(2)?))
        },
    )?;
    Ok(Some(format!(
        "{} {} {matching} {changed} {}",
        image.analysis_status.as_str(),
        image.analysis,
        tags.join(" ")
    )))
}

/// Deletes an archived analysis, and leaves an event; tells whether it was there.
///
/// # Errors
/// Those of the database.
pub(in super::super) fn delete(
    tx: &mut Transaction<'_>,
    origin: &Origin,
    account: &str,
    digest: &str,
    reason: &str,
) -> ApiResult<bool> {
    let was_there = store::delete(tx, account, digest)?;
    if was_there {
        let kind = &catalogue::ARCHIVED_IMAGE_DELETED;
        event(tx, kind, account, digest, reason, origin)?;
    }
    Ok(was_there)
}

/// Brings an archived image back as it was; it stays in the archive as well. An image that is about to be removed
/// gives way.
///
/// # Errors
/// 404 when the archive has no such image, 409 when the image is there. An event tells of both.
pub(crate) async fn restore(
    state: &AppState,
    origin: &Origin,
    account: &str,
    digest: &str,
    annotations: Annotations,
) -> ApiResult<()> {
    let (owner, wanted) = (account.to_owned(), digest.to_owned());
    let dump = state
        .read(move |tx| {
            let body = store::body(tx, &owner, &wanted)?;
            body.map(|body| Dump::decompress(&body)).transpose()
        })
        .await?;
    let (owner, wanted, origin) = (account.to_owned(), digest.to_owned(), origin.clone());
    state
        .write(move |tx| {
            let here = record::store::state(tx, &owner, &wanted)?;
            let failure = match (&here, &dump) {
                (Some(image), _) if image.image_status == ImageStatus::Active => {
                    let message = "Conflict: Image already exists in system. No restore possible";
                    Some((message, ApiError::conflict(message)))
                }
                (_, None) => {
                    let message = "image not found in the archive";
                    Some((message, ApiError::not_found(message)))
                }
                _ => None,
            };
            if let Some((reason, error)) = failure {
                let kind = &catalogue::IMAGE_RESTORE_FROM_ARCHIVE_FAILED;
                event(tx, kind, &owner, &wanted, reason, &origin)?;
                return Ok(Err(error));
            }
            if let Some(image) = here {
                record::store::remove(tx, image.key)?;
            }
            if let Some(dump) = &dump {
                let image = dump.restore(tx, &owner, origin.now())?;
                add::merge_annotations(tx, image, &annotations, origin.now())?;
            }
            let kind = &catalogue::IMAGE_RESTORED_FROM_ARCHIVE;
            event(
                tx,
                kind,
                &owner,
                &wanted,
                "Restored by API request",
                &origin,
            )?;
            Ok(Ok(()))
        })
        .await?
}

fn event(
    tx: &mut Transaction<'_>,
    kind: &'static EventType,
    account: &str,
    digest: &str,
    reason: &str,
    origin: &Origin,
) -> ApiResult<()> {
    let event = NewEvent {
        kind,
        account,
        resource_id: Some(digest),
        details: json!(reason),
        origin,
    };
    Ok(events::store::record(tx, &event)?)
}
