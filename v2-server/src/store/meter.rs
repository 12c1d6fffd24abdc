//! How much the database is asked, and how long that takes.

use std::time::Instant;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, Registry};

use crate::admin::SECONDS;

/// Counts transactions. Clones share the counts.
#[derive(Clone)]
pub(crate) struct Meter {
    seconds: HistogramVec,
    reads: Histogram,
    writes: Histogram,
    repeats: IntCounter,
}

impl Meter {
    pub(super) fn new() -> Self {
        let options = HistogramOpts::new(
            "server_database_seconds",
            "Duration of transactions, the wait for a connection included.",
        );
        let seconds = HistogramVec::new(options.buckets(SECONDS.to_vec()), &["access"])
            .expect("the name and the buckets are well made");
        let repeats = IntCounter::new(
            "server_database_repeats_total",
            "Transactions that met others and were run again.",
        );
        Self {
            reads: seconds.with_label_values(&["read"]),
            writes: seconds.with_label_values(&["write"]),
            seconds,
            repeats: repeats.expect("the name is well made"),
        }
    }

    /// Counts a transaction that only reads.
    pub(super) fn read(&self, began: Instant) {
        self.reads.observe(began.elapsed().as_secs_f64());
    }

    /// Counts a transaction that writes.
    pub(super) fn write(&self, began: Instant) {
        self.writes.observe(began.elapsed().as_secs_f64());
    }

    /// What counts the transactions that are run again.
    pub(super) fn repeats(&self) -> &IntCounter {
        &self.repeats
    }

    /// Shows the counts in a registry.
    pub(crate) fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.seconds.clone()))?;
        registry.register(Box::new(self.repeats.clone()))
    }
}
