//! What is read, and how: the same for every command that reads traffic.

use std::path::PathBuf;

use clap::Args;

use crate::audit::identity::Part;
use crate::audit::moment::Moment;
use crate::read::source::Kind;

/// Where traffic comes from.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// Files, folders or patterns such as `logs/*.gz`; `-` is standard input. Gzip and zstd are
    /// taken off, and each format is recognised by its content
    #[arg(value_name = "INPUT")]
    pub(crate) paths: Vec<PathBuf>,

    /// Read every input as this format instead of recognising it
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = false)]
    pub(crate) input_format: Option<Kind>,

    /// The `log_format` of nginx or `LogFormat` of Apache that wrote the logs
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,

    /// For JSON lines: where a part of a call stands, as JSONPath. Parts: client, account, agent,
    /// address, time, method, path, query, request, status, body
    #[arg(long = "field", value_name = "PART=JSONPATH")]
    pub(crate) fields: Vec<String>,

    /// For text: a regular expression with groups named as those parts
    #[arg(long, value_name = "REGEX")]
    pub(crate) regex: Option<String>,

    /// No calls before this time (2026-11-20, or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Moment>,

    /// Only calls before this time (2026-11-20 is its beginning, or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Moment>,

    /// What tells clients apart
    #[arg(
        long,
        value_enum,
        value_name = "PARTS",
        value_delimiter = ',',
        default_value = "user,account,agent"
    )]
    pub(crate) identify_by: Vec<Part>,

    /// TOML file with rules that merge clients: `[[client]]` with `name` and any of `user`,
    /// `account`, `user_agent`, `address`, in which `*` stands for any text
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: Option<PathBuf>,

    /// Treat a line that cannot be read as an error (exit code 2) instead of counting it
    #[arg(long)]
    pub(crate) strict: bool,

    /// Threads that count lines; by default as many as there are cores
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<usize>,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
}

/// A time, or the beginning of a day.
fn time(text: &str) -> Result<Moment, String> {
    let whole = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    Moment::parse_rfc3339(whole.as_bytes()).ok_or_else(|| {
        "expected a day such as 2026-11-20, or a time such as 2026-11-20T10:00:00Z".to_owned()
    })
}
