//! A look-up: a V2 GET made before the call itself, for values that only V2 can tell.

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::query::js_path_process;
use serde_json::{Map, Value};

use crate::operation::Endpoint;
use crate::plan::call::{CallError, Target, UpstreamCall};
use crate::route::PathValues;
use crate::step::StepContext;

/// A V2 GET made first.
#[derive(Debug)]
pub struct LookupPlan {
    pub(crate) name: Box<str>,
    pub(crate) v2: Endpoint,
    pub(crate) target: Target,
    pub(crate) take: Vec<Take>,
    pub(crate) unless: Vec<(Box<str>, Box<str>)>,
    pub(crate) unchanging: bool,
    pub(crate) kept: bool,
}

/// One value taken from the answer.
#[derive(Debug)]
pub(crate) struct Take {
    pub(crate) name: Box<str>,
    pub(crate) path: JpQuery,
    pub(crate) path_text: Box<str>,
    pub(crate) otherwise: Option<Otherwise>,
}

/// What stands in when the path selects nothing.
#[derive(Debug, Clone)]
pub(crate) enum Otherwise {
    /// A path value of the V1 request.
    Path(Box<str>),
    /// This text.
    Text(Box<str>),
}

/// Why a look-up brought nothing.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum LookupError {
    /// Nothing is at the path, and the mapping names nothing else.
    #[error("look-up `{lookup}` found nothing at `{path}`")]
    Nothing {
        /// The look-up's name.
        lookup: String,
        /// The JSONPath.
        path: String,
    },
}

impl LookupPlan {
    /// The name it has in the mapping.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The V2 operation.
    pub fn v2(&self) -> &Endpoint {
        &self.v2
    }

    /// Whether its answer never changes, so that what was taken from it may be kept for later
    /// requests of the same caller.
    pub fn is_unchanging(&self) -> bool {
        self.unchanging
    }

    /// Whether a layout draws from its answer, which is then kept whole.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// The names of the values it takes.
    pub fn taken(&self) -> impl Iterator<Item = &str> {
        self.take.iter().map(|take| &*take.name)
    }

    /// Whether this request needs it: not when the mapping says so for a query value.
    pub fn wanted(&self, context: &StepContext) -> bool {
        !self.unless.iter().any(|(name, unwanted)| {
            context
                .query
                .get(&**name)
                .and_then(Value::as_str)
                .is_some_and(|sent| sent.eq_ignore_ascii_case(unwanted))
        })
    }

    /// Whether finding nothing is no failure: the mapping says what stands in for every value
    /// (`otherwise`). An answer of 404 is then taken as an answer without values, since some
    /// servers say "nothing" that way.
    pub fn may_find_nothing(&self) -> bool {
        !self.kept && self.take.iter().all(|take| take.otherwise.is_some())
    }

    /// The call to make.
    pub fn call(
        &self,
        values: &PathValues,
        looked_up: &Map<String, Value>,
    ) -> Result<UpstreamCall, CallError> {
        Ok(UpstreamCall {
            method: self.target.method.clone(),
            path_and_query: self.target.build(values, looked_up)?,
            v1_parameters: Vec::new(),
        })
    }

    /// Takes the values the mapping names from a 2xx answer: the first that each path
    /// selects. Null is an answer without values, for a 404 where that
    /// [is no failure](Self::may_find_nothing). Says whether the answer had all of them.
    pub fn take(
        &self,
        answer: &Value,
        values: &PathValues,
        into: &mut Map<String, Value>,
    ) -> Result<bool, LookupError> {
        let mut found_all = true;
        for take in &self.take {
            let selected = js_path_process(&take.path, answer)
                .ok()
                .and_then(|found| found.into_iter().next())
                .map(|found| found.val().clone())
                .filter(|value| !value.is_null());
            found_all &= selected.is_some();
            let value = match (selected, &take.otherwise) {
                (Some(value), _) => value,
                (None, Some(Otherwise::Text(text))) => Value::from(&**text),
                (None, Some(Otherwise::Path(name))) => Value::from(
                    values
                        .decoded(name)
                        .expect("compile checked that the operation's path has this parameter"),
                ),
                (None, None) => {
                    return Err(LookupError::Nothing {
                        lookup: self.name.to_string(),
                        path: take.path_text.to_string(),
                    });
                }
            };
            into.insert(take.name.to_string(), value);
        }
        Ok(found_all)
    }
}
