//! `windlass convert`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;

/// Convert one saved body from V1 to V2, or back.
///
/// The result goes to standard output, what was lost to standard error. Rules are those that
/// the proxy runs. The result is converted back and compared where the mapping allows it, so
/// what is not printed is not lost; where it does not, the report says so.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("subject").required(true),
    after_help = "\
Examples:
  windlass convert --to v2 --shape PolicyBundle bundle.json > policy.json
  windlass convert --to v1 --shape PolicyBundle policy.json
  windlass convert --to v1 --operation get_image --status 200 < image.json
  windlass convert --to v2 --operation \"PUT /policies/{policyId}\" --path policyId=default record.json
  windlass convert --to v2 --shape PolicyBundle --format json --fail-on loss bundle.json 2> lost.json

A policy saved from V1 with `GET /policies?detail=true` is a list of records; the bundle is a part of each:
  jq '.[0].policybundle' policies.json | windlass convert --to v2 --shape PolicyBundle

`windlass explain OPERATION` names the shapes of an operation."
)]
pub(crate) struct Convert {
    /// The body to convert; `-` reads standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) body: PathBuf,

    /// What to convert to
    #[arg(long, value_enum, value_name = "GENERATION")]
    pub(crate) to: Generation,

    /// Convert an object, or a list of them, of this V1 schema
    #[arg(long, value_name = "NAME", group = "subject")]
    pub(crate) shape: Option<String>,

    /// Convert a body of this V1 operation (an id, or "METHOD /path"): the request's, or with --status the answer's
    #[arg(long, value_name = "OPERATION", group = "subject")]
    pub(crate) operation: Option<String>,

    /// Convert the answer with this V2 status
    #[arg(long, value_name = "STATUS", requires = "operation", value_parser = clap::value_parser!(u16).range(100..=599))]
    pub(crate) status: Option<u16>,

    /// A path value of the request by its V1 name, for steps and keys that use it; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) path: Vec<(String, String)>,

    /// A query value of the request by its V1 name, for steps and keys that use it; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) query: Vec<(String, String)>,

    /// What a look-up would have taken, by name, text or JSON; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) looked_up: Vec<(String, String)>,

    /// How the report of losses looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Exit with 1 when this happened; the result is written all the same
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) fail_on: Option<ConvertFailOn>,

    /// Read the mappings from this folder instead of those built in
    #[arg(long, value_name = "DIR", env = "WINDLASS_MAPPINGS")]
    pub(crate) mappings: Option<PathBuf>,
}

/// `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// One generation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// What clients of V1 read and send
    V1,
    /// What V2 services read and send
    V2,
}

impl Generation {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        })
    }
}

/// What makes `convert` exit with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConvertFailOn {
    /// Something was lost
    Loss,
    /// Something was lost, or the result could not be converted back to find out
    Unchecked,
}
