//! Requests and answers, held against the documents of both APIs.
//!
//! A misfit is told by place and rule: a name of the document, never a value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use http::Method;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{Draft, ValidationError, Validator};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use windlass_transforms::document::{Closing, Document, Kind, Operation, Place, Schema};
use windlass_transforms::operation::Endpoint;

use crate::audit::classify::v2_name;

/// What a document says of a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// It fits.
    Fits,
    /// It does not, for these reasons.
    Misfits(Vec<String>),
    /// The document says nothing of it.
    Unknown,
}

/// Which rules of a schema count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// All.
    OfRequests,
    /// Neither the forms of texts, because V1 servers wrote times in forms of their own, nor that
    /// members are there: what V2 always sends is not in an answer that was recorded from V1.
    OfAnswers,
}

/// A request to a V2 server.
#[derive(Debug)]
pub(super) struct V2Request<'a> {
    pub(super) method: &'a Method,
    /// With `/v2`.
    pub(super) path_and_query: &'a str,
    /// Where a value stands that nobody knows.
    pub(super) made_up: &'a str,
    pub(super) content_type: Option<&'a str>,
    pub(super) body: Option<&'a [u8]>,
}

/// Both documents.
#[derive(Debug)]
pub(crate) struct Contract {
    v2: Document,
    v1: Document,
    /// Every name of a member in either.
    names: BTreeSet<String>,
    /// Schemas, compiled when the first body needs them; `None`: a schema that is broken.
    validators: Mutex<HashMap<String, Option<Validator>>>,
}

impl Contract {
    /// By a V2 document, and the V1 document that the mappings make of it.
    pub(crate) fn new(v2: Document, v1: Document) -> Self {
        let names = member_names(&[&v2, &v1]);
        Self {
            v2,
            v1,
            names,
            validators: Mutex::default(),
        }
    }

    /// Whether the V2 document has an operation.
    pub(super) fn has(&self, v2: &Endpoint) -> bool {
        let wanted = v2_name(v2);
        let wanted = wanted.replacen(" /v2", " ", 1);
        self.v2
            .operations
            .iter()
            .any(|known| form(&known.name()) == form(&wanted))
    }

    /// Holds a request against the V2 document.
    pub(super) fn request(&self, request: &V2Request<'_>) -> Held {
        let (path, query) = match request.path_and_query.split_once('?') {
            Some((path, query)) => (path, query),
            None => (request.path_and_query, ""),
        };
        let path = path
            .strip_prefix(self.v2.base_path.trim_end_matches('/'))
            .unwrap_or(path);
        let Some(operation) = self.v2.route(request.method, path) else {
            return Held::Unknown;
        };
        let mut misfits = Vec::new();
        self.path(operation, path, request.made_up, &mut misfits);
        self.query(operation, query, request.made_up, &mut misfits);
        self.body(operation, request, &mut misfits);
        held(misfits)
    }

    /// Holds the JSON answer to a V1 operation against the V1 document.
    pub(super) fn answer(&self, operation: &str, status: u16, answer: &Value) -> Held {
        let Some(operation) = self.v1.operation_by_id(operation) else {
            return Held::Unknown;
        };
        let Some(response) = operation.response(status) else {
            return Held::Misfits(vec![format!("status {status} is not in the V1 document")]);
        };
        let Some(schema) = response.content.as_json() else {
            return Held::Unknown;
        };
        let key = format!("v1 {} {}", operation.name(), response.status);
        held(self.misfits(&self.v1, &key, Asked::OfAnswers, schema, answer))
    }

    fn path(&self, operation: &Operation, path: &str, made_up: &str, misfits: &mut Vec<String>) {
        for (segment, value) in operation.path.split('/').zip(path.split('/')) {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            let Some(name) = name else { continue };
            let value = decoded(value);
            let known = operation.parameter(Place::Path, name);
            if let Some(known) = known.filter(|_| value != made_up) {
                let what = format!("path parameter `{name}`");
                let key = format!("v2 {} path {name}", operation.name());
                self.text(&key, &what, &known.schema, &[value], misfits);
            }
        }
    }

    fn query(&self, operation: &Operation, query: &str, made_up: &str, misfits: &mut Vec<String>) {
        let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let values = sent.entry(name.into_owned()).or_default();
            values.push(value.into_owned());
        }
        for (name, values) in &sent {
            let what = format!("query parameter `{name}`");
            match operation.parameter(Place::Query, name) {
                None => misfits.push(format!("{what} is not in the V2 document")),
                Some(known) if !values.iter().any(|value| value == made_up) => {
                    let key = format!("v2 {} query {name}", operation.name());
                    self.text(&key, &what, &known.schema, values, misfits);
                }
                Some(_) => {}
            }
        }
        let wanted = operation.parameters.iter();
        for missing in
            wanted.filter(|p| p.place == Place::Query && p.required && !sent.contains_key(&p.name))
        {
            misfits.push(format!("query parameter `{}` is missing", missing.name));
        }
    }

    fn body(&self, operation: &Operation, request: &V2Request<'_>, misfits: &mut Vec<String>) {
        let Some(known) = &operation.request else {
            return;
        };
        let Some(body) = request.body else {
            if known.required {
                misfits.push("the body is missing".to_owned());
            }
            return;
        };
        let media_type = request.content_type.unwrap_or("application/json");
        let is_json = media_type
            .split(';')
            .next()
            .is_some_and(|t| t.trim().ends_with("json"));
        let schema = if is_json {
            known.content.as_json()
        } else {
            known.content.get(media_type)
        };
        let Some(schema) = schema else {
            if !known.content.is_empty() {
                misfits.push("the V2 document has no body of this media type".to_owned());
            }
            return;
        };
        if !is_json {
            return;
        }
        match serde_json::from_slice(body) {
            Ok(value) => {
                let key = format!("v2 {} body", operation.name());
                let found = self.misfits(&self.v2, &key, Asked::OfRequests, schema, &value);
                misfits.extend(found.into_iter().map(|misfit| format!("body {misfit}")));
            }
            Err(_) => misfits.push("the body is not JSON".to_owned()),
        }
    }

    /// Holds the values of a parameter against its schema.
    fn text(
        &self,
        key: &str,
        what: &str,
        schema: &Schema,
        values: &[String],
        misfits: &mut Vec<String>,
    ) {
        let mut first = None;
        for value in readings(&self.v2, schema, values) {
            let found = self.misfits(&self.v2, key, Asked::OfRequests, schema, &value);
            if found.is_empty() {
                return;
            }
            first.get_or_insert(found);
        }
        let found = first.unwrap_or_default();
        misfits.extend(found.iter().map(|misfit| {
            let rule = misfit.strip_prefix("`$` ").unwrap_or(misfit);
            format!("{what} {rule}")
        }));
    }

    fn misfits(
        &self,
        document: &Document,
        key: &str,
        asked: Asked,
        schema: &Schema,
        value: &Value,
    ) -> Vec<String> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(key.to_owned()).or_insert_with(|| {
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(asked == Asked::OfRequests)
                .build(&document.json_schema(schema, Closing::AsWritten))
                .ok()
        });
        let mut found = Vec::new();
        for error in validator.iter().flat_map(|known| known.iter_errors(value)) {
            let is_missing = matches!(error.kind(), ValidationErrorKind::Required { .. });
            if is_missing && asked == Asked::OfAnswers {
                continue;
            }
            let text = format!("`{}` {}", self.place(error.instance_path()), rule(&error));
            if !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }

    /// `$.items[].tag`, without names that neither document has.
    fn place(&self, path: &Location) -> String {
        let mut place = "$".to_owned();
        for segment in path {
            match segment {
                LocationSegment::Property(name) if self.names.contains(&*name) => {
                    place.push('.');
                    place.push_str(&name);
                }
                LocationSegment::Property(_) => place.push_str(".?"),
                LocationSegment::Index(_) => place.push_str("[]"),
            }
        }
        place
    }
}

/// Every name of a member that the schemas of these documents speak of.
pub(crate) fn member_names(documents: &[&Document]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut see = |schema: &Schema| {
        schema.walk(&mut |inner| {
            names.extend(inner.properties.iter().map(|(name, _)| name.clone()));
        });
    };
    for document in documents {
        document.schemas.values().for_each(&mut see);
        for operation in &document.operations {
            let bodies = operation.responses.iter().map(|response| &response.content);
            let bodies = bodies.chain(operation.request.as_ref().map(|r| &r.content));
            bodies
                .flat_map(|body| &body.0)
                .for_each(|(_, schema)| see(schema));
        }
    }
    names
}

/// An operation without the names of its path parameters, which mappings may call otherwise.
fn form(name: &str) -> String {
    let segments = name
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(_) => "{}",
            None => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}

fn held(misfits: Vec<String>) -> Held {
    if misfits.is_empty() {
        Held::Fits
    } else {
        Held::Misfits(misfits)
    }
}

/// What the text of a parameter may stand for, the likeliest first.
fn readings(document: &Document, schema: &Schema, values: &[String]) -> Vec<Value> {
    let flat = document.flat(schema);
    let scalar = |text: &str, kind: Option<Kind>| -> Value {
        let read = match kind {
            Some(Kind::Integer | Kind::Number | Kind::Boolean) | None => {
                serde_json::from_str::<Value>(text)
                    .ok()
                    .filter(|value| value.is_number() || value.is_boolean())
            }
            _ => None,
        };
        read.unwrap_or_else(|| text.into())
    };
    if flat.kind == Some(Kind::Array) {
        let items = flat.items.and_then(|items| document.flat(items).kind);
        let all = |texts: Vec<&str>| -> Value {
            texts.into_iter().map(|text| scalar(text, items)).collect()
        };
        let several = all(values.iter().map(String::as_str).collect());
        let split = all(values.iter().flat_map(|value| value.split(',')).collect());
        return vec![several, split];
    }
    // Of a parameter that is sent several times, servers take one.
    let Some(text) = values.first() else {
        return Vec::new();
    };
    match flat.kind {
        Some(kind) => vec![scalar(text, Some(kind))],
        None => vec![scalar(text, None), text.as_str().into()],
    }
}

/// The rule that is broken, without the value that breaks it.
fn rule(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("has no `{}`", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::Type { kind } => {
            let kinds = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => {
                    let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
                    kinds.join(" or ")
                }
            };
            format!("is not of type {kinds}")
        }
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "is none of the values that the document lists".to_owned()
        }
        ValidationErrorKind::Pattern { .. } => "does not fit its pattern".to_owned(),
        ValidationErrorKind::Format { format } => format!("is no {format}"),
        ValidationErrorKind::AdditionalProperties { .. } => {
            "has members that the document rules out".to_owned()
        }
        ValidationErrorKind::AnyOf { .. } => "fits none of its schemas".to_owned(),
        other => format!("breaks the rule `{}`", other.keyword()),
    }
}

/// A path segment, percent-decoded.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
