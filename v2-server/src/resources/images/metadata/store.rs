//! Documents about images in the database.

use super::Document;
use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::store::{Result, Transaction};

/// A document about an image, if it has one.
pub(crate) fn get(
    tx: &mut Transaction<'_>,
    image: ImageKey,
    document: Document,
) -> Result<Option<Vec<u8>>> {
    tx.query_opt(
        "SELECT body FROM image_documents WHERE image = $1 AND kind = $2",
        params![image, document.as_str()],
        |row| row.get(0),
    )
}
