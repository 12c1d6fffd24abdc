//! One file per subcommand: from arguments to output and exit code.

pub(crate) mod audit;
pub(crate) mod convert;
pub(crate) mod coverage;
pub(crate) mod explain;
pub(crate) mod gate;
pub(crate) mod infer;
pub(crate) mod lint;
pub(crate) mod replay;
pub(crate) mod scan;
pub(crate) mod schema;
mod traffic;

use std::path::Path;

use windlass_transforms::Mappings;

/// The mappings of a folder, or the embedded ones.
fn load_mappings(folder: Option<&Path>) -> anyhow::Result<Mappings> {
    Ok(windlass_mappings::load(folder)?)
}
