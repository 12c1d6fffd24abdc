//! `windlass explain`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Explain one V1 operation or one diagnostic code.
///
/// For an operation: the V2 call, each renamed parameter and field, what is held while an
/// answer streams by and why, declared losses, and a ready `curl`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  windlass explain get_image
  windlass explain \"GET /v1/images/sha256:aa/check\"
  windlass explain M203")]
pub(crate) struct Explain {
    /// A V1 operation id, "METHOD /path" (a template or a real path, with or without /v1), or a code such as M203
    #[arg(value_name = "OPERATION|\"METHOD PATH\"|CODE")]
    pub(crate) subject: String,

    /// How the explanation looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
}
