//! `windlass replay`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Say what recorded V1 exchanges would get, without any server
///
/// Of each exchange the V2 call is made up and its body rewritten, as the proxy would do. The
/// recorded answer is taken back to the V2 answer that it would have been made from, and rewritten
/// to V1 again: what does not come back as it was, clients would miss. Answers of errors and bodies
/// that are not JSON are not compared.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass replay --har session.har
  windlass replay --har a.har --har b.har --fail --format json"
)]
pub(crate) struct Replay {
    /// An HTTP Archive with bodies; zipped or not. Can be given several times
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) har: Vec<PathBuf>,

    /// How the result looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Exit with 1 when something would not be served right
    #[arg(long)]
    pub(crate) fail: bool,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
}
