//! The V2 call made for a V1 request, and what becomes of its answer.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};

use crate::operation::Endpoint;
use crate::plan::body::BodyPlan;
use crate::plan::lookup::LookupPlan;
use crate::plan::pages::PagesPlan;
use crate::plan::query::{decode_query, encode_query, encode_segment, keep_encoded, members};
use crate::plan::response::Responses;
use crate::plan::template::JsonTemplate;
use crate::route::PathValues;
use crate::step::StepContext;

pub use crate::plan::response::ResponsePlan;

/// A V1 operation that is one V2 call.
#[derive(Debug)]
pub struct CallPlan {
    pub(crate) v2: Endpoint,
    pub(crate) target: Target,
    pub(crate) query: Vec<QueryRule>,
    pub(crate) query_defaults: Vec<(Box<str>, Box<str>)>,
    pub(crate) body_query: Vec<(Box<str>, Box<str>)>,
    pub(crate) lookups: Vec<LookupPlan>,
    pub(crate) pages: Option<Arc<PagesPlan>>,
    pub(crate) request: RequestBody,
    pub(crate) responses: Responses,
}

/// What becomes of the request body.
#[derive(Debug, Clone)]
pub enum RequestBody {
    /// It passes as it comes and streams.
    Opaque,
    /// It is read whole, checked to be JSON, and rewritten.
    Rewrite(Arc<BodyPlan>),
    /// It does not matter: V2 gets this.
    Drawn(Arc<JsonTemplate>),
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
        for (name, part) in &self.query {
            let value = match part {
                TargetPart::Literal(text) => text.to_string(),
                TargetPart::Path(name) => {
                    encode_query(values.decoded(name).ok_or_else(|| missing(name))?)
                }
                TargetPart::LookedUp(name) => encode_query(&looked_up_text(looked_up, name)?),
            };
            add(&mut out, name, &value);
        }
        Ok(out)
    }

    /// The same from values that are given; query parameters without a value are left out.
    pub(crate) fn build_given(&self, given: &Map<String, Value>) -> Result<String, CallError> {
        let has_value = |part: &TargetPart| match part {
            TargetPart::LookedUp(name) => given.contains_key(&**name),
            TargetPart::Literal(_) | TargetPart::Path(_) => true,
        };
        let mut target = self.clone();
        target.query.retain(|(_, part)| has_value(part));
        target.build(&PathValues::default(), given)
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
        self.responses.of(v2_status)
    }

    /// What becomes of answers.
    pub fn responses(&self) -> &Responses {
        &self.responses
    }

    /// How the pages of its list become one; `None`: its answer is one answer.
    pub fn pages(&self) -> Option<&Arc<PagesPlan>> {
        self.pages.as_ref()
    }

    /// What steps and look-ups may see of the request.
    pub fn context(
        &self,
        values: &PathValues,
        raw_query: Option<&str>,
        looked_up: Map<String, Value>,
    ) -> StepContext {
        StepContext {
            looked_up,
            ..StepContext::of(values, raw_query)
        }
    }
}

/// `true` or `false` for any spelling of them.
pub(crate) fn boolean(text: &str) -> Option<&'static str> {
    if text.eq_ignore_ascii_case("true") {
        Some("true")
    } else if text.eq_ignore_ascii_case("false") {
        Some("false")
    } else {
        None
    }
}

/// Adds a query member.
pub(crate) fn add(path_and_query: &mut String, name: &str, value: &str) {
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
