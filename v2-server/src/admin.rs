//! What an admin listener answers: metrics and probes, on an address of its own.

use http::{Method, StatusCode};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, TextEncoder};

/// Bounds of the buckets of durations, in seconds.
pub const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// The kind of its body.
    pub content_type: &'static str,
    /// Its body.
    pub body: Vec<u8>,
}

impl Page {
    fn text(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{text}\n").into_bytes(),
        }
    }

    /// `/metrics`, `/livez` and `/readyz`; the last is 503 with a reason not to send requests.
    pub fn answer(
        method: &Method,
        path: &str,
        not_ready: Option<&str>,
        metrics: impl FnOnce() -> Vec<u8>,
    ) -> Self {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Self::text(StatusCode::METHOD_NOT_ALLOWED, "GET only");
        }
        match (path, not_ready) {
            ("/metrics", _) => Self {
                status: StatusCode::OK,
                content_type: "text/plain; version=0.0.4",
                body: metrics(),
            },
            ("/livez", _) => Self::text(StatusCode::OK, "alive"),
            ("/readyz", Some(reason)) => Self::text(StatusCode::SERVICE_UNAVAILABLE, reason),
            ("/readyz", None) => Self::text(StatusCode::OK, "ready"),
            _ => Self::text(StatusCode::NOT_FOUND, "/metrics, /livez, /readyz"),
        }
    }
}

/// Metrics in the text form of Prometheus.
pub fn text_of(families: &[MetricFamily]) -> Vec<u8> {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(families, &mut text) {
        tracing::error!("failed to render the metrics: {error}");
    }
    text
}
