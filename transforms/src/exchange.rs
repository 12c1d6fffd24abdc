//! One exchange as the proxy records it and the audit reads it: a line of JSON.
//!
//! A record names operations, parameters and fields; it never holds a value, a body or a
//! credential.

use serde::{Deserialize, Serialize};

/// The version of the record format, in every line.
pub const FORMAT: u32 = 1;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// [`FORMAT`].
    pub format: u32,
    /// When the request arrived: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Which generation the client spoke.
    pub generation: Generation,
    /// Operation id of the V1 operation; absent for V2 traffic and unknown routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v1_operation: Option<String>,
    /// The V2 call made for it: method and path template; absent when none was made or known, or
    /// when a composition made several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v2_operation: Option<String>,
    /// All V2 operations behind it, where the mapping has more than one: look-ups and the calls
    /// of compositions, in the order in which they are first made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub v2_operations: Vec<String>,
    /// HTTP method.
    pub method: String,
    /// Whether the path carried no version.
    pub versionless: bool,
    /// Who called.
    pub client: Client,
    /// V1 names of parameters sent that have another name, or none, in V2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub v1_parameters: Vec<String>,
    /// V1 body fields sent that have another name, form, or none, in V2 (`Shape.field`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub v1_fields: Vec<String>,
    /// Status sent to the client; absent when it went away first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downstream_status: Option<u16>,
    /// Status of the upstream answer; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_status: Option<u16>,
    /// Body bytes received from the client.
    pub request_bytes: u64,
    /// Body bytes sent to the client.
    pub response_bytes: u64,
    /// From the first byte of the request to the last of the answer.
    pub duration_ms: u64,
    /// How many V2 calls were made; 0 for V2 traffic, which is forwarded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub upstream_calls: u64,
    /// What the proxy did.
    pub outcome: Outcome,
    /// A short reason for `refused` and `failed`, free of request data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The V2 call that failed: method and path template, and which page of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_call: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Which generation of the API a request spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// `/v1/…`, or a path without a version.
    V1,
    /// `/v2/…`.
    V2,
}

/// Who called. Credentials are dropped before this exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// User name of Basic credentials; absent for tokens and for no credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `x-anchore-account`, when sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `User-Agent`, when sent; control characters removed, at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// IP address without port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What the proxy did with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// V2 traffic, forwarded unchanged.
    PassedThrough,
    /// V1 traffic, rewritten both ways.
    Rewritten,
    /// Answered by the proxy on purpose: unknown, unmapped or removed operation, enforcement,
    /// a request it could not read.
    Refused,
    /// The upstream or the rewrite failed.
    Failed,
}
