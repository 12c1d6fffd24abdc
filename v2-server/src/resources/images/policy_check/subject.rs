//! Loading what a policy looks at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;

use crate::http::{ApiError, ApiResult};
use crate::params;
use crate::resources::images::artifacts::types::{FileMatches, RetrievedFile};
use crate::resources::images::content::types::MalwareScan;
use crate::resources::images::evaluation::{self, ImageMetadata};
use crate::resources::images::evaluation_input;
use crate::resources::images::metadata::{self, Document};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::store::ImageKey;
use crate::resources::policies::engine::{self, ContentMatch, FeedState, Needs, Subject};
use crate::store::{Result, Transaction};

/// The image, without its listings.
///
/// # Errors
/// 404 when the account has no such image, or when it is not analysed.
pub(super) fn load(tx: &mut Transaction<'_>, account: &str, digest: &str) -> ApiResult<Subject> {
    let image = evaluation_input(tx, account, digest)?;
    Ok(Subject {
        feed: feed_state(tx, &image.metadata)?,
        image,
        files: None,
        content_matches: Vec::new(),
        secret_matches: Vec::new(),
        retrieved_files: Vec::new(),
        malware_scans: Vec::new(),
    })
}

/// Adds the listings that are needed.
///
/// # Errors
/// 404 when the image went away or is analysed again.
pub(super) fn load_listings(
    tx: &mut Transaction<'_>,
    account: &str,
    subject: &mut Subject,
    needs: Needs,
) -> ApiResult<()> {
    let digest = subject.image.image_digest.clone();
    let image = find_analyzed(tx, account, &digest)?.key;
    if needs.files {
        let files = evaluation::files(tx, account, &digest)?;
        subject.files = Some(files).filter(|files| !files.is_empty());
    }
    if needs.content_matches {
        subject.content_matches = matches(tx, image, Document::ContentSearches)?;
    }
    if needs.secret_matches {
        subject.secret_matches = matches(tx, image, Document::SecretSearches)?;
    }
    if needs.retrieved_files {
        subject.retrieved_files = retrieved_files(tx, image)?;
    }
    if needs.malware_scans {
        subject.malware_scans = malware_scans(tx, image)?;
    }
    Ok(())
}

/// What is known about the vulnerability data of a distribution. Data for `3.12` or `3` serves version `3.12.0`, and data
/// of a distribution serves those that are like it.
fn feed_state(tx: &mut Transaction<'_>, metadata: &ImageMetadata) -> Result<FeedState> {
    let (Some(distro), Some(version)) = (&metadata.distro, &metadata.distro_version) else {
        return Ok(FeedState::default());
    };
    let mut state = FeedState {
        namespace: Some(format!("{distro}:{version}")),
        ..FeedState::default()
    };
    for name in std::iter::once(distro).chain(&metadata.like_distro) {
        for version in shorter_versions(version) {
            let group = tx.query_opt(
                "SELECT last_sync, record_count FROM feed_groups WHERE name = $1
                 ORDER BY record_count DESC, feed LIMIT 1",
                params![format!("{name}:{version}")],
                |row| Ok((row.get(0)?, row.get::<i64>(1)?)),
            )?;
            if let Some((last_sync, record_count)) = group {
                state.last_sync = last_sync;
                state.has_data = record_count > 0;
                return Ok(state);
            }
        }
    }
    Ok(state)
}

/// `3.12.0`, `3.12`, `3`.
fn shorter_versions(version: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(version), |version| {
        version.rsplit_once('.').map(|(shorter, _)| shorter)
    })
}

/// A list that is kept as one JSON document; empty when there is none.
fn list<T: DeserializeOwned>(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    document: Document,
) -> ApiResult<Vec<T>> {
    match metadata::store::get(tx, image, document)? {
        Some(body) => serde_json::from_slice(&body).map_err(ApiError::internal),
        None => Ok(Vec::new()),
    }
}

fn matches(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    document: Document,
) -> ApiResult<Vec<ContentMatch>> {
    let files: Vec<FileMatches> = list(tx, image, document)?;
    Ok(files
        .into_iter()
        .flat_map(|file| {
            let path = file.path;
            file.matches.into_iter().map(move |found| ContentMatch {
                path: path.clone(),
                name: Some(found.name).filter(|name| !name.is_empty()),
                expression: found.regex,
            })
        })
        .collect())
}

fn retrieved_files(
    tx: &mut Transaction<'_>,
    image: ImageKey,
) -> ApiResult<Vec<engine::RetrievedFile>> {
    let files: Vec<RetrievedFile> = list(tx, image, Document::RetrievedFiles)?;
    files
        .into_iter()
        .map(|file| {
            Ok(engine::RetrievedFile {
                content: STANDARD
                    .decode(&file.b64_content)
                    .map_err(ApiError::internal)?,
                path: file.path,
            })
        })
        .collect()
}

fn malware_scans(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Vec<engine::MalwareScan>> {
    let mut scans = Vec::new();
    tx.for_each(
        "SELECT '[' || body || ']' FROM image_content WHERE image = $1 AND content_type = 'malware' ORDER BY piece",
        params![image],
        |row| {
            let rows: Vec<MalwareScan> = row.json(0)?;
            scans.extend(rows.into_iter().filter(|scan| scan.enabled).map(|scan| engine::MalwareScan {
                scanner: scan.scanner,
                findings: scan
                    .findings
                    .into_iter()
                    .map(|finding| engine::MalwareFinding {
                        path: finding.path,
                        signature: finding.signature,
                    })
                    .collect(),
            }));
            Ok(())
        },
    )?;
    Ok(scans)
}
