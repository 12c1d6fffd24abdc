//! Relationships in the database.

use super::types::{ArtifactReference, ArtifactRelationship, RelationshipType};
use crate::params;
use crate::resources::applications::types::ArtifactType;
use crate::resources::images::record::store::ImageKey;
use crate::resources::sources::store::SourceKey;
use crate::store::{Conditions, Error, Result, Row, Transaction};

/// One end of a relationship.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Image(ImageKey),
    Source(SourceKey),
}

impl End {
    fn keys(self) -> (Option<ImageKey>, Option<SourceKey>) {
        match self {
            Self::Image(image) => (Some(image), None),
            Self::Source(source) => (None, Some(source)),
        }
    }
}

/// Columns and joins with the names of both ends.
const SELECT: &str =
    "SELECT r.uuid, r.created_at, r.relationship_type, r.comment, r.user_metadata, fi.image_digest,
                             fs.uuid, ti.image_digest, ts.uuid
                      FROM artifact_relationships r
                      LEFT JOIN images fi ON fi.id = r.from_image
                      LEFT JOIN sources fs ON fs.id = r.from_source
                      LEFT JOIN images ti ON ti.id = r.to_image
                      LEFT JOIN sources ts ON ts.id = r.to_source";

/// Relationships of an account with an artifact at either end, oldest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    end: Option<End>,
    kind: Option<ArtifactType>,
) -> Result<Vec<ArtifactRelationship>> {
    let (image, source) = end.map_or((None, None), End::keys);
    let mut conditions = Conditions::default();
    conditions
        .and("r.account_name = ?", account)
        .and_if("(r.from_image = ? OR r.to_image = ?)", image.as_ref())
        .and_if("(r.from_source = ? OR r.to_source = ?)", source.as_ref());
    match kind {
        Some(ArtifactType::Image) => {
            conditions.and_that("(r.from_image IS NOT NULL OR r.to_image IS NOT NULL)");
        }
        Some(ArtifactType::Source) => {
            conditions.and_that("(r.from_source IS NOT NULL OR r.to_source IS NOT NULL)");
        }
        None => {}
    }
    let sql = format!("{SELECT} WHERE {} ORDER BY r.id", conditions.sql());
    tx.query(&sql, conditions.values(), read)
}

/// One relationship of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<ArtifactRelationship>> {
    tx.query_opt(
        &format!("{SELECT} WHERE r.account_name = $1 AND r.uuid = $2"),
        params![account, uuid],
        read,
    )
}

/// Whether there is an edge of this meaning from one artifact to another.
pub(super) fn exists(
    tx: &mut Transaction<'_>,
    from: End,
    to: End,
    kind: RelationshipType,
) -> Result<bool> {
    let ((from_image, from_source), (to_image, to_source)) = (from.keys(), to.keys());
    let kind = kind.as_str();
    let mut conditions = Conditions::default();
    conditions
        .and("relationship_type = ?", kind)
        .and_if("from_image = ?", from_image.as_ref())
        .and_if("from_source = ?", from_source.as_ref())
        .and_if("to_image = ?", to_image.as_ref())
        .and_if("to_source = ?", to_source.as_ref());
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM artifact_relationships WHERE {})",
        conditions.sql()
    );
    tx.query_value(&sql, conditions.values())
}

/// Adds a relationship.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    relationship: &ArtifactRelationship,
    from: End,
    to: End,
) -> Result<()> {
    let ((from_image, from_source), (to_image, to_source)) = (from.keys(), to.keys());
    let user_metadata = relationship
        .user_metadata
        .as_ref()
        .map(|notes| serde_json::to_string(notes).expect("JSON read is JSON to write"));
    tx.execute(
        "INSERT INTO artifact_relationships (uuid, account_name, from_image, from_source, to_image, to_source,
                                             relationship_type, comment, user_metadata, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            relationship.uuid,
            account,
            from_image,
            from_source,
            to_image,
            to_source,
            relationship.relationship_type.as_str(),
            relationship.comment,
            user_metadata,
            relationship.created_at,
        ],
    )?;
    Ok(())
}

/// Removes a relationship of an account; tells whether it was there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, uuid: &str) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM artifact_relationships WHERE account_name = $1 AND uuid = $2",
        params![account, uuid],
    )?;
    Ok(deleted > 0)
}

/// Whether a source is an end of any relationship.
pub(crate) fn mentions(tx: &mut Transaction<'_>, source: SourceKey) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM artifact_relationships WHERE from_source = $1 OR to_source = $1)",
        params![source],
    )
}

fn read(row: &Row<'_>) -> Result<ArtifactRelationship> {
    let word = row.text(2)?;
    let relationship_type = RelationshipType::parse(word).ok_or_else(|| Error::Column {
        column: "relationship_type".to_owned(),
        expected: "`contains` or `contained_by`",
        found: word.to_owned(),
    })?;
    let end = |image: usize, source: usize| -> Result<ArtifactReference> {
        Ok(match row.get::<Option<String>>(image)? {
            Some(artifact_id) => ArtifactReference {
                artifact_id,
                artifact_type: ArtifactType::Image,
            },
            None => ArtifactReference {
                artifact_id: row.get(source)?,
                artifact_type: ArtifactType::Source,
            },
        })
    };
    Ok(ArtifactRelationship {
        uuid: row.get(0)?,
        created_at: row.get(1)?,
        source: end(5, 6)?,
        target: end(7, 8)?,
        relationship_type,
        comment: row.get(3)?,
        user_metadata: match row.get::<Option<String>>(4)? {
            Some(_) => Some(row.json(4)?),
            None => None,
        },
    })
}
