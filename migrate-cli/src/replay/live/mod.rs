//! Against a V2 service, live.
//!
//! ```text
//! recording ─▶ exchanges ─▶ senders ─▶ the proxy, inside ─plan─▶ V2 service
//!                  ▲           └─ recorded answer and new answer compared ─▶ verdict
//!                  └── one thread reads; so many requests are under way ─────────┘
//! ```
//!
//! Requests go through the same proxy that clients would use, started inside on a free loopback
//! port: look-ups, pages and compositions are its own, so the two cannot disagree.

mod credentials;
mod sender;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Method;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc};
use windlass_proxy::{Proxy, Timeouts, UpstreamUrl};
use windlass_transforms::Mappings;
use windlass_transforms::operation::Endpoint;
use windlass_transforms::plan::composed::PartPlan;
use windlass_transforms::plan::lookup::LookupPlan;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::step::StepContext;

use super::compare::written;
use super::plans::{Found, find};
use super::report::{Live as Report, Rows, Verdict};
use super::volatile::Ignored;
use crate::audit::classify::{Classifier, path_and_query};
use crate::audit::identity::Identity;
use crate::audit::tally::Called;
use crate::read::exchanges::Recorded;

pub(crate) use credentials::Credentials;
use sender::{Job, Outcome, Pace, Sender};

/// How requests are sent and answers compared.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The V2 service.
    pub(crate) url: String,
    /// PEM certificates to trust.
    pub(crate) ca: Option<PathBuf>,
    /// Requests under way at a time.
    pub(crate) threads: usize,
    /// Requests begun in a second; `None`: as many as come.
    pub(crate) rate: Option<f64>,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// Whether requests that change something are sent.
    pub(crate) writes: bool,
    pub(crate) show_values: bool,
    pub(crate) ignored: Ignored,
    pub(crate) credentials: Credentials,
}

/// Sends recorded requests again.
pub(crate) struct Live<'m> {
    mappings: &'m Mappings,
    classifier: Classifier<'m>,
    identity: Identity,
    /// Names of members that may be told: any other could be data.
    names: BTreeSet<String>,
    settings: Settings,
    runtime: Runtime,
    proxy: Proxy,
    jobs: mpsc::Sender<Job>,
    outcomes: Receiver<Outcome>,
    interrupted: Arc<AtomicBool>,
    writes_left_out: u64,
    answered: u64,
}

impl<'m> Live<'m> {
    /// Starts the proxy and the senders. `names` of members may be told.
    ///
    /// # Errors
    /// The URL is none, or nobody answers there.
    pub(crate) fn start(
        mappings: &'m Arc<Mappings>,
        names: BTreeSet<String>,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        if settings.url.contains('@') {
            bail!("the URL of `--against` has credentials; give them in the environment or a file");
        }
        let upstream = UpstreamUrl::parse(&settings.url)
            .map_err(|error| anyhow::anyhow!("`--against`: {error}"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("failed to start threads")?;
        let proxy = Proxy::builder(upstream, Arc::clone(mappings))
            .upstream_ca(settings.ca.clone())
            .listen("127.0.0.1:0")
            .threads(Some(2))
            .timeouts(Timeouts {
                upstream_read: settings.timeout,
                ..Timeouts::default()
            })
            .start()
            .context("failed to start the proxy inside")?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let flag = Arc::clone(&interrupted);
        runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
                // Every sender may have ended already.
                let _ = stop.send(true);
            }
            // Kept until then: senders take its end for a stop.
            stop.closed().await;
        });
        let sender = Sender::new(proxy.address(), &settings)?;
        if !runtime.block_on(sender.is_there()) {
            bail!("no V2 service answers at `{}`", settings.url);
        }
        let sender = Arc::new(sender);
        // Requests that change something depend on those before them.
        let threads = if settings.writes { 1 } else { settings.threads };
        let (jobs, queue) = mpsc::channel(threads);
        let queue = Arc::new(Mutex::new(queue));
        let pace = {
            let _within = runtime.enter();
            Arc::new(Pace::new(settings.rate))
        };
        let (report, outcomes) = channel();
        for _ in 0..threads {
            let (sender, queue, pace) =
                (Arc::clone(&sender), Arc::clone(&queue), Arc::clone(&pace));
            let (report, stopped) = (report.clone(), stopped.clone());
            runtime.spawn(sender::work(sender, queue, pace, report, stopped));
        }
        Ok(Self {
            mappings,
            classifier: Classifier::new(mappings),
            identity: Identity::default(),
            names,
            settings,
            runtime,
            proxy,
            jobs,
            outcomes,
            interrupted,
            writes_left_out: 0,
            answered: 0,
        })
    }

    /// How many requests were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answered
    }

    /// Sends one request again; waits while enough others are under way.
    pub(crate) fn exchange(&mut self, recorded: &Recorded<'_>, rows: &mut Rows) -> ControlFlow<()> {
        self.take(rows);
        if self.interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        let call = &recorded.call;
        let Called::V1(operation) = self.classifier.classify(call.method, call.target).called
        else {
            rows.other();
            return ControlFlow::Continue(());
        };
        let client = self.identity.client(call).0.display();
        let target = String::from_utf8_lossy(call.target);
        let found = find(self.mappings, call.method, &target);
        match self.before(found.as_ref(), recorded) {
            Before::Verdict(verdict, reason) => {
                rows.add(client, operation, verdict, vec![reason]);
                return ControlFlow::Continue(());
            }
            Before::Write => {
                self.writes_left_out += 1;
                return ControlFlow::Continue(());
            }
            Before::Send => {}
        }
        let (path, query) = path_and_query(&target);
        let text = |value: Option<&[u8]>| value.map(|v| String::from_utf8_lossy(v).into_owned());
        let authorization = self.settings.credentials.of(call.user);
        let job = Job {
            client,
            method: Method::from_bytes(call.method).unwrap_or(Method::GET),
            target: match query {
                Some(query) => format!("{path}?{query}"),
                None => path.to_owned(),
            },
            authorization: authorization.map(str::to_owned),
            account: text(call.account),
            content_type: text(recorded.content_type),
            accept: text(recorded.accept),
            body: call.body.map(<[u8]>::to_vec),
            status: call.status,
            answer: recorded.answer.map(<[u8]>::to_vec),
            // The V1 document is one of this version of Windlass.
            only_status: found.is_some_and(
                |found| matches!(&found.operation.kind, Kind::Answer(plan) if plan.document.is_some()),
            ),
            operation,
        };
        if self.jobs.blocking_send(job).is_err() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Waits for what is under way, and ends everything.
    pub(crate) fn finish(mut self, rows: &mut Rows) -> Report {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.jobs, closed));
        while let Ok(outcome) = self.outcomes.recv() {
            self.add(outcome, rows);
        }
        self.runtime.block_on(self.proxy.stop());
        self.runtime.shutdown_background();
        Report {
            against: self.settings.url,
            writes_left_out: self.writes_left_out,
            interrupted: self.interrupted.load(Ordering::Relaxed),
        }
    }

    fn take(&mut self, rows: &mut Rows) {
        while let Ok(outcome) = self.outcomes.try_recv() {
            self.add(outcome, rows);
        }
    }

    fn add(&mut self, outcome: Outcome, rows: &mut Rows) {
        self.answered += 1;
        let mut reasons = outcome.reasons;
        reasons.extend(outcome.differences.iter().map(|difference| {
            let knows =
                |name: &str| self.names.contains(name) || self.classifier.mask(name) == *name;
            let place = written(&difference.place, knows);
            format!("`{place}` {}", difference.how)
        }));
        rows.add(outcome.client, outcome.operation, outcome.verdict, reasons);
    }

    /// What is known before a request is sent.
    fn before(&self, found: Option<&Found<'_>>, recorded: &Recorded<'_>) -> Before {
        let Some(found) = found else {
            return Before::Verdict(Verdict::NotServed, "no such operation".to_owned());
        };
        let operation = &*found.operation;
        match &operation.kind {
            Kind::None { reason, .. } => {
                return Before::Verdict(Verdict::NotServed, reason.clone());
            }
            Kind::Unmapped => {
                let reason = "not mapped by this version of Windlass".to_owned();
                return Before::Verdict(Verdict::NotServed, reason);
            }
            Kind::Call(_) | Kind::Composed(_) | Kind::Answer(_) => {}
        }
        let is_read = matches!(recorded.call.method, b"GET" | b"HEAD") && reads_only(operation);
        if !is_read && !self.settings.writes {
            return Before::Write;
        }
        let was_served = recorded.call.status.is_some_and(|status| status < 400);
        let context = StepContext::of(&found.values, found.query);
        if was_served && operation.refusal(&context).is_some() {
            let reason = "a parameter has a value that is not allowed".to_owned();
            return Before::Verdict(Verdict::Refused, reason);
        }
        if recorded.lacks_body {
            let reason = "its body was not recorded, so it was not sent".to_owned();
            return Before::Verdict(Verdict::Unchecked, reason);
        }
        Before::Send
    }
}

enum Before {
    Send,
    /// It changes something.
    Write,
    /// There is no need to ask, or no way.
    Verdict(Verdict, String),
}

/// Whether none of the V2 calls of an operation changes anything.
fn reads_only(operation: &Operation) -> bool {
    let is_read = |endpoint: &Endpoint| matches!(endpoint.method, Method::GET | Method::HEAD);
    match &operation.kind {
        Kind::Call(plan) => {
            let lookups = plan.lookups().iter().map(LookupPlan::v2);
            lookups.chain([plan.v2()]).all(is_read)
        }
        Kind::Composed(plan) => plan.parts().iter().map(PartPlan::v2).all(is_read),
        Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => true,
    }
}
