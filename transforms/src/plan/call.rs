//! The V2 call made for a V1 request, and what becomes of its answer.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};

use crate::operation::Endpoint;
use crate::plan::body::{BodyPlan, Strategy};
use crate::plan::lookup::LookupPlan;
use crate::plan::query::{decode_query, encode_query, encode_segment, keep_encoded, members};
use crate::route::PathValues;
use crate::step::StepContext;

/// A V1 operation that is one V2 call.
#[derive(Debug)]
pub struct CallPlan {
    pub(crate) v2: Endpoint,
    pub(crate) target: Target,
    pub(crate) query: Vec<QueryRule>,
    pub(crate) query_defaults: Vec<(Box<str>, Box<str>)>,
    pub(crate) body_query: Vec<(Box<str>, Box<str>)>,
    pub(crate) lookups: Vec<LookupPlan>,
    pub(crate) request: RequestBody,
    /// The operation's own responses, then the common ones; the first that fits is used.
    pub(crate) responses: Vec<DeclaredResponse>,
    pub(crate) pass: Arc<BodyPlan>,
}

/// What becomes of the request body.
#[derive(Debug, Clone)]
pub enum RequestBody {
    /// It passes as it comes and streams.
    Opaque,
    /// It is read whole, checked to be JSON, and rewritten.
    Rewrite(Arc<BodyPlan>),
}

/// A request to the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamCall {
    /// The method of the V2 operation.
    pub method: Method,
    /// Path and query, with `/v2`.
    pub path_and_query: String,
    /// V1 names of the parameters sent that have another name, or none, in V2; sorted, each
    /// once.
    pub v1_parameters: Vec<String>,
}

/// What the client gets for one V2 status.
#[derive(Debug, Clone)]
pub struct ResponsePlan {
    /// The V1 status.
    pub status: u16,
    /// How the body is rewritten.
    pub body: Arc<BodyPlan>,
    /// `Content-Type` of the V1 answer, where it is not the upstream's.
    pub content_type: Option<Box<str>>,
}

/// Why a V2 call cannot be made for a request.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum CallError {
    /// The client sent a query value that cannot be decoded.
    #[error("the value of query parameter `{0}` is not percent-encoded UTF-8")]
    MalformedQuery(String),
    /// The client sent something else than text, a number or a boolean where its JSON body
    /// stands for a query.
    #[error("`{0}` in the request body must be text, a number or a boolean")]
    BodyQuery(String),
    /// A value of the V2 path is missing: a look-up was not made, or took nothing.
    #[error("the look-up for `{0}` brought no text")]
    NotLookedUp(String),
}

/// A V2 status that a response plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum StatusPattern {
    /// `404`.
    Exact(u16),
    /// `4xx`, by its first digit.
    Class(u16),
}

impl StatusPattern {
    fn fits(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(digit) => digit == status / 100,
        }
    }
}

/// What a mapping says for some V2 statuses.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredResponse {
    pub(crate) v2: StatusPattern,
    /// `None`: as upstream.
    pub(crate) v1: Option<u16>,
    pub(crate) body: Arc<BodyPlan>,
    pub(crate) content_type: Option<Box<str>>,
}

/// A V1 query parameter.
#[derive(Debug, Clone)]
pub(crate) struct QueryRule {
    pub(crate) v1: Box<str>,
    /// `None`: V2 lacks it.
    pub(crate) v2: Option<Box<str>>,
    /// Any spelling of true and false becomes `true` and `false`.
    pub(crate) boolean: bool,
}

/// A path template with the place each value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) path: Vec<TargetPart>,
    pub(crate) query: Vec<(Box<str>, TargetPart)>,
}

/// One segment of an upstream path, or one value of its query.
#[derive(Debug, Clone)]
pub(crate) enum TargetPart {
    Literal(Box<str>),
    /// A path value of the V1 request, by V1 name.
    Path(Box<str>),
    /// What a look-up took.
    LookedUp(Box<str>),
}

impl Target {
    /// The path and fixed query, with `/v2` in front.
    pub(crate) fn build(
        &self,
        values: &PathValues,
        looked_up: &Map<String, Value>,
    ) -> Result<String, CallError> {
        let mut out = String::from("/v2");
        if self.path.is_empty() {
            out.push('/');
        }
        for part in &self.path {
            out.push('/');
            match part {
                TargetPart::Literal(text) => out.push_str(text),
                TargetPart::Path(name) => {
                    let raw = values.raw(name).ok_or_else(|| missing(name))?;
                    out.push_str(&keep_encoded(raw));
                }
                TargetPart::LookedUp(name) => {
                    out.push_str(&encode_segment(&looked_up_text(looked_up, name)?));
                }
            }
        }
        for (index, (name, part)) in self.query.iter().enumerate() {
            out.push(if index == 0 { '?' } else { '&' });
            out.push_str(name);
            out.push('=');
            match part {
                TargetPart::Literal(text) => out.push_str(text),
                TargetPart::Path(name) => {
                    let text = values.decoded(name).ok_or_else(|| missing(name))?;
                    out.push_str(&encode_query(text));
                }
                TargetPart::LookedUp(name) => {
                    out.push_str(&encode_query(&looked_up_text(looked_up, name)?));
                }
            }
        }
        Ok(out)
    }
}

fn missing(name: &str) -> CallError {
    CallError::NotLookedUp(name.to_owned())
}

/// A looked-up value as text; dots alone would change the path.
fn looked_up_text(looked_up: &Map<String, Value>, name: &str) -> Result<String, CallError> {
    looked_up
        .get(name)
        .and_then(scalar_text)
        .filter(|text| !text.is_empty() && text != "." && text != "..")
        .ok_or_else(|| missing(name))
}

/// Text, number or boolean as it stands in a query.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl CallPlan {
    /// The V2 operation.
    pub fn v2(&self) -> &Endpoint {
        &self.v2
    }

    /// Calls to make first, in this order.
    pub fn lookups(&self) -> &[LookupPlan] {
        &self.lookups
    }

    /// What becomes of the request body.
    pub fn request_body(&self) -> RequestBody {
        self.request.clone()
    }

    /// Whether a JSON body of this request stands for query parameters (see
    /// [`call`](Self::call)).
    pub fn reads_body_query(&self) -> bool {
        !self.body_query.is_empty()
    }

    /// The V2 call. Declared query parameters are renamed, undeclared ones dropped: V1
    /// servers ignored them. `body_query` is the JSON body, where
    /// [`reads_body_query`](Self::reads_body_query) says so; its members count only when the
    /// request has no query.
    pub fn call(
        &self,
        values: &PathValues,
        raw_query: Option<&str>,
        body_query: Option<&Value>,
        looked_up: &Map<String, Value>,
    ) -> Result<UpstreamCall, CallError> {
        let mut call = UpstreamCall {
            method: self.target.method.clone(),
            path_and_query: self.target.build(values, looked_up)?,
            v1_parameters: Vec::new(),
        };
        let mut sent: Vec<&str> = self.target.query.iter().map(|(name, _)| &**name).collect();
        let raw_query = raw_query.filter(|query| !query.is_empty());
        for (raw_name, raw_value) in raw_query.into_iter().flat_map(members) {
            let Some(name) = decode_query(raw_name) else {
                continue;
            };
            let Some(rule) = self.query.iter().find(|rule| *rule.v1 == *name) else {
                continue;
            };
            let decoded =
                decode_query(raw_value).ok_or_else(|| CallError::MalformedQuery(name.clone()))?;
            if rule.v2.as_deref() != Some(&*rule.v1) {
                call.v1_parameters.push(name);
            }
            let Some(v2) = &rule.v2 else { continue };
            let value = match rule.boolean.then(|| boolean(&decoded)).flatten() {
                Some(word) => word.to_owned(),
                None => keep_encoded(raw_value),
            };
            add(&mut call.path_and_query, v2, &value);
            sent.push(v2);
        }
        if raw_query.is_none()
            && let Some(Value::Object(body)) = body_query
        {
            for (v1, v2) in &self.body_query {
                let Some(value) = body.get(&**v1).filter(|value| !value.is_null()) else {
                    continue;
                };
                let text =
                    scalar_text(value).ok_or_else(|| CallError::BodyQuery(v1.to_string()))?;
                call.v1_parameters.push(v1.to_string());
                add(&mut call.path_and_query, v2, &encode_query(&text));
                sent.push(v2);
            }
        }
        for (v2, value) in &self.query_defaults {
            if !sent.contains(&&**v2) {
                add(&mut call.path_and_query, v2, &encode_query(value));
            }
        }
        call.v1_parameters.sort();
        call.v1_parameters.dedup();
        Ok(call)
    }

    /// What the client gets for this V2 status. The most specific declaration wins; without
    /// one, status and body pass as they are.
    pub fn response(&self, v2_status: u16) -> ResponsePlan {
        match self.responses.iter().find(|r| r.v2.fits(v2_status)) {
            Some(declared) => ResponsePlan {
                status: declared.v1.unwrap_or(v2_status),
                body: Arc::clone(&declared.body),
                content_type: declared.content_type.clone(),
            },
            None => ResponsePlan {
                status: v2_status,
                body: Arc::clone(&self.pass),
                content_type: None,
            },
        }
    }

    /// What steps and look-ups may see of the request.
    pub fn context(
        &self,
        values: &PathValues,
        raw_query: Option<&str>,
        looked_up: Map<String, Value>,
    ) -> StepContext {
        let mut query = Map::new();
        for (name, value) in raw_query.into_iter().flat_map(members) {
            if let (Some(name), Some(value)) = (decode_query(name), decode_query(value)) {
                query.entry(name).or_insert(Value::String(value));
            }
        }
        StepContext {
            path: values
                .iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
            query,
            looked_up,
            ..StepContext::default()
        }
    }
}

/// `true` or `false` for any spelling of them.
fn boolean(text: &str) -> Option<&'static str> {
    if text.eq_ignore_ascii_case("true") {
        Some("true")
    } else if text.eq_ignore_ascii_case("false") {
        Some("false")
    } else {
        None
    }
}

/// Adds a query member.
fn add(path_and_query: &mut String, name: &str, value: &str) {
    let separator = if path_and_query.contains('?') {
        '&'
    } else {
        '?'
    };
    path_and_query.push(separator);
    path_and_query.push_str(&encode_query(name));
    path_and_query.push('=');
    path_and_query.push_str(value);
}

impl ResponsePlan {
    /// Whether the body leaves as it came.
    pub fn passes(&self) -> bool {
        matches!(self.body.strategy, Strategy::Pass)
    }
}
