//! `windlass mappings`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// Work on mapping folders.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Mappings {
    #[command(subcommand)]
    pub(crate) command: MappingsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MappingsCommand {
    Infer(Infer),
}

/// Draft a mapping folder for two generations of an API from their documents.
///
/// Operations are paired by path, method, id, summary and the members of their bodies; parameters
/// and members by name, type, description, and by what is left over together in many schemas. Each
/// line says how sure it is, from 0 to 1, and why. What is less sure than 0.7 is a comment, or a
/// line of `unmapped.toml`. A draft compiles; it is the beginning of a mapping, to be read line by
/// line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  windlass mappings infer v1.yaml v2.yaml                  print the draft
  windlass mappings infer v1.yaml v2.yaml --out draft/     write it to a new folder
  windlass mappings infer engine=v1.yaml rbac=v1-rbac.yaml v2.yaml --out draft/
  windlass mappings infer v1-engine.yaml v1-enterprise.yaml v1-rbac.yaml v2-5.0.0.yaml --against

The next steps: `windlass lint --mappings draft --v1 v1.yaml --v2 v2.yaml`, and
`windlass coverage` with the same.")]
pub(crate) struct Infer {
    /// The V1 documents, then the V2 document (OpenAPI 3 or Swagger 2; YAML or JSON)
    #[arg(required = true, num_args = 2.., value_name = "[SERVICE=]FILE", value_parser = super::documents::document)]
    pub(crate) documents: Vec<(Option<String>, PathBuf)>,

    /// Write the draft to this folder, which is made; without it the draft is printed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// In place of the draft, tell how much of a mapping that exists it finds: of this folder, or of the mappings built in
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "out")]
    #[expect(clippy::option_option, reason = "the flag, and its value")]
    pub(crate) against: Option<Option<PathBuf>>,

    /// How the answer to --against looks
    #[arg(long, value_enum, default_value_t = Format::Text, requires = "against")]
    pub(crate) format: Format,
}
