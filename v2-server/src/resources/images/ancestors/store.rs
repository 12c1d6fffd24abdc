//! Ancestors in the database.

use super::digests;
use super::types::ImageAncestor;
use crate::params;
use crate::resources::images::record::store::{self as record, ImageKey};
use crate::store::{Result, Transaction};

/// The ancestors of an image, those with the fewest layers first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    image: ImageKey,
) -> Result<Vec<ImageAncestor>> {
    let layers: Vec<String> = tx
        .query_opt(
            "SELECT layers FROM images WHERE id = $1",
            params![image],
            |row| row.json(0),
        )?
        .unwrap_or_default();
    let mut ancestors = Vec::new();
    for digest in digests(&layers) {
        let found: Vec<(ImageKey, String, Vec<String>)> = tx.query(
            "SELECT id, image_digest, layers FROM images
             WHERE account_name = $1 AND layers_digest = $2 AND image_status = 'active'
               AND analysis_status = 'analyzed' AND id <> $3
             ORDER BY image_digest",
            params![account, digest, image],
            |row| Ok((row.get(0)?, row.get(1)?, row.json(2)?)),
        )?;
        for (key, image_digest, layers) in found {
            ancestors.push(ImageAncestor {
                image_digest,
                tags: record::full_tags(tx, key)?,
                layers,
            });
        }
    }
    Ok(ancestors)
}
