//! Adding an image: what happens to a record, to its tags and to their subscriptions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::store::{self, ImageKey, ImageState};
use super::types::{AnalysisStatus, ImageStatus};
use crate::http::{ApiError, ApiResult};
use crate::params;
use crate::resources::events::{self, NewEvent, Origin, catalogue};
use crate::resources::images::evaluation::{Annotations, DockerfileMode};
use crate::resources::images::reference::TagReference;
use crate::resources::subscriptions::store::{self as subscriptions, NewSubscription};
use crate::resources::subscriptions::types::SubscriptionType;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// Kind of image, when the request names none.
const DEFAULT_TYPE: &str = "docker";

/// Annotations of this server begin with this.
pub(crate) const IMPORT_ANNOTATION: &str = "anchore.system/import_operation_id";

/// An image to add.
pub(crate) struct NewImage<'a> {
    /// The account it goes to.
    pub(crate) account: &'a str,
    /// `sha256:…` of the image manifest.
    pub(crate) digest: &'a str,
    /// Digest of the manifest list, or of the image.
    pub(crate) parent_digest: &'a str,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: &'a str,
    /// Kind of image, if the request names one.
    pub(crate) image_type: Option<&'a str>,
    /// Tags to record it under.
    pub(crate) tags: &'a [TagReference],
    /// Text of the Dockerfile.
    pub(crate) dockerfile: Option<&'a str>,
    /// Notes to add.
    pub(crate) annotations: Annotations,
    /// The import that brings its parts.
    pub(crate) import_uuid: Option<&'a str>,
    /// When the tag pointed at the image, if that is not now.
    pub(crate) created_at: Option<Timestamp>,
    /// Analyse again what is analysed already.
    pub(crate) force: bool,
    /// Watch the tags for new images.
    pub(crate) auto_subscribe: bool,
}

/// What adding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// The image waits for its analysis.
    Queued,
    /// The image was there, and its analysis stays.
    Kept,
}

/// Adds an image, or adds to one that is there. Adding the same again changes nothing.
///
/// | the image | then |
/// | --- | --- |
/// | is new, or on its way out | it waits for its analysis |
/// | failed its analysis, or `force` | it waits for its analysis again |
/// | anything else | its analysis stays; tags and notes are added |
pub(crate) fn add(
    tx: &mut Transaction<'_>,
    new: &NewImage<'_>,
    origin: &Origin,
) -> ApiResult<Added> {
    let (key, added, status) = match store::state(tx, new.account, new.digest)? {
        None => (
            insert(tx, new, origin)?,
            Added::Queued,
            AnalysisStatus::NotAnalyzed,
        ),
        Some(state) if is_queued_again(&state, new.force) => {
            queue_again(tx, &state, new, origin)?;
            (state.key, Added::Queued, AnalysisStatus::NotAnalyzed)
        }
        Some(state) => {
            if new.dockerfile.is_some() && new.import_uuid.is_none() {
                return Err(ApiError::bad_request(
                    "a Dockerfile can only be given for an image that is there already with `force=true`",
                ));
            }
            (state.key, Added::Kept, state.analysis_status)
        }
    };
    merge_annotations(tx, key, &new.annotations, origin.now())?;
    for tag in new.tags {
        let is_new = record_tag(tx, key, tag, new, added, origin.now())?;
        if is_new && status == AnalysisStatus::Analyzed {
            analysis_completed(
                tx,
                new.account,
                key,
                new.digest,
                &tag.full_tag(),
                status,
                origin,
            )?;
        }
        subscribe(tx, new, &tag.full_tag(), origin.now())?;
    }
    Ok(added)
}

fn is_queued_again(state: &ImageState, force: bool) -> bool {
    force
        || state.image_status != ImageStatus::Active
        || state.analysis_status == AnalysisStatus::AnalysisFailed
}

fn insert(tx: &mut Transaction<'_>, new: &NewImage<'_>, origin: &Origin) -> Result<ImageKey> {
    let now = origin.now();
    let mode = new.dockerfile.map(|_| DockerfileMode::Actual.as_str());
    tx.query_value(
        "INSERT INTO images (account_name, image_digest, parent_digest, image_id, image_type, image_status,
                             analysis_status, analysis_status_detail, annotations, import_uuid, analysis, queued_at,
                             created_at, last_updated, dockerfile_mode, like_distro, layers)
         VALUES ($1, $2, $3, $4, $5, 'active', 'not_analyzed', '[]', '{}', $6, 0, $7, $8, $7, $9, '[]', '[]')
         RETURNING id",
        params![
            new.account,
            new.digest,
            new.parent_digest,
            new.image_id,
            new.image_type.unwrap_or(DEFAULT_TYPE),
            new.import_uuid,
            now,
            new.created_at.unwrap_or(now),
            mode,
        ],
    )
}

fn queue_again(
    tx: &mut Transaction<'_>,
    state: &ImageState,
    new: &NewImage<'_>,
    origin: &Origin,
) -> Result<()> {
    let to = AnalysisStatus::NotAnalyzed;
    store::set_analysis_status(tx, state.key, state.analysis_status, to, origin)?;
    let mode = new.dockerfile.map(|_| DockerfileMode::Actual.as_str());
    tx.execute(
        "UPDATE images SET image_status = 'active', parent_digest = $2, image_id = $3, import_uuid = $4,
                           claimed_until = NULL, queued_at = $5, analyzed_at = NULL, created_at = $6,
                           dockerfile_mode = coalesce($7, dockerfile_mode)
         WHERE id = $1",
        params![
            state.key,
            new.parent_digest,
            new.image_id,
            new.import_uuid,
            origin.now(),
            new.created_at.unwrap_or(state.created_at),
            mode,
        ],
    )?;
    Ok(())
}

/// Adds notes key by key; the text `null`, or null itself, removes one.
pub(crate) fn merge_annotations(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    new: &Annotations,
    now: Timestamp,
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut merged = store::annotations(tx, image)?;
    for (name, value) in new {
        if value.is_null() || value == "null" {
            merged.shift_remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
    }
    tx.execute(
        "UPDATE images SET annotations = $2, last_updated = $3 WHERE id = $1",
        params![image, Value::Object(merged).to_string(), now],
    )?;
    Ok(())
}

/// Records that `tag` points at the image now; tells whether the image was never seen under it.
fn record_tag(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    tag: &TagReference,
    new: &NewImage<'_>,
    added: Added,
    now: Timestamp,
) -> Result<bool> {
    let full_tag = tag.full_tag();
    let is_current = store::current_of_tag(tx, new.account, &full_tag)? == Some(image);
    let detection: i64 = tx.query_value(
        "SELECT coalesce(max(detection), 0) + 1 FROM image_tags WHERE account_name = $1 AND full_tag = $2",
        params![new.account, full_tag],
    )?;
    let detected_at = new.created_at.unwrap_or(now);
    let dockerfile = new.dockerfile.map(|text| STANDARD.encode(text));
    let inserted = tx.execute(
        "INSERT INTO image_tags (image, account_name, full_tag, registry, repo, tag, dockerfile, created_at,
                                 last_updated, tag_detected_at, detection)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $10) ON CONFLICT DO NOTHING",
        params![
            image,
            new.account,
            full_tag,
            tag.registry,
            tag.repository,
            tag.tag,
            dockerfile,
            detected_at,
            now,
            detection,
        ],
    )?;
    if inserted == 1 {
        return Ok(true);
    }
    if !is_current || new.created_at.is_some() {
        // The tag moved away and came back, or the client knows better when it did.
        tx.execute(
            "UPDATE image_tags SET tag_detected_at = $3, detection = $4, last_updated = $5
             WHERE image = $1 AND full_tag = $2",
            params![image, full_tag, detected_at, detection, now],
        )?;
    }
    if added == Added::Queued && dockerfile.is_some() {
        tx.execute(
            "UPDATE image_tags SET dockerfile = $3, last_updated = $4 WHERE image = $1 AND full_tag = $2",
            params![image, full_tag, dockerfile, now],
        )?;
    }
    Ok(false)
}

/// Makes the subscriptions of a tag. Those that are there stay as they are.
fn subscribe(
    tx: &mut Transaction<'_>,
    new: &NewImage<'_>,
    full_tag: &str,
    now: Timestamp,
) -> Result<()> {
    for kind in SubscriptionType::OF_TAGS {
        let active = match kind {
            SubscriptionType::AnalysisUpdate => true,
            SubscriptionType::TagUpdate => new.auto_subscribe,
            _ => false,
        };
        let subscription = NewSubscription {
            account: new.account,
            key: full_tag,
            kind,
            value: None,
            active,
        };
        subscriptions::insert(tx, &subscription, now)?;
    }
    Ok(())
}

/// Tells the users that an image can be read under a tag.
pub(crate) fn analysis_completed(
    tx: &mut Transaction<'_>,
    account: &str,
    image: ImageKey,
    digest: &str,
    full_tag: &str,
    before: AnalysisStatus,
    origin: &Origin,
) -> Result<()> {
    let annotations = Value::Object(store::annotations(tx, image)?);
    let result = |status: AnalysisStatus| {
        json!({
            "image_digest": digest, "analysis_status": status.as_str(), "annotations": annotations,
        })
    };
    let details = json!({
        "subscription_type": SubscriptionType::AnalysisUpdate.as_str(),
        "annotations": annotations,
        "curr_eval": result(AnalysisStatus::Analyzed),
        "last_eval": result(before),
    });
    let event = NewEvent {
        kind: &catalogue::USER_IMAGE_ANALYSIS_COMPLETED,
        account,
        resource_id: Some(full_tag),
        details,
        origin,
    };
    events::store::record(tx, &event)
}
