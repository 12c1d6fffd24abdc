//! The `[request]` table: what becomes of the request body.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::CONFLICT;
use crate::mapping::layout::Layout;
use crate::mapping::place::Place;
use crate::mapping::response::read_layout;
use crate::mapping::table::Table;

/// What becomes of the request body.
#[derive(Debug)]
pub(crate) enum RequestFile {
    /// The picture of the V1 body, run backwards.
    Layout(Layout),
    /// The V2 body, whatever V1 sends; texts may be `{name}` of a V1 path parameter.
    Body(Value, Place),
}

impl RequestFile {
    /// Reads the table.
    pub(crate) fn read(mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        if let Some((body, place)) = table.json("body", errors) {
            if let Some(layout) = table.discard("layout") {
                let message = "`layout` makes no sense beside `body`";
                errors.push(layout.diagnostic(CONFLICT, message));
            }
            table.finish(errors);
            return Some(Self::Body(body, place));
        }
        let layout = table.required_text("layout", errors);
        table.finish(errors);
        read_layout(&layout?, errors).map(Self::Layout)
    }

    /// The layout, where there is one.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        match self {
            Self::Layout(layout) => Some(layout),
            Self::Body(..) => None,
        }
    }
}
