//! `windlass audit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;
use crate::audit::readiness::Readiness;

/// Report per client which V1 operations it used and what to call instead.
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
  windlass audit --format json records-*.jsonl > audit.json
  windlass audit --fail-on blocked windlass-data/records.jsonl && echo 'nobody is blocked'
  tail -n 10000 records.jsonl | windlass audit -"
)]
pub(crate) struct Audit {
    /// Record files of windlass-proxy (JSON lines); `-` reads standard input
    #[arg(required = true, value_name = "RECORDS")]
    pub(crate) records: Vec<PathBuf>,

    /// How the report looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Exit with 1 when a client is at this readiness or worse
    #[arg(long, value_enum, value_name = "READINESS")]
    pub(crate) fail_on: Option<FailOn>,

    /// Treat a line that is no record as an error (exit code 2) instead of counting it
    #[arg(long)]
    pub(crate) strict: bool,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
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
    /// The mildest readiness that fails.
    pub(crate) fn threshold(self) -> Readiness {
        match self {
            Self::Blocked => Readiness::Blocked,
            Self::AtRisk => Readiness::AtRisk,
            // `covered` is the mildest form of V1 use.
            Self::Covered | Self::AnyV1 => Readiness::Covered,
        }
    }
}
