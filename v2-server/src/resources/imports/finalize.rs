//! The end of an import: an image is made of its parts.

use serde_json::json;

use super::part::Part;
use super::store;
use super::types::ImportStatus;
use crate::analysis::dockerfile;
use crate::http::{ApiError, ApiResult};
use crate::resources::events::Origin;
use crate::resources::images::evaluation::Annotations;
use crate::resources::images::record::add::{self, Added, IMPORT_ANNOTATION, NewImage};
use crate::resources::images::record::types::ImageImportManifest;
use crate::resources::images::reference::{Digest, TagReference};
use crate::store::Transaction;

/// What the request says besides the manifest.
pub(crate) struct Wanted<'a> {
    /// The account of the import, and of the image.
    pub(crate) account: &'a str,
    /// Kind of image.
    pub(crate) image_type: Option<&'a str>,
    /// Notes to add to the image.
    pub(crate) annotations: Annotations,
    /// Analyse again what is analysed already.
    pub(crate) force: bool,
    /// Watch the tags for new images.
    pub(crate) auto_subscribe: bool,
}

/// Makes an image of the parts of an import, or adds to one that is there.
///
/// The image waits for its analysis then, unless it is analysed already and `force` is off; the
/// import has come to its end in that case.
///
/// # Errors
/// 404 for an unknown import, 409 for one that is not pending, 400 for parts that were not
/// uploaded, and for tags and digests that are none.
pub(crate) fn finalize(
    tx: &mut Transaction<'_>,
    manifest: &ImageImportManifest,
    wanted: Wanted<'_>,
    origin: &Origin,
) -> ApiResult<()> {
    let uuid = manifest.operation_uuid.as_str();
    let digest = Digest::parse(&manifest.digest).ok_or_else(|| {
        ApiError::bad_request(format!(
            "`source.import.digest`: expected `sha256:` and 64 hexadecimal digits, got `{}`",
            manifest.digest
        ))
    })?;
    let tags = tags(&manifest.tags)?;
    let operation = store::get(tx, wanted.account, uuid, origin.now())?
        .ok_or_else(|| ApiError::not_found(format!("import operation `{uuid}` not found")))?;
    if operation.status != ImportStatus::Pending {
        return Err(not_in_state(
            operation.status,
            "an image can only be made of a pending import",
        ));
    }
    for (part, part_digest) in Part::chosen(&manifest.contents) {
        if !store::has_part(tx, uuid, part, part_digest)? {
            return Err(ApiError::bad_request(
                "One or more referenced content digests not found for the operation id",
            )
            .with_detail("digest", json!(part_digest))
            .with_detail("part", json!(part.as_str())));
        }
    }
    let dockerfile = match &manifest.contents.dockerfile {
        Some(digest) => store::part_content(tx, uuid, Part::Dockerfile, digest)?
            .map(|bytes| dockerfile::decode_upload(&bytes)),
        None => None,
    };
    // The server's own stands first, and the client cannot replace it.
    let mut annotations = Annotations::new();
    annotations.insert(IMPORT_ANNOTATION.to_owned(), json!(uuid));
    annotations.extend(wanted.annotations);
    annotations.insert(IMPORT_ANNOTATION.to_owned(), json!(uuid));
    let image_id = manifest.local_image_id.as_deref().unwrap_or(digest.hex());
    let new = NewImage {
        account: wanted.account,
        digest: digest.as_str(),
        parent_digest: manifest.parent_digest.as_deref().unwrap_or(digest.as_str()),
        image_id: image_id.strip_prefix("sha256:").unwrap_or(image_id),
        image_type: wanted.image_type,
        tags: &tags,
        dockerfile: dockerfile.as_deref(),
        annotations,
        import_uuid: Some(uuid),
        created_at: None,
        force: wanted.force,
        auto_subscribe: wanted.auto_subscribe,
    };
    let added = add::add(tx, &new, origin)?;
    store::choose(tx, uuid, &manifest.contents)?;
    let status = match added {
        Added::Queued => ImportStatus::Processing,
        Added::Kept => ImportStatus::Complete,
    };
    store::set_status(tx, uuid, status, origin.now())?;
    Ok(())
}

/// 409: an import is not in a state to do that.
pub(super) fn not_in_state(status: ImportStatus, what: &str) -> ApiError {
    ApiError::conflict(format!("{what}; its status is `{}`", status.as_str()))
        .with_detail("status", json!(status.as_str()))
}

fn tags(texts: &[String]) -> ApiResult<Vec<TagReference>> {
    if texts.is_empty() {
        return Err(ApiError::bad_request(
            "`source.import.tags`: expected at least one tag, got none",
        ));
    }
    texts
        .iter()
        .map(|text| {
            TagReference::parse(text)
                .map_err(|error| ApiError::bad_request(format!("`source.import.tags`: {error}")))
        })
        .collect()
}
