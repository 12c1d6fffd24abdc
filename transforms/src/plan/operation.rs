//! What one V1 operation becomes.

use std::sync::Arc;

use serde_json::Value;

use crate::document::Dialect;
use crate::operation::Endpoint;
use crate::plan::call::CallPlan;
use crate::plan::composed::ComposedPlan;
use crate::plan::explain::Explanation;
use crate::step::StepContext;

/// One V1 operation, compiled.
#[derive(Debug)]
pub struct Operation {
    /// Its operation id: the name of its mapping file.
    pub id: String,
    /// What differs, in a sentence or two for the author of a client.
    pub summary: String,
    /// Method and path, without API version.
    pub v1: Endpoint,
    /// The V1 service that offered it on a port of its own; `None`: the main one.
    pub service: Option<String>,
    /// Other services that answered it too, each on a port of its own.
    pub also_on: Vec<String>,
    /// Why its mapping is an assumption; `None`: it rests on a specification or on what V1
    /// servers were seen to do.
    pub assumed: Option<String>,
    /// What is done for it.
    pub kind: Kind,
    /// What every caller of it loses, each a short reason.
    pub losses: Vec<String>,
    /// Parameters that may only have some values.
    pub(crate) allowed: Vec<Allowed>,
    /// The same in words, for people.
    pub explanation: Arc<Explanation>,
}

/// The values that a V1 parameter may have.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    pub(crate) name: Box<str>,
    pub(crate) values: Box<[Box<str>]>,
}

impl Operation {
    /// Why a request is refused with 400, in the words of V1 servers: a parameter has a value
    /// that is not allowed. A parameter that was not sent is no reason.
    pub fn refusal(&self, context: &StepContext) -> Option<String> {
        self.allowed.iter().find_map(|allowed| {
            let name = &*allowed.name;
            let sent = context.path.get(name).or_else(|| context.query.get(name));
            let sent = sent.and_then(Value::as_str)?;
            if allowed.values.iter().any(|value| **value == *sent) {
                return None;
            }
            let values: Vec<String> = allowed.values.iter().map(|v| format!("'{v}'")).collect();
            Some(format!("'{sent}' is not one of [{}]", values.join(", ")))
        })
    }
}

/// What is done for a V1 operation.
#[derive(Debug)]
pub enum Kind {
    /// One V2 call, with look-ups before it where needed; or one for each page of a list.
    Call(CallPlan),
    /// Several V2 calls that depend on each other.
    Composed(ComposedPlan),
    /// The answer needs no upstream.
    Answer(AnswerPlan),
    /// V2 has nothing like it.
    None {
        /// Why.
        reason: String,
        /// What a client does instead.
        instead: String,
    },
    /// Nobody has written its mapping yet.
    Unmapped,
}

/// An answer that the proxy gives by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPlan {
    /// The HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: Box<str>,
    /// `Content-Type` of the answer.
    pub content_type: Box<str>,
    /// The answer is the V1 document in this form, with the members of the body in place of its
    /// own.
    pub document: Option<Dialect>,
}
