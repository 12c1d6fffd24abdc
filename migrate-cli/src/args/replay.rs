//! `windlass replay`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Say what recorded V1 exchanges would get, without any server or against a V2 service
///
/// Reads exchanges with bodies: HTTP Archives and flow dumps of mitmproxy. Records of windlass-proxy
/// and access logs hold no bodies and cannot be replayed.
///
/// Of each exchange the V2 call is made up and its body rewritten, as the proxy would do; path, query
/// and body are held against the V2 document. The recorded answer is taken back to the V2 answer that
/// it would have been made from, and rewritten to V1 again: what does not come back as it was, clients
/// would miss, and what comes back must fit the V1 document. Verdicts, the worst last:
///   right         all comes through
///   not compared  the answer is an error, is no JSON, or cannot be told; or V1 refused as V2 will
///   differs       something in the request or the answer is lost or changed
///   misfit        the V2 request or the V1 answer does not fit its document
///   refused       the proxy would refuse the request
///   not served    V2 has no such operation, or it is not mapped
///
/// With `--against`, the recorded V1 requests are sent again, through the proxy that windlass-proxy
/// runs, to a V2 service. Only `GET` and `HEAD` are sent, and only where they change nothing in V2.
/// Status and body are compared with what was recorded; times, generated ids, counters and
/// durations need only be of their form. Verdicts are `same`, `not compared`, `differs`, `refused`,
/// `not served` and `unreachable`. Ctrl-C ends with the report so far.
///
/// Credentials come from WINDLASS_REPLAY_USER and WINDLASS_REPLAY_PASSWORD, from
/// WINDLASS_REPLAY_TOKEN, or from a file; those in the recording are never sent.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass replay session.har
  windlass replay --fail --format json recordings/*.flows.gz
  windlass replay --v2 openapi.json session.har
  windlass replay --against https://anchore.example.com --credentials me.toml --rate 5 v1.flows"
)]
pub(crate) struct Replay {
    /// Files, folders or patterns such as `flows/*.gz`; `-` is standard input. Gzip and zstd are
    /// taken off, and both formats are recognised by their content
    #[arg(value_name = "INPUT", required_unless_present = "har")]
    pub(crate) paths: Vec<PathBuf>,

    /// The same as naming the file alone. Can be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) har: Vec<PathBuf>,

    /// How the result looks; `windlass schema replay` prints the JSON Schema
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Exit with 1 when something would not be served right
    #[arg(long)]
    pub(crate) fail: bool,

    /// Treat an entry that cannot be read as an error (exit code 2) instead of counting it
    #[arg(long)]
    pub(crate) strict: bool,

    /// The V2 document that requests must fit (YAML or JSON), in place of the one that is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) v2: Option<PathBuf>,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) against: Against,
}

/// How requests are sent to a V2 service.
#[derive(Debug, Args)]
#[command(next_help_heading = "Against a V2 service")]
pub(crate) struct Against {
    /// Send the recorded requests to the V2 service at this URL (`https://HOST:PORT`)
    #[arg(long = "against", id = "against", value_name = "URL")]
    pub(crate) url: Option<String>,

    /// TOML file with `user` and `password`, or `token`; below `[users]`, passwords of recorded users who
    /// are sent as themselves
    #[arg(long, value_name = "FILE", requires = "against")]
    pub(crate) credentials: Option<PathBuf>,

    /// WARNING: send requests that change something too. They are sent for real: they add, change and
    /// delete on that service what they did when they were recorded, in that order, one at a time
    #[arg(long, requires = "against")]
    pub(crate) writes: bool,

    /// Leave out what this JSONPath finds in answers, besides what is volatile. Can be given several
    /// times
    #[arg(long, value_name = "JSONPATH", requires = "against")]
    pub(crate) ignore: Vec<String>,

    /// Show the values that differ, not their names alone
    #[arg(long, requires = "against")]
    pub(crate) show_values: bool,

    /// Requests under way at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,

    /// Requests begun in a second, at most
    #[arg(long, value_name = "NUMBER", requires = "against", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// Seconds that an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,

    /// PEM certificates to trust, for https, instead of those of the system
    #[arg(long, value_name = "FILE", requires = "against")]
    pub(crate) ca: Option<PathBuf>,
}

/// A number above 0.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .parse()
        .ok()
        .filter(|rate| (0.001..=10_000.0).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.001 to 10000".to_owned())
}
