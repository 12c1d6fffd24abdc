//! Content listings in the database.

use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::store::{Result, Transaction};

/// A listing as one analysis left it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    /// The image.
    pub(super) image: ImageKey,
    /// Number of the analysis.
    pub(super) analysis: i64,
    /// How many pieces it has.
    pub(super) pieces: i64,
}

/// How many pieces the listing of a type has.
pub(super) fn pieces(tx: &mut Transaction<'_>, image: ImageKey, content_type: &str) -> Result<i64> {
    tx.query_value(
        "SELECT count(*) FROM image_content WHERE image = $1 AND content_type = $2",
        params![image, content_type],
    )
}

/// One piece of a listing; nothing when the image was analysed anew or removed since.
pub(super) fn piece(
    tx: &mut Transaction<'_>,
    listing: Listing,
    content_type: &str,
    number: i64,
) -> Result<Option<String>> {
    tx.query_opt(
        "SELECT c.body FROM image_content c JOIN images i ON i.id = c.image
         WHERE c.image = $1 AND c.content_type = $2 AND c.piece = $3 AND i.analysis = $4",
        params![listing.image, content_type, number, listing.analysis],
        |row| row.get(0),
    )
}
