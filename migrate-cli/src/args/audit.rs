//! `windlass audit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::inputs::Inputs;
use crate::audit::readiness::Readiness;

/// Report per client which V1 operations it used and what to call instead
///
/// Reads the proxy's records, access logs (nginx, Apache, Caddy, Traefik, ALB, Envoy, HAProxy, or any
/// format you describe), HAR files, mitmproxy flows and curl commands, mixed as they come.
///
/// Readiness says what would happen to a client without V1:
///   ready     it already speaks V2
///   covered   the proxy rewrites all it uses; it must change before V1 ends
///   at-risk   as covered, but a rewrite it relies on has a declared loss
///   blocked   it uses something that V2 lacks, or that is not mapped
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass audit windlass-data/records.jsonl
  windlass audit /var/log/nginx/access.log*
  windlass audit --format html --client 'admin via curl/8.1' logs/ > page.html
  windlass audit --log-format '$remote_addr [$time_local] \"$request\" $status' access.log
  windlass audit --field client=$.user.name --field path=$.url --field time=$.ts app.jsonl
  windlass audit --fail-on blocked windlass-data/records.jsonl && echo 'nobody is blocked'
  windlass audit --format partial host1.log > a.json; windlass audit --partial a.json b.json --merge"
)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// How the report looks
    #[arg(long, value_enum, default_value_t = AuditFormat::Table)]
    pub(crate) format: AuditFormat,

    /// Only this client: its name as reports show it, or a part of it that fits one client alone
    #[arg(long, value_name = "NAME")]
    pub(crate) client: Option<String>,

    /// Exit with 1 when a client is at this readiness or worse
    #[arg(long, value_enum, value_name = "READINESS")]
    pub(crate) fail_on: Option<FailOn>,

    /// Show and judge only what is new since this report (of `--format json`)
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Partial counts to merge, written with `--format partial`; the same as naming them as inputs
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) partial: Vec<PathBuf>,

    /// Every input must be partial counts
    #[arg(long)]
    pub(crate) merge: bool,
}

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// For a terminal
    #[value(alias = "text")]
    Table,
    /// For scripts; `windlass schema audit` prints its JSON Schema
    Json,
    /// For tickets and wikis
    Markdown,
    /// One line per client and operation, for spreadsheets
    Csv,
    /// One page that needs no network: to mail, or to show
    Html,
    /// For code-scanning pages (SARIF 2.1.0)
    Sarif,
    /// For CI servers: one test per client
    Junit,
    /// Counts, to be merged with others into one report
    Partial,
}

/// What makes `audit` exit with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A client is blocked
    Blocked,
    /// A client is at risk or blocked
    AtRisk,
    /// A client is covered, at risk or blocked
    Covered,
    /// A client used V1 in any way
    AnyV1,
}

impl FailOn {
    /// Whether a client of this readiness fails.
    pub(crate) fn fails(self, readiness: Readiness) -> bool {
        match self {
            Self::Blocked => readiness >= Readiness::Blocked,
            Self::AtRisk => readiness >= Readiness::AtRisk,
            // `covered` is the mildest form of V1 use.
            Self::Covered | Self::AnyV1 => readiness >= Readiness::Covered,
        }
    }
}
