//! Content listings cut into pieces of bounded size, so that long ones can be sent without being held.

/// Pieces are closed once they pass this many bytes: large enough that reading one is cheap next to sending it, small
/// enough that a few of them in memory do not matter.
pub(crate) const PIECE_BYTES: usize = 128 * 1024;

/// One listing: rows of JSON text in order, joined by commas, in pieces. Joining the pieces with commas and putting
/// brackets around gives a JSON list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pieces: Vec<String>,
}

impl Listing {
    /// A listing of these rows.
    pub(crate) fn of(rows: impl IntoIterator<Item = String>) -> Self {
        let mut listing = Self::default();
        for row in rows {
            listing.push(&row);
        }
        listing
    }

    /// Adds one row of JSON text.
    pub(crate) fn push(&mut self, row: &str) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE_BYTES => {
                piece.push(',');
                piece.push_str(row);
            }
            _ => self.pieces.push(row.to_owned()),
        }
    }

    /// The pieces, none of them empty.
    pub(crate) fn pieces(&self) -> &[String] {
        &self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_joined_are_the_list() {
        let rows: Vec<String> = (0..50_000).map(|n| format!("{{\"n\":{n}}}")).collect();
        let listing = Listing::of(rows.clone());
        assert!(listing.pieces().len() > 3);
        assert!(
            listing
                .pieces()
                .iter()
                .all(|piece| piece.len() < PIECE_BYTES + 32)
        );
        assert_eq!(listing.pieces().join(","), rows.join(","));
    }

    #[test]
    fn an_empty_listing_has_no_pieces() {
        assert!(Listing::of([]).pieces().is_empty());
    }
}
