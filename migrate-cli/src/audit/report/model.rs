//! What a report holds. Printed as JSON it is the `json` format; `windlass schema audit`
//! prints its JSON Schema.

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::identity::ClientKey;
use crate::audit::known::Known;
use crate::audit::moment::{Day, Moment};
use crate::audit::readiness::Readiness;
use crate::read::source::Source;

/// Version of the JSON form. It changes when a member goes away or changes its meaning.
pub(crate) const FORMAT: u32 = 1;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "windlass audit")]
pub(crate) struct Report {
    /// Version of this form.
    pub(crate) format: u32,
    /// Version of the program.
    pub(crate) windlass: String,
    /// What was read, and what could not be.
    pub(crate) sources: Vec<Source>,
    /// What these sources cannot show.
    pub(crate) limits: Vec<String>,
    /// Totals.
    pub(crate) summary: Summary,
    /// What moves the date of the end of V1 most, best first.
    pub(crate) levers: Vec<Lever>,
    /// Calls per day, without days that have none.
    pub(crate) days: Vec<DayReport>,
    /// Stretches of at least a day without any call at all.
    pub(crate) gaps: Vec<Gap>,
    /// Worst readiness first, then most V1 calls.
    pub(crate) clients: Vec<ClientReport>,
    /// Every V1 operation that is used, worst readiness first, then most calls.
    pub(crate) operations: Vec<OperationReport>,
}

/// Totals over all clients.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Clients told apart.
    pub(crate) clients: u64,
    /// Clients that used V1.
    pub(crate) v1_clients: u64,
    /// Calls of the API, of either version or of both.
    pub(crate) calls: u64,
    /// Calls of V1.
    pub(crate) v1_calls: u64,
    /// Calls of V2.
    pub(crate) v2_calls: u64,
    /// Calls of V1 without a version in the path.
    pub(crate) versionless_calls: u64,
    /// V1 calls answered as only a server without V1 answers them.
    pub(crate) gone_calls: u64,
    /// Calls in the same logs that belong to no version of the API.
    pub(crate) other_calls: u64,
    /// Calls outside of the time asked for.
    pub(crate) outside_calls: u64,
    /// Distinct V1 operations.
    pub(crate) v1_operations: u64,
    /// First call.
    pub(crate) first_seen: Option<Moment>,
    /// Last call.
    pub(crate) last_seen: Option<Moment>,
    /// Last call of V1.
    pub(crate) last_v1: Option<Moment>,
    /// Clients that are ready.
    pub(crate) ready: u64,
    /// Clients that are covered.
    pub(crate) covered: u64,
    /// Clients that are at risk.
    pub(crate) at_risk: u64,
    /// Clients that are blocked.
    pub(crate) blocked: u64,
    /// What could do without V1 today, with nothing lost.
    pub(crate) could_switch: Shares,
}

/// How much of something could switch today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Shares {
    /// Of `clients`.
    pub(crate) clients: u64,
    /// Of `calls`.
    pub(crate) calls: u64,
    /// Of `v1_operations`.
    pub(crate) v1_operations: u64,
}

/// Something to do, and what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Lever {
    /// What to do.
    pub(crate) action: String,
    /// V1 calls that go away with it, or that something blocks until it is done.
    pub(crate) v1_calls: u64,
    /// Clients that are helped.
    pub(crate) clients: Vec<String>,
    /// Whether it removes V1 calls (`true`), or only what is in the way of that.
    pub(crate) removes_calls: bool,
}

/// Calls of one day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct DayReport {
    /// The day, in UTC.
    pub(crate) day: Day,
    /// V1 calls.
    pub(crate) v1: u64,
    /// V2 calls.
    pub(crate) v2: u64,
    /// Clients that used V1.
    pub(crate) v1_clients: u64,
}

/// A stretch without any call at all.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Gap {
    /// The end of the last hour with a call.
    pub(crate) from: Moment,
    /// The beginning of the next hour with a call.
    pub(crate) to: Moment,
    /// How long.
    pub(crate) hours: u64,
}

/// One client.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClientReport {
    /// One line; no other client has the same.
    pub(crate) name: String,
    /// What tells it apart.
    #[serde(flatten)]
    pub(crate) key: ClientKey,
    /// Some addresses it called from.
    pub(crate) addresses: Vec<String>,
    /// Whether there are more addresses.
    pub(crate) more_addresses: bool,
    /// The program it is, where it is a known one.
    pub(crate) known: Option<Known>,
    /// The worst of its operations.
    pub(crate) readiness: Readiness,
    /// Why it is not better.
    pub(crate) evidence: Vec<Evidence>,
    /// All its calls.
    pub(crate) calls: u64,
    /// V1 calls.
    pub(crate) v1_calls: u64,
    /// V2 calls.
    pub(crate) v2_calls: u64,
    /// Calls without a version that servers of both versions answer, such as `/health`.
    pub(crate) both_calls: u64,
    /// V1 calls without a version in the path.
    pub(crate) versionless_calls: u64,
    /// Calls to `/v1` paths that are no operation of V1: it answered 404.
    pub(crate) unknown_path_calls: u64,
    /// V1 calls answered as only a server without V1 answers them.
    pub(crate) gone_calls: u64,
    /// First call.
    pub(crate) first_seen: Option<Moment>,
    /// Last call.
    pub(crate) last_seen: Option<Moment>,
    /// Last V1 call.
    pub(crate) last_v1: Option<Moment>,
    /// First V2 call: it has begun to change.
    pub(crate) v2_since: Option<Moment>,
    /// Calls per day, without days that have none.
    pub(crate) days: Vec<DayReport>,
    /// V1 operations it uses, worst readiness first, then most calls.
    pub(crate) operations: Vec<OperationUse>,
    /// V2 calls it makes, and calls that both versions answer.
    pub(crate) v2_operations: Vec<V2Use>,
}

/// Why a client is not ready.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Evidence {
    /// The V1 operation.
    pub(crate) operation: String,
    /// What it makes of the client.
    pub(crate) readiness: Readiness,
    /// Why.
    pub(crate) reason: String,
    /// V1 calls that show it.
    pub(crate) calls: u64,
    /// The last of them.
    pub(crate) last_seen: Option<Moment>,
}

/// One V1 operation as used by one client.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OperationUse {
    /// V1 operation id.
    pub(crate) operation: String,
    /// `METHOD /v1/…` template.
    pub(crate) v1: Option<String>,
    /// `METHOD /v2/…` template to call instead; absent where V2 has no single call.
    pub(crate) instead: Option<String>,
    /// Where there is no single call: what to do instead, in words.
    pub(crate) advice: Option<String>,
    /// As it is used.
    pub(crate) readiness: Readiness,
    /// Why it is not better.
    pub(crate) reasons: Vec<String>,
    /// Calls.
    pub(crate) calls: u64,
    /// Calls without a version in the path.
    pub(crate) versionless_calls: u64,
    /// Calls answered with 400 to 499.
    pub(crate) client_errors: u64,
    /// Calls answered with 500 or more.
    pub(crate) server_errors: u64,
    /// Calls answered as only a server without V1 answers them.
    pub(crate) gone_calls: u64,
    /// First call.
    pub(crate) first_seen: Option<Moment>,
    /// Last call.
    pub(crate) last_seen: Option<Moment>,
    /// Certain: names that the client sent and that have another name, or none, in V2.
    pub(crate) sent: Vec<Sent>,
    /// Calls whose request body was seen; the fields in `sent` can only come from these.
    pub(crate) bodies_seen: u64,
}

/// A name that a client sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Sent {
    /// `parameter` or `field`.
    pub(crate) kind: String,
    /// V1 name.
    pub(crate) v1: String,
    /// V2 name; absent: V2 has none, or it is moved.
    pub(crate) v2: Option<String>,
    /// What else happens to it, or why V2 has none.
    pub(crate) note: Option<String>,
    /// Calls that sent it.
    pub(crate) calls: u64,
}

/// V2 calls of a client, or calls that both versions answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct V2Use {
    /// Method and path template where the source shows it, else the method.
    pub(crate) call: String,
    /// Calls.
    pub(crate) calls: u64,
    /// First call.
    pub(crate) first_seen: Option<Moment>,
    /// Last call.
    pub(crate) last_seen: Option<Moment>,
}

/// One V1 operation that anybody uses: what changes for its callers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OperationReport {
    /// V1 operation id.
    pub(crate) operation: String,
    /// What differs, for the author of a client.
    pub(crate) summary: String,
    /// `METHOD /v1/…` template.
    pub(crate) v1: Option<String>,
    /// `METHOD /v2/…` template; absent where V2 has no single call.
    pub(crate) v2: Option<String>,
    /// A ready command for the V2 call.
    pub(crate) curl: Option<String>,
    /// Where there is no single call: what to do instead, in words.
    pub(crate) advice: Option<String>,
    /// The worst of all clients.
    pub(crate) readiness: Readiness,
    /// Calls of all clients.
    pub(crate) calls: u64,
    /// Clients that use it.
    pub(crate) clients: u64,
    /// Last call.
    pub(crate) last_seen: Option<Moment>,
    /// Query parameters with another name, or none, in V2.
    pub(crate) parameters: Vec<Rename>,
    /// Possible: fields of bodies with another name, form, or none, in V2. That a body with them
    /// was delivered does not say that the client reads them.
    pub(crate) fields: Vec<Rename>,
}

/// A name that differs between V1 and V2.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Rename {
    /// The object it is in; absent for parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shape: Option<String>,
    /// V1 name; absent: only V2 has it.
    pub(crate) v1: Option<String>,
    /// V2 name; absent: only V1 has it.
    pub(crate) v2: Option<String>,
    /// What else happens to it, or why the other side has none.
    pub(crate) note: Option<String>,
}

impl Report {
    /// What is known of an operation.
    pub(crate) fn operation(&self, id: &str) -> Option<&OperationReport> {
        self.operations
            .iter()
            .find(|operation| operation.operation == id)
    }
}
