//! Which documents mappings are held against, for every command that does.

use std::path::PathBuf;

use clap::Args;
use windlass_migrate::documents::Places;

/// Where the documents of the two APIs are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Documents")]
pub(crate) struct Documents {
    /// A folder with the original specifications: `v1-engine.yaml`, `v1-enterprise.yaml`, `v1-rbac.yaml`, `v2-5.0.0.yaml`
    #[arg(long, value_name = "DIR", env = "WINDLASS_REFERENCE")]
    pub(crate) reference: Option<PathBuf>,

    /// A V1 document (OpenAPI 3 or Swagger 2; YAML or JSON), in place of those of the reference; may be repeated
    #[arg(long, value_name = "[SERVICE=]FILE", value_parser = document)]
    pub(crate) v1: Vec<(Option<String>, PathBuf)>,

    /// A V2 document, in place of the reference's and of the one that is built in; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) v2: Vec<PathBuf>,
}

/// `SERVICE=FILE` or `FILE`.
#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
pub(super) fn document(text: &str) -> Result<(Option<String>, PathBuf), String> {
    Ok(match text.split_once('=') {
        Some((service, file)) if !service.contains(['/', '.']) => {
            (Some(service.to_owned()), file.into())
        }
        _ => (None, text.into()),
    })
}

impl Documents {
    pub(crate) fn places(&self) -> Places {
        Places {
            reference: self.reference.clone(),
            v1: self.v1.clone(),
            v2: self.v2.clone(),
        }
    }
}
