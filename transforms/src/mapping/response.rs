//! The `[response.*]` tables: what becomes of an answer, by its V2 status.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{BAD_STATUS, CONFLICT};
use crate::mapping::layout::Layout;
use crate::mapping::place::Text;
use crate::mapping::table::Table;
use crate::plan::response::StatusPattern;

/// What becomes of answers with some V2 statuses.
#[derive(Debug)]
pub(crate) struct ResponseFile {
    /// As written: `200` or `4xx`.
    pub(crate) key: Text,
    pub(crate) v2: StatusPattern,
    pub(crate) v1: Option<u16>,
    pub(crate) layout: Option<Layout>,
    /// A fixed body that is not JSON, in place of a layout.
    pub(crate) text: Option<String>,
    pub(crate) content_type: Option<String>,
    /// The body leaves as a gzip file of this name.
    pub(crate) gzip: Option<Text>,
}

/// The `[response.*]` tables of a file.
pub(crate) fn read_responses(
    table: &mut Table<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<ResponseFile> {
    table
        .tables("response", errors)
        .into_iter()
        .filter_map(|(key, table)| ResponseFile::read(key, table, errors))
        .collect()
}

impl ResponseFile {
    fn read(key: Text, mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let v2 = status_pattern(&key.value);
        if v2.is_none() {
            let mut diagnostic =
                key.diagnostic(BAD_STATUS, format!("`{}` is not a V2 status", key.value));
            diagnostic.help = Some("write a status such as `200` or a class such as `4xx`".into());
            errors.push(diagnostic);
        }
        let v1 = read_status(&mut table, errors);
        let layout = table
            .text("layout", errors)
            .and_then(|text| read_layout(&text, errors));
        let text = table.text("text", errors);
        if let (Some(text), Some(_)) = (&text, &layout) {
            errors.push(text.diagnostic(CONFLICT, "`text` makes no sense beside `layout`"));
        }
        let content_type = table.text("content_type", errors).map(|text| text.value);
        let gzip = table.text("gzip", errors);
        let beside = [
            ("layout", layout.is_some()),
            ("text", text.is_some()),
            ("content_type", content_type.is_some()),
        ];
        for (key, _) in beside.iter().filter(|(_, is_there)| *is_there) {
            if let Some(gzip) = &gzip {
                let message = format!("`{key}` makes no sense beside `gzip`");
                errors.push(gzip.diagnostic(CONFLICT, message));
            }
        }
        table.finish(errors);
        Some(Self {
            key,
            v2: v2?,
            v1,
            layout,
            text: text.map(|text| text.value),
            content_type,
            gzip,
        })
    }
}

/// `200` or `4xx`.
fn status_pattern(text: &str) -> Option<StatusPattern> {
    if let Some(digit) = text.strip_suffix("xx") {
        let digit = digit.parse().ok()?;
        return (1..=5)
            .contains(&digit)
            .then_some(StatusPattern::Class(digit));
    }
    let status = text.parse().ok()?;
    (100..=599)
        .contains(&status)
        .then_some(StatusPattern::Exact(status))
}

/// The V1 status, where it is written.
pub(crate) fn read_status(table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<u16> {
    let (number, place) = table.number("status", errors)?;
    let status = u16::try_from(number)
        .ok()
        .filter(|s| (200..=599).contains(s));
    if status.is_none() {
        errors.push(place.diagnostic(
            BAD_STATUS,
            format!("`{number}` is not a status of an answer"),
        ));
    }
    status
}

pub(crate) fn read_layout(text: &Text, errors: &mut Vec<Diagnostic>) -> Option<Layout> {
    Layout::parse(text)
        .map_err(|error| errors.push(*error))
        .ok()
}
