//! A plan in words, and the same as data for `windlass explain` and the audit.

mod text;

use serde::Serialize;

/// Everything a person wants to know about one V1 operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Operation id.
    pub operation: String,
    /// What differs, for the author of a client.
    pub summary: String,
    /// The V1 request line, without API version.
    pub v1: String,
    /// The V1 service that had it on a port of its own; `None`: the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The V2 request line, without API version; `None` where there is no V2 call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v2: Option<String>,
    /// Why all this is an assumption; `None`: it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
    /// Why there is no V2 operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do instead where there is no V2 operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// What the proxy answers by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Path parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Parameter>,
    /// Query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Parameter>,
    /// Query parameters that V2 is sent when the client sends none: name and value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_defaults: Vec<(String, String)>,
    /// Members of a JSON body that stand for query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body_query: Vec<Parameter>,
    /// Values that parameters may have; others are refused with 400: V1 name and values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<(String, Vec<String>)>,
    /// The composition that puts the answer together; `None`: there is one V2 call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composition: Option<Step>,
    /// The calls that the composition makes, each as often as it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Part>,
    /// Calls made first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
    /// How the V2 call is repeated, page by page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
    /// What is left when a later call fails after an earlier one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// The request body that V2 gets, whatever V1 sends: JSON with `{V1 path parameter}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<String>,
    /// What becomes of the request body; `None`: it passes as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Body>,
    /// What becomes of answers, by V2 status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<Response>,
    /// The shapes used in request and answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<Shape>,
    /// The named steps used in request and answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What every caller loses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<String>,
}

/// A named step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name in the mappings.
    pub name: String,
    /// Why it is Rust and not mapping.
    pub reason: String,
    /// Members it renames or moves: V1 path and V2 path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<(String, String)>,
}

/// A V1 parameter and its V2 name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// V1 name.
    pub v1: String,
    /// V2 name; `None`: V2 has none.
    pub v2: Option<String>,
    /// What else happens to it, or why V2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A call that a composition makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// The V2 request line, without API version.
    pub v2: String,
    /// Where the rows of its answer are; `None`: it is read as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

/// How a V2 list is had page by page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pages {
    /// The V2 query parameter for the number of the page.
    pub page: String,
    /// The V2 query parameter for how many rows a page has.
    pub size: String,
    /// How many rows are asked for.
    pub rows: u64,
    /// Other names for the member with the rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// A call made first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lookup {
    /// Its name.
    pub name: String,
    /// The V2 request line, without API version.
    pub v2: String,
    /// Name and JSONPath of each value taken.
    pub take: Vec<(String, String)>,
    /// What stands in when nothing is found: name, and text or `{V1 path parameter}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<(String, String)>,
    /// It is left out when one of these V1 query parameters has this value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<(String, String)>,
    /// Why what it takes may be kept for later requests of the same caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanging: Option<String>,
}

/// What becomes of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Body {
    /// The layout line: the picture of the V1 body.
    pub layout: String,
    /// How the plan goes about it.
    pub way: Way,
    /// What the plan holds back, and why; empty: nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
}

/// How a plan goes about a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It leaves as it came: nothing in it differs.
    Passes,
    /// It is always the same, whatever came.
    Fixed,
    /// It leaves as it comes in; only single members may be held.
    Streams,
    /// It is held as a whole.
    Holds,
}

/// What becomes of the answers with some V2 status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Response {
    /// The V2 status, or a class such as `4xx`.
    pub v2_status: String,
    /// The V1 status, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v1_status: Option<u16>,
    /// Whether it comes from the defaults of all operations.
    pub common: bool,
    /// What becomes of the body; `None`: it passes as it is, unless there is a `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The body that stands in its place, where that is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The name of the file, where the body leaves as a gzip file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gzip: Option<String>,
}

/// What differs in one kind of object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// Members that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What V1 answers carry when V2 leaves it out: V1 name and JSON text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub v1_defaults: Vec<(String, String)>,
    /// What V2 requests carry when V1 leaves it out: V2 name and JSON text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub v2_defaults: Vec<(String, String)>,
}

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// V1 name; `None`: only V2 has it.
    pub v1: Option<String>,
    /// V2 name; `None`: only V1 has it.
    pub v2: Option<String>,
    /// What else happens to it, or why the other side has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
