//! `windlass scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::scan::Confidence;

/// Find V1 calls in scripts and code, with what replaces them
///
/// Looks for paths of V1 operations, V1 field names that stand together, and commands of V1
/// clients. Files that .gitignore leaves out are left out, and so are binary ones and logs. Lines are
/// never quoted: they could hold a credential.
///
///   high     the file speaks of Anchore, or the command can be nothing else
///   medium   a path that only this API has, or several names of it together
///   low      a path that other APIs have as well
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass scan .
  windlass scan --format sarif . > windlass.sarif
  windlass scan --fail --confidence high scripts/ ci/"
)]
pub(crate) struct Scan {
    /// Folders or files
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// How findings look
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(crate) format: ScanFormat,

    /// Leave out findings that are less sure
    #[arg(long, value_enum, default_value_t = Confidence::Medium)]
    pub(crate) confidence: Confidence,

    /// Exit with 1 when there is a finding
    #[arg(long)]
    pub(crate) fail: bool,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
}

/// How findings look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanFormat {
    /// For people
    Text,
    /// For scripts; carries a format version
    Json,
    /// For code-scanning pages (SARIF 2.1.0)
    Sarif,
}
