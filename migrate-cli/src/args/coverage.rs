//! `windlass coverage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Documents;

/// Count what of V1 is mapped, and how.
///
/// Operations, parameters, statuses, fields and enumerated values of the V1 documents, each one
///   exact        V2 has it, under the name that the mapping says
///   loss         it works, with a loss that the mapping declares
///   unsupported  the mapping declares that V2 has nothing for it, with the reason
///   assumed      it is mapped, and no V1 document of it is public
///   unseen       it is mapped by a step or a composition, or V2 leaves the object open, so that
///                documents cannot tell; other tests hold it
///   forgotten    nothing is said of it
/// Needs V1 documents: WINDLASS_REFERENCE or --v1.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  windlass coverage --reference ../reference
  windlass coverage --fail-on forgotten
  windlass coverage --list loss,unsupported
  windlass coverage --format markdown > coverage.md
  windlass coverage --v1 engine=swagger.json --v2 openapi.yaml --format json"
)]
pub(crate) struct Coverage {
    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) documents: Documents,

    /// How the report looks
    #[arg(long, value_enum, default_value_t = CoverageFormat::Text)]
    pub(crate) format: CoverageFormat,

    /// Also list each thing that ended so
    #[arg(long, value_enum, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) list: Vec<VerdictName>,

    /// Exit with 1 when something ended so
    #[arg(long, value_enum, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<VerdictName>,
}

/// How the report of `coverage` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people
    Text,
    /// For scripts; carries a format version
    Json,
    /// For pages
    Markdown,
}

/// How something of V1 ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictName {
    /// V2 has it
    Exact,
    /// With a declared loss
    Loss,
    /// Declared as having nothing in V2
    Unsupported,
    /// Mapped without a V1 document
    Assumed,
    /// Mapped where documents cannot tell
    Unseen,
    /// Nothing is said of it
    Forgotten,
}

impl VerdictName {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Loss => "loss",
            Self::Unsupported => "unsupported",
            Self::Assumed => "assumed",
            Self::Unseen => "unseen",
            Self::Forgotten => "forgotten",
        }
    }
}
