//! The `[pages]` table: a V2 list that is had page by page, where V1 had it whole.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{MISSING_KEY, WRONG_TYPE};
use crate::mapping::place::{Place, Text};
use crate::mapping::table::Table;

/// A V2 list that is had page by page.
#[derive(Debug)]
pub(crate) struct PagesFile {
    /// The V2 query parameter for the number of the page, from 1.
    pub(crate) page: Text,
    /// The V2 query parameter for how many rows a page has.
    pub(crate) size: Text,
    /// How many rows are asked for.
    pub(crate) rows: u64,
    /// Other names that servers have for the member with the rows.
    pub(crate) also: Vec<Text>,
    /// Where the table is.
    pub(crate) place: Place,
}

impl PagesFile {
    /// Reads the table.
    pub(crate) fn read(mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let page = table.required_text("page", errors);
        let size = table.required_text("size", errors);
        let rows = table.number("rows", errors);
        let also = table.texts("also", errors);
        let place = table.place().clone();
        table.finish(errors);
        let Some((rows, rows_place)) = rows else {
            errors.push(place.diagnostic(MISSING_KEY, "the key `rows` is missing in `[pages]`"));
            return None;
        };
        if rows == 0 {
            errors.push(rows_place.diagnostic(WRONG_TYPE, "a page has at least one row"));
        }
        Some(Self {
            page: page?,
            size: size?,
            rows,
            also,
            place,
        })
    }
}
