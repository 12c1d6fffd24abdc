//! One operation file: how one V1 operation is answered.

use http::Method;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{
    BAD_ENDPOINT, BAD_STATUS, CONFLICT, MISSING_KEY, MISSING_REASON, SYNTAX,
};
use crate::mapping::cursor::Cursor;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::layout::Layout;
use crate::mapping::place::Text;
use crate::mapping::table::Table;
use crate::plan::call::StatusPattern;

/// One operation file.
#[derive(Debug)]
pub(crate) struct OperationFile {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) service: Option<String>,
    /// Other services that answered it too.
    pub(crate) also_on: Vec<Text>,
    pub(crate) assumed: Option<String>,
    pub(crate) v1: WrittenEndpoint,
    pub(crate) losses: Vec<String>,
    pub(crate) kind: FileKind,
}

/// How the operation is answered.
#[derive(Debug)]
pub(crate) enum FileKind {
    Call(Box<CallFile>),
    Answer {
        status: u16,
        body: Value,
        content_type: Option<String>,
    },
    None {
        reason: String,
        instead: String,
    },
}

/// An operation that is one V2 call.
#[derive(Debug)]
pub(crate) struct CallFile {
    pub(crate) v2: WrittenEndpoint,
    pub(crate) path: Vec<(Text, Target)>,
    pub(crate) query: Vec<(Text, Target)>,
    /// V2 name and value.
    pub(crate) query_default: Vec<(Text, Text)>,
    /// V1 body member and V2 query parameter.
    pub(crate) body_query: Vec<(Text, Text)>,
    pub(crate) lookups: Vec<LookupFile>,
    pub(crate) request: Option<Layout>,
    pub(crate) responses: Vec<ResponseFile>,
}

/// What becomes of a parameter.
#[derive(Debug)]
pub(crate) enum Target {
    /// It has this V2 name.
    Name {
        name: Text,
        /// `as bool`.
        boolean: bool,
    },
    /// V2 lacks it, for this reason.
    None { reason: String },
}

/// A call made first.
#[derive(Debug)]
pub(crate) struct LookupFile {
    pub(crate) name: Text,
    pub(crate) v2: WrittenEndpoint,
    pub(crate) take: Vec<(Text, Text)>,
    pub(crate) otherwise: Vec<(Text, Text)>,
    pub(crate) unless: Vec<(Text, Text)>,
}

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
}

impl OperationFile {
    /// Reads an operation file. The id is the file's name.
    pub(crate) fn read(
        id: &str,
        mut table: Table<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let summary = table.required_text("summary", errors);
        let service = table.text("service", errors).map(|text| text.value);
        let also_on = table.texts("also_on", errors);
        let assumed = table.text("assumed", errors);
        if let Some(assumed) = &assumed {
            not_empty(assumed, "`assumed`", errors);
        }
        let v1 = table
            .required_text("v1", errors)
            .and_then(|text| WrittenEndpoint::read(text, errors));
        let losses = table.texts("loss", errors);
        for loss in &losses {
            not_empty(loss, "a loss", errors);
        }
        if let Some(v1) = &v1
            && !v1.endpoint.template.query.is_empty()
        {
            errors.push(v1.text.diagnostic(BAD_ENDPOINT, "a V1 path has no query"));
        }
        let kind = kind(&mut table, errors);
        table.finish(errors);
        Some(Self {
            id: id.to_owned(),
            summary: summary?.value,
            service,
            also_on,
            assumed: assumed.map(|text| text.value),
            v1: v1?,
            losses: losses.into_iter().map(|text| text.value).collect(),
            kind: kind?,
        })
    }
}

/// Tables that only an operation with a V2 call has.
const CALL_TABLES: [&str; 7] = [
    "path",
    "query",
    "query_default",
    "body_query",
    "lookup",
    "request",
    "response",
];

fn kind(table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<FileKind> {
    if let Some(answer) = table.table("answer", errors) {
        conflicts(table, "[answer]", &["v2", "reason", "instead"], errors);
        return read_answer(answer, errors);
    }
    let v2 = table.required_text("v2", errors);
    if v2.as_ref().is_some_and(|v2| v2.value == "none") {
        conflicts(table, "`v2 = \"none\"`", &[], errors);
        let reason = table.required_text("reason", errors);
        let instead = table.required_text("instead", errors);
        return Some(FileKind::None {
            reason: reason?.value,
            instead: instead?.value,
        });
    }
    let call = CallFile::read(v2, table, errors)?;
    Some(FileKind::Call(Box::new(call)))
}

/// Keys that make no sense beside another one.
fn conflicts(table: &mut Table<'_>, beside: &str, more: &[&str], errors: &mut Vec<Diagnostic>) {
    for key in CALL_TABLES.iter().chain(more) {
        if let Some(place) = table.discard(key) {
            errors.push(place.diagnostic(
                CONFLICT,
                format!("`{key}` makes no sense beside {beside}: no V2 call is made"),
            ));
        }
    }
}

fn read_answer(mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<FileKind> {
    let place = table.place().clone();
    let status = read_status(&mut table, errors);
    let body = table.json("body", errors);
    let content_type = table.text("content_type", errors).map(|text| text.value);
    table.finish(errors);
    let Some((body, _)) = body else {
        errors.push(place.diagnostic(MISSING_KEY, "the key `body` is missing in `[answer]`"));
        return None;
    };
    Some(FileKind::Answer {
        status: status.unwrap_or(200),
        body,
        content_type,
    })
}

impl CallFile {
    fn read(v2: Option<Text>, table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let v2 = v2.and_then(|text| WrittenEndpoint::read(text, errors));
        let path = read_targets(table, "path", errors);
        let query = read_targets(table, "query", errors);
        for (_, target) in &path {
            if let Target::Name {
                name,
                boolean: true,
            } = target
            {
                errors.push(name.diagnostic(SYNTAX, "`as bool` is for query parameters"));
            }
        }
        let query_default = table.names("query_default", errors);
        let body_query = table.names("body_query", errors);
        let lookups = table
            .tables("lookup", errors)
            .into_iter()
            .filter_map(|(name, table)| LookupFile::read(name, table, errors))
            .collect();
        let request = table.table("request", errors).and_then(|mut table| {
            let layout = table.required_text("layout", errors);
            table.finish(errors);
            read_layout(&layout?, errors)
        });
        let responses = read_responses(table, errors);
        Some(Self {
            v2: v2?,
            path,
            query,
            query_default,
            body_query,
            lookups,
            request,
            responses,
        })
    }
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
        table.finish(errors);
        Some(Self {
            key,
            v2: v2?,
            v1,
            layout,
            text: text.map(|text| text.value),
            content_type,
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
fn read_status(table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<u16> {
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

fn read_layout(text: &Text, errors: &mut Vec<Diagnostic>) -> Option<Layout> {
    Layout::parse(text)
        .map_err(|error| errors.push(*error))
        .ok()
}

impl LookupFile {
    fn read(name: Text, mut table: Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let v2 = table
            .required_text("v2", errors)
            .and_then(|text| WrittenEndpoint::read(text, errors));
        let take = table.names("take", errors);
        let otherwise = table.names("otherwise", errors);
        let unless = table.names("unless", errors);
        let place = table.place().clone();
        table.finish(errors);
        if take.is_empty() {
            let message = format!("look-up `{}` takes nothing", name.value);
            errors.push(place.diagnostic(MISSING_KEY, message));
        }
        let v2 = v2?;
        if v2.endpoint.method != Method::GET {
            errors.push(v2.text.diagnostic(BAD_ENDPOINT, "a look-up is a GET"));
        }
        Some(Self {
            name,
            v2,
            take,
            otherwise,
            unless,
        })
    }
}

fn read_targets(
    table: &mut Table<'_>,
    key: &'static str,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Text, Target)> {
    table
        .names(key, errors)
        .into_iter()
        .filter_map(|(name, text)| {
            let target = Target::read(&text, errors)?;
            Some((name, target))
        })
        .collect()
}

impl Target {
    fn read(text: &Text, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        if let Some(reason) = text.value.strip_prefix("none") {
            let reason = reason.trim_start();
            if reason.is_empty() || reason.starts_with(':') {
                let reason = reason.trim_start_matches(':').trim();
                if reason.is_empty() {
                    let mut diagnostic = text.diagnostic(MISSING_REASON, "`none` needs a reason");
                    diagnostic.help = Some("write `none: why V2 lacks it`".into());
                    errors.push(diagnostic);
                }
                return Some(Self::None {
                    reason: reason.to_owned(),
                });
            }
        }
        let mut cursor = Cursor::new(text);
        let parsed = cursor.name("a V2 name or `none: reason`").and_then(|name| {
            let boolean = cursor.eat_word("as");
            if boolean && !cursor.eat_word("bool") {
                return Err(cursor.error("expected `bool`"));
            }
            cursor.end()?;
            Ok(Self::Name { name, boolean })
        });
        parsed.map_err(|error| errors.push(*error)).ok()
    }
}

/// A reason that a reader needs.
pub(crate) fn not_empty(text: &Text, what: &str, errors: &mut Vec<Diagnostic>) {
    if text.value.trim().is_empty() {
        errors.push(text.diagnostic(MISSING_REASON, format!("{what} needs a reason in words")));
    }
}
