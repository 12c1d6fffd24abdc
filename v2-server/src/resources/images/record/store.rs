//! Image records in the database.

use super::types::{
    AnalysisStatus, AnalysisStatusDetail, AnchoreImage, ImageContent, ImageContentMetadata,
    ImageDetail, ImageStatus, ServiceReference,
};
use crate::params;
use crate::resources::events::Origin;
use crate::resources::images::evaluation::Annotations;
use crate::store::{Conditions, Error, FromValue, Result, Row, ToValue, Transaction, Value};
use crate::time::Timestamp;

/// How many changes of the analysis status a record remembers.
const REMEMBERED_CHANGES: usize = 20;

/// The row of an image, by which everything else about it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageKey(pub(super) i64);

impl ToValue for ImageKey {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }
}

impl FromValue for ImageKey {
    const EXPECTED: &'static str = "an image";

    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

/// What decides what may be done with an image.
#[derive(Debug, Clone)]
pub(crate) struct ImageState {
    /// The row.
    pub(crate) key: ImageKey,
    /// Whether it is there to stay.
    pub(crate) image_status: ImageStatus,
    /// How far the analysis is.
    pub(crate) analysis_status: AnalysisStatus,
    /// Number of the analysis whose results are stored.
    pub(crate) analysis: i64,
    /// When the record was made.
    pub(crate) created_at: Timestamp,
}

/// The state of an image of an account.
pub(crate) fn state(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> Result<Option<ImageState>> {
    tx.query_opt(
        "SELECT id, image_status, analysis_status, analysis, created_at FROM images
         WHERE account_name = $1 AND image_digest = $2",
        params![account, digest],
        |row| {
            Ok(ImageState {
                key: row.get(0)?,
                image_status: word(row, 1, ImageStatus::parse)?,
                analysis_status: word(row, 2, AnalysisStatus::parse)?,
                analysis: row.get(3)?,
                created_at: row.get(4)?,
            })
        },
    )
}

/// Which images to read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only this image.
    pub(crate) digest: Option<String>,
    /// Only images with this id.
    pub(crate) image_id: Option<String>,
    /// Only images seen under this tag.
    pub(crate) full_tag: Option<String>,
    /// With `full_tag`: all of them, not only the one the tag points at now.
    pub(crate) history: bool,
    /// Only images of this status.
    pub(crate) image_status: Option<ImageStatus>,
    /// Only images whose analysis is that far.
    pub(crate) analysis_status: Option<AnalysisStatus>,
}

/// At most `limit` images of an account, newest first, with all their tags. `below` continues a
/// listing: only rows before this one.
pub(crate) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
    below: Option<ImageKey>,
    limit: i64,
) -> Result<Vec<(ImageKey, AnchoreImage)>> {
    let image_status = filter.image_status.map(ImageStatus::as_str);
    let analysis_status = filter.analysis_status.map(AnalysisStatus::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("image_digest = ?", filter.digest.as_ref())
        .and_if("image_id = ?", filter.image_id.as_ref())
        .and_if("image_status = ?", image_status.as_ref())
        .and_if("analysis_status = ?", analysis_status.as_ref())
        .and_if("id < ?", below.as_ref());
    if let Some(full_tag) = &filter.full_tag {
        // Images on their way out do not count: the tag then points at the newest of the others.
        let of_tag = conditions.bind(full_tag);
        let account = conditions.bind(account);
        let seen = format!(
            "FROM image_tags t JOIN images i ON i.id = t.image
             WHERE t.account_name = {account} AND t.full_tag = {of_tag}"
        );
        conditions.and_that(&if filter.history {
            format!("id IN (SELECT t.image {seen})")
        } else {
            let status = image_status.map_or(String::new(), |status| {
                format!("AND i.image_status = '{status}'")
            });
            format!(
                "id = (SELECT t.image {seen} {status} ORDER BY t.tag_detected_at DESC, t.detection DESC LIMIT 1)"
            )
        });
    }
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM images WHERE {} ORDER BY id DESC LIMIT {limit}",
        conditions.sql()
    );
    let rows = tx.query(&sql, conditions.values(), read)?;
    let mut images = Vec::with_capacity(rows.len());
    for (key, image_id, mut image) in rows {
        image.image_detail = details(tx, key, &image_id, &image)?;
        images.push((key, image));
    }
    Ok(images)
}

/// One image of an account, with all its tags.
pub(crate) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    digest: &str,
) -> Result<Option<AnchoreImage>> {
    let filter = Filter {
        digest: Some(digest.to_owned()),
        ..Filter::default()
    };
    let mut found = list(tx, account, &filter, None, 1)?;
    Ok(found.pop().map(|(_, image)| image))
}

fn details(
    tx: &mut Transaction<'_>,
    key: ImageKey,
    image_id: &str,
    image: &AnchoreImage,
) -> Result<Vec<ImageDetail>> {
    tx.query(
        "SELECT created_at, last_updated, full_tag, registry, repo, tag, dockerfile, tag_detected_at
         FROM image_tags WHERE image = $1 ORDER BY tag_detected_at DESC, detection DESC, full_tag",
        params![key],
        |row| {
            let registry: String = row.get(3)?;
            let repo: String = row.get(4)?;
            Ok(ImageDetail {
                created_at: row.get(0)?,
                last_updated: row.get(1)?,
                full_tag: row.get(2)?,
                full_digest: format!("{registry}/{repo}@{}", image.image_digest),
                account_name: image.account_name.clone(),
                image_id: image_id.to_owned(),
                registry,
                repo,
                tag: row.get(5)?,
                dockerfile: row.get(6)?,
                image_digest: image.image_digest.clone(),
                tag_detected_at: row.get(7)?,
            })
        },
    )
}

/// Tags of an image, newest first.
pub(crate) fn full_tags(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Vec<String>> {
    tx.query(
        "SELECT full_tag FROM image_tags WHERE image = $1
         ORDER BY tag_detected_at DESC, detection DESC, full_tag",
        params![image],
        |row| row.get(0),
    )
}

/// The image a tag points at: of those in use the one with the newest detection.
pub(crate) fn current_of_tag(
    tx: &mut Transaction<'_>,
    account: &str,
    full_tag: &str,
) -> Result<Option<ImageKey>> {
    tx.query_opt(
        "SELECT t.image FROM image_tags t JOIN images i ON i.id = t.image
         WHERE t.account_name = $1 AND t.full_tag = $2 AND i.image_status = 'active'
         ORDER BY t.tag_detected_at DESC, t.detection DESC LIMIT 1",
        params![account, full_tag],
        |row| row.get(0),
    )
}

/// The notes of an image.
pub(crate) fn annotations(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Annotations> {
    tx.query_opt(
        "SELECT annotations FROM images WHERE id = $1",
        params![image],
        |row| row.json(0),
    )
    .map(Option::unwrap_or_default)
}

/// Changes the analysis status and remembers the change.
pub(crate) fn set_analysis_status(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    from: AnalysisStatus,
    to: AnalysisStatus,
    origin: &Origin,
) -> Result<()> {
    let mut changes: Vec<AnalysisStatusDetail> = tx
        .query_opt(
            "SELECT analysis_status_detail FROM images WHERE id = $1",
            params![image],
            |row| row.json(0),
        )?
        .unwrap_or_default();
    changes.push(AnalysisStatusDetail {
        from_status: from.as_str().to_owned(),
        to_status: to.as_str().to_owned(),
        timestamp: origin.now(),
        source: ServiceReference {
            host_id: origin.host_id().to_owned(),
            service_name: origin.service_name().to_owned(),
        },
    });
    let surplus = changes.len().saturating_sub(REMEMBERED_CHANGES);
    changes.drain(..surplus);
    tx.execute(
        "UPDATE images SET analysis_status = $2, analysis_status_detail = $3, last_updated = $4 WHERE id = $1",
        params![
            image,
            to.as_str(),
            serde_json::to_string(&changes).expect("texts are always writable as JSON"),
            origin.now(),
        ],
    )?;
    Ok(())
}

/// Marks an image as about to be removed.
pub(crate) fn set_deleting(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE images SET image_status = 'deleting', last_updated = $2 WHERE id = $1",
        params![image, now],
    )?;
    Ok(())
}

/// Removes an image with all that hangs on it.
pub(crate) fn remove(tx: &mut Transaction<'_>, image: ImageKey) -> Result<()> {
    tx.execute("DELETE FROM images WHERE id = $1", params![image])?;
    Ok(())
}

/// Removes one image that is about to be, with all that hangs on it; tells whether there was one.
pub(crate) fn remove_one_deleting(tx: &mut Transaction<'_>) -> Result<bool> {
    let removed = tx.execute(
        "DELETE FROM images
         WHERE id = (SELECT id FROM images WHERE image_status = 'deleting' ORDER BY id LIMIT 1)",
        params![],
    )?;
    Ok(removed > 0)
}

/// One row of the tag summary.
pub(crate) struct TagRow {
    /// Digest of the image.
    pub(crate) image_digest: String,
    /// Digest of the manifest list, or of the image.
    pub(crate) parent_digest: String,
    /// Id of the image.
    pub(crate) image_id: String,
    /// How far the analysis is.
    pub(crate) analysis_status: String,
    /// The tag.
    pub(crate) full_tag: String,
    /// When the tag was first recorded.
    pub(crate) created_at: Timestamp,
    /// When the analysis was done.
    pub(crate) analyzed_at: Option<Timestamp>,
    /// When the tag was last seen to move to the image.
    pub(crate) tag_detected_at: Timestamp,
    /// Whether the image is there to stay.
    pub(crate) image_status: String,
}

/// Where a listing of tags goes on: after this image and tag.
pub(crate) type TagPosition = (ImageKey, String);

/// At most `limit` tags of an account with their images, by image (oldest first) and tag.
pub(crate) fn tags(
    tx: &mut Transaction<'_>,
    account: &str,
    image_status: Option<ImageStatus>,
    after: Option<&TagPosition>,
    limit: i64,
) -> Result<Vec<(TagPosition, TagRow)>> {
    let image_status = image_status.map(ImageStatus::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("i.account_name = ?", account)
        .and_if("i.image_status = ?", image_status.as_ref());
    if let Some((image, full_tag)) = after {
        let (image, full_tag) = (conditions.bind(image), conditions.bind(full_tag));
        conditions.and_that(&format!(
            "(i.id > {image} OR (i.id = {image} AND t.full_tag > {full_tag}))"
        ));
    }
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT i.id, i.image_digest, i.parent_digest, i.image_id, i.analysis_status, t.full_tag, t.created_at,
                i.analyzed_at, t.tag_detected_at, i.image_status
         FROM images i JOIN image_tags t ON t.image = i.id
         WHERE {} ORDER BY i.id, t.full_tag LIMIT {limit}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        let full_tag: String = row.get(5)?;
        Ok((
            (row.get(0)?, full_tag.clone()),
            TagRow {
                image_digest: row.get(1)?,
                parent_digest: row.get(2)?,
                image_id: row.get(3)?,
                analysis_status: row.get(4)?,
                full_tag,
                created_at: row.get(6)?,
                analyzed_at: row.get(7)?,
                tag_detected_at: row.get(8)?,
                image_status: row.get(9)?,
            },
        ))
    })
}

const COLUMNS: &str = "id, account_name, image_digest, parent_digest, image_type, image_status, analysis_status, \
                       analysis_status_detail, annotations, created_at, last_updated, analyzed_at, arch, distro, \
                       distro_version, dockerfile_mode, image_size, layer_count, image_id";

fn read(row: &Row<'_>) -> Result<(ImageKey, String, AnchoreImage)> {
    let image = AnchoreImage {
        image_content: ImageContent {
            metadata: ImageContentMetadata {
                arch: row.get(12)?,
                distro: row.get(13)?,
                distro_version: row.get(14)?,
                dockerfile_mode: row.get(15)?,
                image_size: row.get(16)?,
                layer_count: row.get(17)?,
            },
        },
        image_detail: Vec::new(),
        last_updated: row.get(10)?,
        created_at: row.get(9)?,
        analyzed_at: row.get(11)?,
        image_digest: row.get(2)?,
        parent_digest: row.get(3)?,
        account_name: row.get(1)?,
        annotations: row.json(8)?,
        image_type: row.get(4)?,
        image_status: word(row, 5, ImageStatus::parse)?,
        analysis_status: word(row, 6, AnalysisStatus::parse)?,
        analysis_status_detail: row.json(7)?,
    };
    Ok((row.get(0)?, row.get(18)?, image))
}

fn word<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text = row.text(column)?;
    parse(text).ok_or_else(|| Error::Column {
        column: column.to_string(),
        expected: "a known status",
        found: text.to_owned(),
    })
}
