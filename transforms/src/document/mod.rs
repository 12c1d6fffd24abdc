//! An API's document: its operations and schemas, read from OpenAPI 3 or Swagger 2.
//!
//! What a document *says* is kept as it is written ([`Document`], [`Operation`], [`Schema`]); what
//! it *means* is asked for where it is needed: [`Document::flat`] follows references and merges
//! `allOf`, one level at a time, so that schemas may use themselves.
//!
//! | module | what |
//! | --- | --- |
//! | [`schema`] | one schema as written |
//! | [`flat`] | one schema with its references followed |
//! | [`compare`] | the differences between two documents |
//! | [`derive`] | the V1 document, from a V2 document and mappings |
//! | `read` | JSON (and YAML, with the feature `yaml`) to a document |
//! | `write` | a document as OpenAPI 3.0 or Swagger 2.0 |
//! | `json_schema` | a schema as JSON Schema, for validators |

pub mod compare;
pub mod derive;
pub mod flat;
mod json_schema;
mod read;
pub mod schema;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use http::Method;

pub use flat::Flat;
pub use json_schema::Closing;
pub use read::DocumentError;
pub use schema::{Kind, Others, Schema};
pub use write::Dialect;

/// An API as its document describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// `info.title`
    pub title: String,
    /// `info.version`
    pub version: String,
    /// What stands before every path, such as `/v2`; empty when paths are complete.
    pub base_path: String,
    /// All operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// Schemas by name.
    pub schemas: BTreeMap<String, Schema>,
}

/// One method on one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `operationId`
    pub id: Option<String>,
    /// The HTTP method.
    pub method: Method,
    /// The path template, without [`Document::base_path`].
    pub path: String,
    /// One sentence on what it does.
    pub summary: String,
    /// The groups it is listed in.
    pub tags: Vec<String>,
    /// Whether it is announced as going away.
    pub deprecated: bool,
    /// Parameters of the operation and of its path.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub request: Option<Request>,
    /// Declared answers, in the order of the document.
    pub responses: Vec<Response>,
}

/// A parameter outside the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether a request must have it.
    pub required: bool,
    /// What it is for.
    pub description: Option<String>,
    /// Its values.
    pub schema: Schema,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// A request body.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Whether a request must have one.
    pub required: bool,
    /// What it may be.
    pub content: Content,
}

/// One declared answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// For which statuses.
    pub status: Status,
    /// When it is sent.
    pub description: String,
    /// What its body may be; empty: it has none, or nothing is said of it.
    pub content: Content,
}

/// Bodies by media type, in the order of the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content(pub Vec<(String, Schema)>);

/// The statuses that a declared answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// `200`
    Exact(u16),
    /// `4XX`, by its first digit.
    Class(u16),
    /// `default`
    Default,
}

impl Document {
    /// The operation with exactly this path template, without [`Document::base_path`].
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.method == method && operation.path == path)
    }

    /// The operation with this id.
    pub fn operation_by_id(&self, id: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.id.as_deref() == Some(id))
    }

    /// The operation that a request path (without [`Document::base_path`] and query) is for;
    /// literal segments win over parameters.
    pub fn route(&self, method: &Method, path: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .filter(|operation| operation.method == method && operation.matches(path))
            .min_by_key(|operation| operation.path.matches('{').count())
    }
}

impl Operation {
    /// `GET /fruits/{fruit_id}`, as it is named everywhere.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The parameter with this name at this place.
    pub fn parameter(&self, place: Place, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.place == place && parameter.name == name)
    }

    /// The declared answer for a status: the status itself, its class, then `default`.
    pub fn response(&self, status: u16) -> Option<&Response> {
        [
            Status::Exact(status),
            Status::Class(status / 100),
            Status::Default,
        ]
        .iter()
        .find_map(|wanted| self.responses.iter().find(|r| r.status == *wanted))
    }

    fn matches(&self, path: &str) -> bool {
        let mut values = path.split('/');
        let fits = self.path.split('/').all(|segment| {
            values.next().is_some_and(|value| {
                segment == value || (segment.starts_with('{') && !value.is_empty())
            })
        });
        fits && values.next().is_none()
    }
}

impl Content {
    /// One body of `application/json`.
    pub fn json(schema: Schema) -> Self {
        Self(vec![("application/json".to_owned(), schema)])
    }

    /// The schema for a media type; parameters of the type do not count.
    pub fn get(&self, media_type: &str) -> Option<&Schema> {
        let plain = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
        let wanted = plain(media_type);
        let found = self.0.iter().find(|(kind, _)| plain(kind) == wanted);
        found.map(|(_, schema)| schema)
    }

    /// The schema of the JSON body: `application/json`, else the first type that ends in `json`.
    pub fn as_json(&self) -> Option<&Schema> {
        self.get("application/json").or_else(|| {
            let found = self.0.iter().find(|(kind, _)| kind.ends_with("json"));
            found.map(|(_, schema)| schema)
        })
    }

    /// Whether nothing is said of a body.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Status {
    /// Reads `200`, `4XX` or `default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        if let Some(digit) = text.strip_suffix("XX").or_else(|| text.strip_suffix("xx")) {
            return digit.parse().ok().map(Self::Class);
        }
        text.parse().ok().map(Self::Exact)
    }

    /// Whether it is for answers of success.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Exact(200..=299) | Self::Class(2))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => write!(f, "{status}"),
            Self::Class(digit) => write!(f, "{digit}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Place {
    /// `query`, as documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
