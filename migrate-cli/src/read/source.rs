//! What one source held, and what its kind cannot show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many unreadable lines are reported with their reason.
pub(crate) const REPORTED_LINES: usize = 5;

/// A kind of source.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Records of windlass-proxy
    Records,
    /// nginx or Apache, common or combined
    Combined,
    /// Any `--log-format`
    LogFormat,
    /// Caddy, JSON
    Caddy,
    /// Traefik, JSON
    Traefik,
    /// AWS Application Load Balancer
    Alb,
    /// Envoy, its default text or Istio's JSON
    Envoy,
    /// HAProxy, option httplog
    Haproxy,
    /// HTTP Archive of a browser
    Har,
    /// Flow dump of mitmproxy
    Mitmproxy,
    /// `curl` command lines
    Curl,
    /// JSON lines by `--field`
    Fields,
    /// Text by `--regex`
    Regex,
    /// Counts of `--format partial`
    Partial,
    /// An empty file
    #[value(skip)]
    Empty,
}

/// What one source held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// File name as given; `-` is standard input.
    pub(crate) name: String,
    /// How it was read.
    pub(crate) kind: Kind,
    /// Lines or entries read, blank ones left out.
    pub(crate) lines: u64,
    /// Calls counted.
    pub(crate) calls: u64,
    /// Lines or entries that could not be read.
    pub(crate) unreadable: u64,
    /// The first of them.
    pub(crate) first_unreadable: Vec<UnreadableLine>,
    /// Why it ends before its end, such as a truncated gzip file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cut_short: Option<String>,
}

/// A line or entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnreadableLine {
    /// Counted from 1.
    pub(crate) line: u64,
    /// What was expected. Never what was found: that could be anything.
    pub(crate) reason: String,
}

impl Kind {
    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Records => "records of windlass-proxy",
            Self::Combined => "common or combined access log",
            Self::LogFormat => "access log by `--log-format`",
            Self::Caddy => "Caddy access log",
            Self::Traefik => "Traefik access log",
            Self::Alb => "AWS ALB access log",
            Self::Envoy => "Envoy access log",
            Self::Haproxy => "HAProxy access log",
            Self::Har => "HTTP Archive",
            Self::Mitmproxy => "mitmproxy flows",
            Self::Curl => "curl commands",
            Self::Fields => "JSON lines by `--field`",
            Self::Regex => "text by `--regex`",
            Self::Partial => "partial counts",
            Self::Empty => "empty file",
        }
    }

    /// What it cannot show, each as a sentence part after "does not show".
    pub(crate) fn blind_spots(self) -> &'static [&'static str] {
        const BODIES: &str = "request bodies, so V1 body fields that were sent are unknown";
        const ACCOUNT: &str = "the account that was acted for";
        match self {
            Self::Records => &[
                "values, answers, or the paths of V2 calls",
                "the user of tokens",
            ],
            Self::Combined | Self::LogFormat | Self::Fields | Self::Regex => &[BODIES, ACCOUNT],
            Self::Caddy => &[BODIES],
            Self::Traefik => &[
                BODIES,
                ACCOUNT,
                "user agents, unless Traefik was told to keep that header",
            ],
            Self::Alb | Self::Envoy => &[BODIES, ACCOUNT, "users"],
            Self::Haproxy => &[
                BODIES,
                ACCOUNT,
                "users and user agents",
                "the time zone of its times, which count as UTC",
            ],
            Self::Har => &["the address of the client"],
            Self::Curl => &["when or how often a command ran", "whether it succeeded"],
            Self::Mitmproxy | Self::Partial | Self::Empty => &[],
        }
    }
}

impl Source {
    /// A source of which nothing was read yet.
    pub(crate) fn new(name: String, kind: Kind) -> Self {
        Self {
            name,
            kind,
            lines: 0,
            calls: 0,
            unreadable: 0,
            first_unreadable: Vec::new(),
            cut_short: None,
        }
    }

    /// Counts an unreadable line.
    pub(crate) fn unreadable(&mut self, line: u64, reason: &str) {
        self.unreadable += 1;
        if self.first_unreadable.len() < REPORTED_LINES {
            self.first_unreadable.push(UnreadableLine {
                line,
                reason: reason.to_owned(),
            });
        }
    }
}
