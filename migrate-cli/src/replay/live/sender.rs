//! Sends requests to the proxy inside, and judges the answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender as Report;
use std::time::Duration;

use anyhow::Context as _;
use http::{Method, header};
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Settings;
use crate::replay::compare::{Comparing, Difference};
use crate::replay::report::Verdict;
use crate::replay::volatile::Ignored;

/// The largest answer that is compared.
const MAX_ANSWER: usize = 64 << 20;

/// What the proxy says when it did not get an answer to rewrite.
const NO_ANSWER: [&str; 5] = [
    "the upstream cannot be reached",
    "no TLS connection to the upstream",
    "the upstream did not",
    "the upstream closed the connection",
    "the answer of the upstream is not proper HTTP",
];

/// A request to be sent again, and what it was answered.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) client: String,
    pub(super) operation: String,
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) authorization: Option<String>,
    pub(super) account: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) status: Option<u16>,
    pub(super) answer: Option<Vec<u8>>,
    pub(super) only_status: bool,
}

/// What became of one.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) client: String,
    pub(super) operation: String,
    pub(super) verdict: Verdict,
    /// Free of what came from outside.
    pub(super) reasons: Vec<String>,
    pub(super) differences: Vec<Difference>,
}

/// How many requests may begin in a second.
pub(super) struct Pace(Option<Mutex<tokio::time::Interval>>);

impl Pace {
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self(rate.map(|rate| {
            let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(ticks)
        }))
    }

    async fn wait(&self) {
        if let Some(ticks) = &self.0 {
            ticks.lock().await.tick().await;
        }
    }
}

/// Sends jobs until there are no more, or all is stopped.
pub(super) async fn work(
    sender: Arc<Sender>,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    pace: Arc<Pace>,
    report: Report<Outcome>,
    mut stopped: watch::Receiver<bool>,
) {
    let all = async {
        loop {
            // Held while waiting: whoever has it takes the next job.
            let job = queue.lock().await.recv().await;
            let Some(job) = job else { return };
            pace.wait().await;
            if report.send(sender.judge(job).await).is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = all => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// An HTTP client of the proxy inside.
pub(super) struct Sender {
    base: String,
    http: reqwest::Client,
    timeout: Duration,
    ignored: Ignored,
    show_values: bool,
}

impl Sender {
    pub(super) fn new(proxy: SocketAddr, settings: &Settings) -> anyhow::Result<Self> {
        // The client wants a provider although it speaks to this machine alone. An error means
        // that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            base: format!("http://{proxy}"),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .user_agent(concat!("windlass-replay/", env!("CARGO_PKG_VERSION")))
                .build()
                .context("failed to set up HTTP")?,
            timeout: settings.timeout,
            ignored: settings.ignored.clone(),
            show_values: settings.show_values,
        })
    }

    /// Whether anybody answers at all.
    pub(super) async fn is_there(&self) -> bool {
        let request = self.http.get(format!("{}/v2/version", self.base));
        let answer = request.timeout(self.timeout).send().await;
        answer.is_ok_and(|answer| !matches!(answer.status().as_u16(), 502 | 504))
    }

    async fn judge(&self, job: Job) -> Outcome {
        let mut reasons = Vec::new();
        let mut differences = Vec::new();
        let verdict = match self.send(&job).await {
            Ok((status, body)) => self.compare(&job, status, &body, &mut reasons, &mut differences),
            Err(NoAnswer::Unreachable(reason)) => {
                reasons.push(reason);
                Verdict::Unreachable
            }
            Err(NoAnswer::TooLarge) => {
                reasons.push("the answer is larger than 64 MiB".to_owned());
                Verdict::Unchecked
            }
        };
        Outcome {
            client: job.client,
            operation: job.operation,
            verdict,
            reasons,
            differences,
        }
    }

    async fn send(&self, job: &Job) -> Result<(u16, Vec<u8>), NoAnswer> {
        let url = format!("{}{}", self.base, job.target);
        let mut request = self.http.request(job.method.clone(), url);
        // Nothing else of a recorded header is sent: cookies and credentials are in there.
        for (name, value) in [
            (header::AUTHORIZATION.as_str(), &job.authorization),
            ("x-anchore-account", &job.account),
            (header::CONTENT_TYPE.as_str(), &job.content_type),
            (header::ACCEPT.as_str(), &job.accept),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        if let Some(body) = &job.body {
            request = request.body(body.clone());
        }
        let failed = |error: reqwest::Error| {
            NoAnswer::Unreachable(if error.is_timeout() {
                format!("no answer within {} s", self.timeout.as_secs_f64())
            } else {
                // Never the error itself: it names the URL.
                "the request could not be sent, or its answer broke off".to_owned()
            })
        };
        let mut answer = request.timeout(self.timeout).send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(NoAnswer::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        let is_recorded = job.status == Some(status);
        if matches!(status, 502 | 504) && !is_recorded {
            let said = serde_json::from_slice::<Value>(&body).unwrap_or_default();
            let message = said["message"].as_str().unwrap_or_default();
            if NO_ANSWER.iter().any(|start| message.starts_with(start)) {
                let reason = format!("V2 gave no answer (status {status})");
                return Err(NoAnswer::Unreachable(reason));
            }
        }
        Ok((status, body))
    }

    fn compare(
        &self,
        job: &Job,
        status: u16,
        body: &[u8],
        reasons: &mut Vec<String>,
        differences: &mut Vec<Difference>,
    ) -> Verdict {
        let Some(recorded) = job.status else {
            reasons.push("no answer was recorded".to_owned());
            return Verdict::Unchecked;
        };
        if recorded != status {
            let hint = match status {
                401 => ": V2 does not take the credentials",
                _ => "",
            };
            reasons.push(format!("status {status}, was {recorded}{hint}"));
            return Verdict::Differs;
        }
        if job.only_status || job.method == Method::HEAD {
            return Verdict::Same;
        }
        let Some(answer) = &job.answer else {
            if body.is_empty() {
                return Verdict::Same;
            }
            reasons.push("the recording lacks the body of the answer".to_owned());
            return Verdict::Unchecked;
        };
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        let (Some(mut then), Some(mut now)) = (json(answer), json(body)) else {
            if answer == body {
                return Verdict::Same;
            }
            reasons.push("the body, which is not JSON, is another".to_owned());
            return Verdict::Differs;
        };
        self.ignored.take_out(&mut then);
        self.ignored.take_out(&mut now);
        let comparing = Comparing {
            operation: &job.operation,
            is_error: status >= 400,
            show_values: self.show_values,
        };
        differences.extend(comparing.differences(&then, &now));
        if differences.is_empty() {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
}

/// Why there is nothing to compare.
enum NoAnswer {
    Unreachable(String),
    TooLarge,
}
