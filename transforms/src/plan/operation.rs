//! What one V1 operation becomes.

use std::sync::Arc;

use crate::operation::Endpoint;
use crate::plan::call::CallPlan;
use crate::plan::explain::Explanation;

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
    /// The same in words, for people.
    pub explanation: Arc<Explanation>,
}

/// What is done for a V1 operation.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all operations are calls, and each lives once, in an `Arc`"
)]
#[derive(Debug)]
pub enum Kind {
    /// One V2 call, with look-ups before it where needed.
    Call(CallPlan),
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
}
