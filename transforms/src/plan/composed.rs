//! An operation that a named composition answers from several V2 calls.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::composition::{Composing, Composition, PartCall};
use crate::operation::Endpoint;
use crate::plan::body::BodyPlan;
use crate::plan::call::{CallError, QueryRule, Target, UpstreamCall, boolean};
use crate::plan::query::{decode_query, members};
use crate::plan::response::Responses;
use crate::route::PathValues;
use crate::step::{StepContext, StepError};

/// An operation that a named composition answers.
#[derive(Debug)]
pub struct ComposedPlan {
    pub(crate) composition: Composition,
    pub(crate) query: Vec<QueryRule>,
    pub(crate) parts: Vec<PartPlan>,
    pub(crate) responses: Responses,
}

/// A V2 call that the composition may make.
#[derive(Debug)]
pub struct PartPlan {
    pub(crate) name: Box<str>,
    pub(crate) v2: Endpoint,
    pub(crate) target: Target,
    pub(crate) rows: Option<RowsPlan>,
}

/// How the rows of an answer are told from the rest of it.
#[derive(Debug, Clone)]
pub(crate) struct RowsPlan {
    pub(crate) list: Arc<BodyPlan>,
    pub(crate) rest: Arc<BodyPlan>,
}

impl ComposedPlan {
    /// The composition.
    pub fn composition(&self) -> &Composition {
        &self.composition
    }

    /// The calls it may make, in the order of the mapping.
    pub fn parts(&self) -> &[PartPlan] {
        &self.parts
    }

    /// What becomes of answers: of the composed one, with V2 status 200, and of the first call
    /// where it is refused.
    pub fn responses(&self) -> &Responses {
        &self.responses
    }

    /// What the composition may see of the request, and the V1 names of the parameters sent
    /// that have another name in V2; sorted, each once.
    pub fn context(
        &self,
        values: &PathValues,
        raw_query: Option<&str>,
    ) -> Result<(StepContext, Vec<String>), CallError> {
        let mut query = Map::new();
        let mut renamed = Vec::new();
        for (raw_name, raw_value) in raw_query.into_iter().flat_map(members) {
            let rule = decode_query(raw_name)
                .and_then(|name| self.query.iter().find(|rule| *rule.v1 == *name));
            let Some(rule) = rule else { continue };
            let value = decode_query(raw_value)
                .ok_or_else(|| CallError::MalformedQuery(rule.v1.to_string()))?;
            let value = match rule.boolean.then(|| boolean(&value)).flatten() {
                Some(word) => word.to_owned(),
                None => value,
            };
            query.entry(&*rule.v1).or_insert(Value::String(value));
            if rule.v2.as_deref() != Some(&*rule.v1) {
                renamed.push(rule.v1.to_string());
            }
        }
        renamed.sort();
        renamed.dedup();
        let context = StepContext {
            query,
            ..StepContext::of(values, None)
        };
        Ok((context, renamed))
    }

    /// Begins to compose the answer to one request.
    pub fn start(&self, context: &StepContext) -> Result<Box<dyn Composing>, StepError> {
        (self.composition.start)(context)
    }

    /// The upstream call for what the composition wants, and which part it is.
    pub fn call(&self, wanted: &PartCall) -> Result<(&PartPlan, UpstreamCall), CallError> {
        let part = self
            .parts
            .iter()
            .find(|part| *part.name == *wanted.part)
            .expect("compile checked that every part of the composition is declared");
        let call = UpstreamCall {
            method: part.target.method.clone(),
            path_and_query: part.target.build_given(&wanted.values)?,
            v1_parameters: Vec::new(),
        };
        Ok((part, call))
    }
}

impl PartPlan {
    /// The name it has in the mapping.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The V2 operation.
    pub fn v2(&self) -> &Endpoint {
        &self.v2
    }

    /// Whether its answer is read row by row.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }
}
