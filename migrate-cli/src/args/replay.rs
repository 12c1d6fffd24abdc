//! `windlass replay`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Say what recorded V1 exchanges would get, without any server
///
/// Reads exchanges with bodies: HTTP Archives and flow dumps of mitmproxy. Records of windlass-proxy
/// and access logs hold no bodies and cannot be replayed.
///
/// Of each exchange the V2 call is made up and its body rewritten, as the proxy would do; path, query
/// and body are held against the V2 document. The recorded answer is taken back to the V2 answer that
/// it would have been made from, and rewritten to V1 again: what does not come back as it was, clients
/// would miss, and what comes back must fit the V1 document. Verdicts, the worst last:
///   right         all comes through
///   not compared  the request does; the answer is an error, no JSON, or cannot be told
///   differs       something in the request or the answer is lost or changed
///   misfit        the V2 request or the V1 answer does not fit its document
///   refused       the proxy would refuse the request
///   not served    V2 has no such operation, or it is not mapped
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass replay session.har
  windlass replay --fail --format json recordings/*.flows.gz
  windlass replay --v2 openapi.json session.har"
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
}
