//! The whole command line: one file and one struct per subcommand.

mod audit;
mod convert;
mod coverage;
mod documents;
mod explain;
mod gate;
mod inputs;
mod lint;
mod mappings;
mod replay;
mod scan;
mod schema;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use audit::{Audit, AuditFormat, FailOn};
pub(crate) use convert::{Convert, ConvertFailOn, Generation};
pub(crate) use coverage::{Coverage, CoverageFormat};
pub(crate) use documents::Documents;
pub(crate) use explain::Explain;
pub(crate) use gate::Gate;
pub(crate) use inputs::Inputs;
pub(crate) use lint::{Lint, LintFailOn};
pub(crate) use mappings::{Infer, Mappings, MappingsCommand};
pub(crate) use replay::Replay;
pub(crate) use scan::{Scan, ScanFormat};
pub(crate) use schema::{Schema, Subject};

/// Says who still calls the V1 Anchore Enterprise API, with what, and what to call instead.
///
/// Results go to standard output, everything else to standard error. Exit codes: 0 nothing
/// found at or above `--fail-on`, 1 findings, 2 the command could not do its work.
#[derive(Debug, Parser)]
#[command(
    name = "windlass",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Windlass {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Audit(Audit),
    Gate(Gate),
    Scan(Scan),
    Replay(Replay),
    Explain(Explain),
    Convert(Convert),
    Lint(Lint),
    Coverage(Coverage),
    Schema(Schema),
    Mappings(Mappings),
}

/// How a result looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For scripts; carries a format version
    Json,
}
