//! The state of one request, from its first phase to its record.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use windlass_transforms::exchange::{Generation, Outcome};
use windlass_transforms::plan::operation::Operation;

use crate::calling::Calling;
use crate::drain::InFlight;

/// The state of one request.
#[derive(Debug)]
pub(crate) struct Context {
    /// When the request arrived.
    pub(crate) time: SystemTime,
    /// The same, for durations.
    pub(crate) started: Instant,
    /// Which generation the client speaks.
    pub(crate) generation: Generation,
    /// Whether the path carried no version.
    pub(crate) versionless: bool,
    /// The V1 operation, once it is known.
    pub(crate) operation: Option<Arc<Operation>>,
    /// V1 names of parameters that were sent and have another name, or none, in V2.
    pub(crate) v1_parameters: Vec<String>,
    /// The same for members of the request body.
    pub(crate) v1_fields: Vec<String>,
    /// Bytes of the request body read so far.
    pub(crate) request_bytes: u64,
    /// Which V2 call was begun last, or has failed.
    pub(crate) calling: Calling,
    /// How many V2 calls were made.
    pub(crate) upstream_calls: usize,
    /// The V2 call that failed, in words.
    pub(crate) failed_call: Option<String>,
    /// Status of the upstream's answer.
    pub(crate) upstream_status: Option<u16>,
    /// What the proxy did.
    pub(crate) outcome: Outcome,
    /// Why, when it refused or failed.
    pub(crate) reason: Option<&'static str>,
    /// Counts this request among those that a stop waits for.
    _in_flight: InFlight,
}

impl Context {
    /// A request that has just arrived.
    pub(crate) fn new(in_flight: InFlight) -> Self {
        Self {
            time: SystemTime::now(),
            started: Instant::now(),
            generation: Generation::V2,
            versionless: false,
            operation: None,
            v1_parameters: Vec::new(),
            v1_fields: Vec::new(),
            request_bytes: 0,
            calling: Calling::Nothing,
            upstream_calls: 0,
            failed_call: None,
            upstream_status: None,
            outcome: Outcome::PassedThrough,
            reason: None,
            _in_flight: in_flight,
        }
    }

    /// Notes that a V2 call is made.
    pub(crate) fn begin(&mut self, calling: Calling) {
        self.calling = calling;
        self.upstream_calls += 1;
    }
}
