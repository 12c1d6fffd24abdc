//! Imports of sources as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::strict::nullable;
use crate::resources::imports::types::ImportStatus;
use crate::time::Timestamp;

/// An import: takes an SBOM until a source is made of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SourceImportOperation {
    /// Id of the import.
    pub(crate) uuid: String,
    /// How far it is.
    pub(crate) status: ImportStatus,
    /// When it ends by itself.
    pub(crate) expires_at: Timestamp,
    /// When it began.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
}

/// An uploaded SBOM.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SourceImportContentResponse {
    /// SHA-256 of the uploaded bytes, in hexadecimal.
    pub(crate) digest: String,
    /// When it was first uploaded.
    pub(crate) created_at: Timestamp,
}

/// What a client knows about the revision that it imports.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct SourceImportMetadata {
    /// The workflow that imports it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) ci_workflow_name: Option<String>,
    /// When the workflow ran.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) ci_workflow_execution_time: Option<Timestamp>,
    /// Host of the repository, e.g. `github.com`.
    pub(crate) host: String,
    /// Name of the repository on the host.
    pub(crate) repository_name: String,
    /// The branch.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) branch_name: Option<String>,
    /// The revision, e.g. a commit.
    pub(crate) revision: String,
    /// Who made the change.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) change_author: Option<String>,
    /// Which upload to use.
    pub(crate) contents: SourceImportContents,
}

/// Which upload to use.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct SourceImportContents {
    /// The digest that the upload of the SBOM answered.
    pub(crate) sbom: String,
}
