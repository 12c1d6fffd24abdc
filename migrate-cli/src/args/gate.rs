//! `windlass gate`.

use std::path::PathBuf;

use clap::Args;

use super::Format;
use super::inputs::Inputs;

/// Say whether V1 can be switched off: nobody used it for so many days
///
/// Exit code 0 only when the sources cover all of these days without a gap, and no client that is
/// not waived used V1 in them; 1 otherwise. The evidence states what was covered and what was not.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass gate --quiet-days 30 --evidence evidence.json /var/log/nginx/access.log*
  windlass gate --quiet-days 14 --waive 'admin via curl/8.1' windlass-data/records.jsonl"
)]
pub(crate) struct Gate {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// How many days must be free of V1, up to `--until` or the last call in the sources
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) quiet_days: u32,

    /// A client that may go on: its name as reports show it. Can be given several times
    #[arg(long, value_name = "CLIENT")]
    pub(crate) waive: Vec<String>,

    /// Pass although there is a stretch of a day or more without any call at all
    #[arg(long)]
    pub(crate) allow_gaps: bool,

    /// Pass although lines could not be read
    #[arg(long)]
    pub(crate) allow_unreadable: bool,

    /// Write the evidence to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,

    /// How the result looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
