//! The names and labels of every metric.
//!
//! Operation ids are labels; paths and client names never are.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use utoipa::openapi::OpenApi;

use crate::admin::{self, SECONDS};
use crate::http::guard::operations;
use crate::store::Store;

/// The label of requests that no operation was found for, and of what is not in the document.
const UNKNOWN: &str = "unknown";

/// The metrics of one server.
pub(crate) struct Metrics {
    registry: Registry,
    /// Operation ids by path template, as the router has it, and method.
    operations: HashMap<String, Vec<(Method, String)>>,
    requests: IntCounterVec,
    seconds: HistogramVec,
    under_way: IntGauge,
    connections: IntGauge,
    job_runs: IntCounterVec,
    job_seconds: HistogramVec,
    analyses: IntGaugeVec,
    deliveries: IntCounterVec,
}

/// One that is there until this is dropped.
pub(crate) struct Present(IntGauge);

impl Present {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// All metrics, at zero, for the operations of a document.
    pub(crate) fn new(document: &OpenApi, store: &Store) -> prometheus::Result<Self> {
        let histogram = |name: &str, help: &str, label: &str| {
            let options = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
            HistogramVec::new(options, &[label])
        };
        let metrics = Self {
            registry: Registry::new(),
            operations: ids(document),
            requests: IntCounterVec::new(
                Opts::new(
                    "server_requests_total",
                    "Requests, by operation, method and class of status.",
                ),
                &["operation", "method", "status"],
            )?,
            seconds: histogram(
                "server_request_seconds",
                "Duration of requests, their answers included.",
                "operation",
            )?,
            under_way: IntGauge::new("server_requests_under_way", "Requests under way.")?,
            connections: IntGauge::new("server_connections", "Connections of clients.")?,
            job_runs: IntCounterVec::new(
                Opts::new("server_job_runs_total", "Runs of jobs, by job and outcome."),
                &["job", "outcome"],
            )?,
            job_seconds: histogram("server_job_seconds", "Duration of runs of jobs.", "job")?,
            analyses: IntGaugeVec::new(
                Opts::new(
                    "server_analyses",
                    "Analyses of images and sources: `running` on this server, `waiting` for any \
                     server of the database.",
                ),
                &["state"],
            )?,
            deliveries: IntCounterVec::new(
                Opts::new(
                    "server_deliveries_total",
                    "Attempts to deliver a notification, by type of endpoint and outcome.",
                ),
                &["endpoint", "outcome"],
            )?,
        };
        let build = IntGaugeVec::new(
            Opts::new("server_build_info", "Always 1; the labels tell what runs."),
            &["version"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.under_way.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.job_runs.clone()))?;
        registry.register(Box::new(metrics.job_seconds.clone()))?;
        registry.register(Box::new(metrics.analyses.clone()))?;
        registry.register(Box::new(metrics.deliveries.clone()))?;
        registry.register(Box::new(build))?;
        store.meter().register(registry)?;
        Ok(metrics)
    }

    /// The operation of a method on a path template.
    pub(crate) fn operation(&self, path: Option<&str>, method: &Method) -> &str {
        // Every GET answers HEAD too.
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        path.and_then(|path| self.operations.get(path))
            .and_then(|methods| methods.iter().find(|(known, _)| known == method))
            .map_or(UNKNOWN, |(_, id)| id)
    }

    /// Counts a request that is over, answered or not.
    pub(crate) fn count(
        &self,
        operation: &str,
        method: &Method,
        status: Option<StatusCode>,
        took: Duration,
    ) {
        let class = match status.map(|status| status.as_u16() / 100) {
            Some(1) => "1xx",
            Some(2) => "2xx",
            Some(3) => "3xx",
            Some(4) => "4xx",
            Some(_) => "5xx",
            None => "aborted",
        };
        self.requests
            .with_label_values(&[operation, word(method), class])
            .inc();
        self.seconds
            .with_label_values(&[operation])
            .observe(took.as_secs_f64());
    }

    /// One more request is under way.
    pub(crate) fn request(&self) -> Present {
        Present::new(&self.under_way)
    }

    /// One more client is connected.
    pub(crate) fn connection(&self) -> Present {
        Present::new(&self.connections)
    }

    /// One more analysis is running.
    pub(crate) fn analysis(&self) -> Present {
        Present::new(&self.analyses.with_label_values(&["running"]))
    }

    /// Counts one run of a job.
    pub(crate) fn job(&self, name: &str, began: Instant, is_good: bool) {
        let outcome = if is_good { "succeeded" } else { "failed" };
        self.job_runs.with_label_values(&[name, outcome]).inc();
        self.job_seconds
            .with_label_values(&[name])
            .observe(began.elapsed().as_secs_f64());
    }

    /// Counts one attempt to deliver a notification.
    pub(crate) fn delivery(&self, endpoint: &str, is_sent: bool, is_last: bool) {
        let outcome = match (is_sent, is_last) {
            (true, _) => "sent",
            (false, false) => "failed",
            (false, true) => "given_up",
        };
        self.deliveries
            .with_label_values(&[endpoint, outcome])
            .inc();
    }

    /// All of them in the text form of Prometheus. Without a number of waiting analyses, that line
    /// is left out.
    pub(crate) fn render(&self, waiting: Option<i64>) -> Vec<u8> {
        // It is there at zero too.
        self.analyses.with_label_values(&["running"]);
        match waiting {
            Some(waiting) => self.analyses.with_label_values(&["waiting"]).set(waiting),
            None => {
                // An error means that there was no such line.
                let _ = self.analyses.remove_label_values(&["waiting"]);
            }
        }
        admin::text_of(&self.registry.gather())
    }
}

/// The word of a method. Clients may make up others.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Operation ids by path template and method.
fn ids(document: &OpenApi) -> HashMap<String, Vec<(Method, String)>> {
    let mut ids: HashMap<String, Vec<(Method, String)>> = HashMap::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            if let Some(id) = &operation.operation_id {
                let methods = ids.entry(path.clone()).or_default();
                methods.push((method, id.clone()));
            }
        }
    }
    // Two of them are served without a version in front as well.
    for path in ["/health", "/version"] {
        if let Some(methods) = ids.get(&format!("/v2{path}")) {
            ids.insert(path.to_owned(), methods.clone());
        }
    }
    ids
}
