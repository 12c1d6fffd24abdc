//! An operation that a named composition answers: which V2 calls it may make.

use http::Method;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{BAD_ENDPOINT, CONFLICT, MISSING_KEY, SYNTAX};
use crate::mapping::cursor::Cursor;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::operation::{Target, read_targets};
use crate::mapping::place::Text;
use crate::mapping::response::{ResponseFile, read_responses};
use crate::mapping::table::Table;

/// An operation that a named composition answers.
#[derive(Debug)]
pub(crate) struct ComposedFile {
    /// The name of the composition.
    pub(crate) name: Text,
    pub(crate) query: Vec<(Text, Target)>,
    pub(crate) calls: Vec<PartFile>,
    pub(crate) responses: Vec<ResponseFile>,
}

/// A V2 call that the composition may make, as often as it needs.
#[derive(Debug)]
pub(crate) struct PartFile {
    pub(crate) name: Text,
    pub(crate) v2: WrittenEndpoint,
    /// Member names that lead to the rows of its answer; `None`: the answer has none.
    pub(crate) rows: Option<Vec<String>>,
}

/// Tables that make no sense where a composition decides.
const NOT_HERE: [&str; 8] = [
    "v2",
    "path",
    "query_default",
    "body_query",
    "lookup",
    "pages",
    "request",
    "interrupted",
];

impl ComposedFile {
    /// Reads what stands beside `composed`.
    pub(crate) fn read(
        name: Text,
        table: &mut Table<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        for key in NOT_HERE {
            if let Some(place) = table.discard(key) {
                let message = format!("`{key}` makes no sense beside `composed`");
                errors.push(place.diagnostic(CONFLICT, message));
            }
        }
        let query = read_targets(table, "query", errors);
        let calls: Vec<PartFile> = table
            .tables("call", errors)
            .into_iter()
            .filter_map(|(name, table)| PartFile::read(name, table, errors))
            .collect();
        let responses = read_responses(table, errors);
        if calls.is_empty() {
            let message = "a composition makes calls, and there is no `[call.…]`";
            errors.push(name.diagnostic(MISSING_KEY, message));
            return None;
        }
        Some(Self {
            name,
            query,
            calls,
            responses,
        })
    }
}

impl PartFile {
    fn read(name: Text, mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let v2 = table
            .required_text("v2", errors)
            .and_then(|text| WrittenEndpoint::read(text, errors));
        let rows = table
            .text("rows", errors)
            .and_then(|text| read_path(&text, errors));
        table.finish(errors);
        let v2 = v2?;
        // A write that fails half way would need an answer of its own.
        if v2.endpoint.method != Method::GET {
            errors.push(
                v2.text
                    .diagnostic(BAD_ENDPOINT, "a composition only reads: GET"),
            );
        }
        Some(Self { name, v2, rows })
    }
}

/// `$.a.b`, as in a layout.
pub(crate) fn read_path(text: &Text, errors: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
    let mut cursor = Cursor::new(text);
    let parsed = (|| {
        if !cursor.eat('$') {
            return Err(cursor.error("expected `$`"));
        }
        let mut path = Vec::new();
        while cursor.eat('.') {
            path.push(cursor.name("a V2 name after `.`")?.value);
        }
        cursor.end()?;
        Ok(path)
    })();
    let path = parsed.map_err(|error| errors.push(*error)).ok()?;
    if path.is_empty() {
        errors.push(text.diagnostic(SYNTAX, "rows are in a member of the answer: `$.name`"));
        return None;
    }
    Some(path)
}
