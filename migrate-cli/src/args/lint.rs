//! `windlass lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Documents, Format};

/// Hold the mappings against the documents of both APIs.
///
/// Every name exists on its side, every rule applies to something, every V1 operation, parameter
/// and field is mapped or declared, every V2-only field has a reason, requests can be made, no
/// route hides another. V2 names are asked of our own V2 document, which is built in, and of the
/// reference where there is one; V1 names of the reference only. What no document could be asked
/// about is told as not checked. Exits with 1 when anything is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  windlass lint
  windlass lint --mappings mappings --reference ../reference
  windlass lint --v1 engine=swagger.json --v2 openapi.yaml --fail-on unchecked
  windlass lint --format json | jq -r '.diagnostics[] | \"\\(.file):\\(.line): \\(.code) \\(.message)\"'

`windlass explain CODE` has a page for each code.")]
pub(crate) struct Lint {
    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) documents: Documents,

    /// How the report looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// What makes the command exit with 1
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = LintFailOn::Mistakes)]
    pub(crate) fail_on: LintFailOn,
}

/// What makes `lint` exit with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFailOn {
    /// Something is wrong
    Mistakes,
    /// Something is wrong, or could not be checked
    Unchecked,
}
