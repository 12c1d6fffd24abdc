//! What all requests share.

use std::sync::Arc;

use windlass_mappings::document::Documents;
use windlass_transforms::Mappings;

use crate::drain::Gate;
use crate::limits::{Limits, Timeouts};
use crate::lookups::Lookups;
use crate::metrics::Metrics;
use crate::record::Recorder;
use crate::routing::Versionless;
use crate::upstream::Upstream;

/// What all requests of one proxy share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) mappings: Arc<Mappings>,
    /// The V1 documents, where the proxy was given any.
    pub(crate) documents: Option<Arc<Documents>>,
    pub(crate) versionless: Versionless,
    /// Whether rewritten answers are compressed for clients that take gzip.
    pub(crate) gzip: bool,
    /// How many V2 calls of one request are under way at a time.
    pub(crate) parallel_calls: usize,
    pub(crate) lookups: Lookups,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) recorder: Recorder,
    pub(crate) metrics: Metrics,
    pub(crate) gate: Gate,
}
