//! One operation file: how one V1 operation is answered.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{BAD_ENDPOINT, CONFLICT, MISSING_KEY, MISSING_REASON, SYNTAX};
use crate::document::Dialect;
use crate::mapping::composed::ComposedFile;
use crate::mapping::cursor::Cursor;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::lookup::LookupFile;
use crate::mapping::pages::PagesFile;
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::mapping::response::{ResponseFile, read_responses, read_status};
use crate::mapping::table::Table;

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
    /// What parameters may be, where only some values are allowed.
    pub(crate) allowed: Vec<AllowedFile>,
    pub(crate) kind: FileKind,
}

/// The values that a parameter may have.
#[derive(Debug)]
pub(crate) struct AllowedFile {
    pub(crate) name: Text,
    pub(crate) values: Vec<Text>,
}

/// How the operation is answered.
#[derive(Debug)]
pub(crate) enum FileKind {
    Call(Box<CallFile>),
    Composed(Box<ComposedFile>),
    Answer {
        status: u16,
        body: Value,
        content_type: Option<String>,
        /// The V1 document, with the members of the body in place of its own.
        document: Option<Dialect>,
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
    pub(crate) pages: Option<PagesFile>,
    pub(crate) request: Option<RequestFile>,
    pub(crate) responses: Vec<ResponseFile>,
    /// What is left when a later call fails after an earlier one was made.
    pub(crate) interrupted: Option<Text>,
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
        let allowed = read_allowed(&mut table, errors);
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
            allowed,
            kind: kind?,
        })
    }
}

/// Tables that only an operation with a V2 call has.
const CALL_TABLES: [&str; 10] = [
    "path",
    "query",
    "query_default",
    "body_query",
    "lookup",
    "pages",
    "request",
    "response",
    "interrupted",
    "call",
];

fn kind(table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Option<FileKind> {
    if let Some(answer) = table.table("answer", errors) {
        conflicts(
            table,
            "[answer]",
            &["v2", "reason", "instead", "composed"],
            errors,
        );
        return read_answer(answer, errors);
    }
    if let Some(name) = table.text("composed", errors) {
        return ComposedFile::read(name, table, errors)
            .map(|file| FileKind::Composed(Box::new(file)));
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
    let document = table
        .text("document", errors)
        .and_then(|text| dialect(&text, errors));
    table.finish(errors);
    let Some((body, _)) = body else {
        errors.push(place.diagnostic(MISSING_KEY, "the key `body` is missing in `[answer]`"));
        return None;
    };
    Some(FileKind::Answer {
        status: status.unwrap_or(200),
        body,
        content_type,
        document,
    })
}

/// How the V1 document is written into an answer.
fn dialect(text: &Text, errors: &mut Vec<Diagnostic>) -> Option<Dialect> {
    match text.as_str() {
        "swagger-2" => Some(Dialect::Swagger2),
        "openapi-3" => Some(Dialect::OpenApi3),
        other => {
            let mut diagnostic =
                text.diagnostic(SYNTAX, format!("`{other}` is not a form of documents"));
            diagnostic.help = Some("the forms are `swagger-2` and `openapi-3`".into());
            errors.push(diagnostic);
            None
        }
    }
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
        let pages = table
            .table("pages", errors)
            .and_then(|table| PagesFile::read(table, errors));
        let request = table
            .table("request", errors)
            .and_then(|table| RequestFile::read(table, errors));
        let interrupted = table.text("interrupted", errors);
        if let Some(text) = &interrupted {
            not_empty(text, "`interrupted`", errors);
        }
        let responses = read_responses(table, errors);
        Some(Self {
            v2: v2?,
            path,
            query,
            query_default,
            body_query,
            lookups,
            pages,
            request,
            responses,
            interrupted,
        })
    }
}

fn read_allowed(table: &mut Table<'_>, errors: &mut Vec<Diagnostic>) -> Vec<AllowedFile> {
    let Some(table) = table.table("allowed", errors) else {
        return Vec::new();
    };
    table
        .into_lists(errors)
        .into_iter()
        .map(|(name, values)| {
            if values.is_empty() {
                let message = format!("no value of `{}` is allowed", name.value);
                errors.push(name.diagnostic(MISSING_KEY, message));
            }
            AllowedFile { name, values }
        })
        .collect()
}

/// `[path]` and `[query]`: V1 parameters and what becomes of them.
pub(crate) fn read_targets(
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
