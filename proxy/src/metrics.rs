//! The names and labels of every metric.
//!
//! Operation ids are labels; paths and client names never are.

use std::collections::HashMap;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use windlass_transforms::Mappings;
use windlass_transforms::exchange::Outcome;
use windlass_v2_server::admin::{self, SECONDS};

/// The label of V2 traffic.
const V2: &str = "v2";
/// The label of V1 requests that no operation was found for.
const UNKNOWN: &str = "unknown";

/// The metrics of one proxy.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    operations: HashMap<String, [IntCounter; 4]>,
    v2: [IntCounter; 4],
    unknown: [IntCounter; 4],
    passed_through: Histogram,
    rewritten: Histogram,
    request_bytes: IntCounter,
    response_bytes: IntCounter,
    under_way: IntGauge,
    records_dropped: IntGauge,
}

/// What one request adds.
pub(crate) struct Sample<'a> {
    /// V2 traffic, or the V1 operation, or neither when there is none.
    pub(crate) operation: Traffic<'a>,
    /// What the proxy did.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Body bytes received from the client.
    pub(crate) request_bytes: u64,
    /// Body bytes sent to the client.
    pub(crate) response_bytes: u64,
}

/// What a request was.
pub(crate) enum Traffic<'a> {
    /// V2.
    V2,
    /// A V1 operation, by its id.
    V1(&'a str),
    /// V1, but no operation.
    Unknown,
}

impl Metrics {
    /// All metrics, at zero.
    pub(crate) fn new(mappings: &Mappings) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "proxy_requests_total",
                "Requests, by V1 operation and outcome.",
            ),
            &["operation", "outcome"],
        )?;
        let seconds = |name: &str, help: &str| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()))
        };
        let counters = |operation: &str| {
            [
                Outcome::PassedThrough,
                Outcome::Rewritten,
                Outcome::Refused,
                Outcome::Failed,
            ]
            .map(|outcome| requests.with_label_values(&[operation, word(outcome)]))
        };
        let metrics = Self {
            operations: mappings
                .operations()
                .iter()
                .map(|operation| (operation.id.clone(), counters(&operation.id)))
                .collect(),
            v2: counters(V2),
            unknown: counters(UNKNOWN),
            passed_through: seconds(
                "proxy_passed_through_seconds",
                "Duration of passed-through requests.",
            )?,
            rewritten: seconds("proxy_rewritten_seconds", "Duration of rewritten requests.")?,
            request_bytes: IntCounter::new(
                "proxy_request_body_bytes_total",
                "Request body bytes received from clients.",
            )?,
            response_bytes: IntCounter::new(
                "proxy_response_body_bytes_total",
                "Response body bytes sent to clients.",
            )?,
            under_way: IntGauge::new("proxy_requests_under_way", "Requests under way.")?,
            records_dropped: IntGauge::new(
                "proxy_records_dropped",
                "Records that were not written since the start.",
            )?,
            registry,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(requests))?;
        registry.register(Box::new(metrics.passed_through.clone()))?;
        registry.register(Box::new(metrics.rewritten.clone()))?;
        registry.register(Box::new(metrics.request_bytes.clone()))?;
        registry.register(Box::new(metrics.response_bytes.clone()))?;
        registry.register(Box::new(metrics.under_way.clone()))?;
        registry.register(Box::new(metrics.records_dropped.clone()))?;
        Ok(metrics)
    }

    /// Counts one request.
    pub(crate) fn count(&self, sample: &Sample<'_>) {
        let counters = match sample.operation {
            Traffic::V2 => &self.v2,
            Traffic::V1(id) => self.operations.get(id).unwrap_or(&self.unknown),
            Traffic::Unknown => &self.unknown,
        };
        counters[sample.outcome as usize].inc();
        match sample.outcome {
            Outcome::PassedThrough => self.passed_through.observe(sample.seconds),
            Outcome::Rewritten => self.rewritten.observe(sample.seconds),
            Outcome::Refused | Outcome::Failed => {}
        }
        self.request_bytes.inc_by(sample.request_bytes);
        self.response_bytes.inc_by(sample.response_bytes);
    }

    /// All of them in the text form of Prometheus.
    pub(crate) fn render(&self, under_way: usize, records_dropped: u64) -> Vec<u8> {
        self.under_way
            .set(i64::try_from(under_way).unwrap_or(i64::MAX));
        self.records_dropped
            .set(i64::try_from(records_dropped).unwrap_or(i64::MAX));
        let mut families = self.registry.gather();
        // Most operations are never called: a line for each would hide the others.
        for family in &mut families {
            if family.get_name() == "proxy_requests_total" {
                let mut metrics = family.take_metric();
                metrics.retain(|metric| metric.get_counter().get_value() > 0.0);
                family.set_metric(metrics);
            }
        }
        families.retain(|family| !family.get_metric().is_empty());
        admin::text_of(&families)
    }
}

/// The word for an outcome, as in records.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::PassedThrough => "passed_through",
        Outcome::Rewritten => "rewritten",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_operations_that_were_called_have_a_line() {
        let metrics = Metrics::new(&Mappings::default()).unwrap();
        metrics.count(&Sample {
            operation: Traffic::V2,
            outcome: Outcome::PassedThrough,
            seconds: 0.002,
            request_bytes: 0,
            response_bytes: 17,
        });
        let text = String::from_utf8(metrics.render(3, 1)).unwrap();
        let requests: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("proxy_requests_total"))
            .collect();
        assert_eq!(
            requests,
            ["proxy_requests_total{operation=\"v2\",outcome=\"passed_through\"} 1"]
        );
        for line in [
            "proxy_response_body_bytes_total 17",
            "proxy_requests_under_way 3",
            "proxy_records_dropped 1",
            "proxy_passed_through_seconds_count 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
    }
}
