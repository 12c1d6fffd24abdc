//! Archived analyses as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::evaluation::Annotations;
use crate::time::Timestamp;

/// An archived analysis.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArchivedAnalysis {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Digest of the manifest list the tag pointed at, else that of the image.
    pub(crate) parent_digest: String,
    /// Notes of the users.
    #[schema(value_type = Object)]
    pub(crate) annotations: Annotations,
    /// Always `archived`: archiving and deleting take no time that can be seen.
    pub(crate) status: ArchiveStatus,
    /// Tags of the image, newest first.
    pub(crate) image_detail: Vec<ArchiveTagEntry>,
    /// When it was archived.
    pub(crate) created_at: Timestamp,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
    /// When the image was analysed.
    pub(crate) analyzed_at: Timestamp,
    /// Bytes of the archived analysis.
    pub(crate) archive_size_bytes: i64,
}

/// Where an archived analysis is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ArchiveStatus {
    /// In the archive.
    Archived,
}

/// A tag of an archived image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ArchiveTagEntry {
    /// `registry/repository:tag`.
    pub(crate) pull_string: String,
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Repository without registry and tag.
    pub(crate) repository: String,
    /// The tag alone.
    pub(crate) tag: String,
    /// When the tag was last seen to move to the image.
    pub(crate) detected_at: Timestamp,
    /// When the image was archived.
    pub(crate) created_at: Timestamp,
    /// When this was last changed.
    pub(crate) last_updated: Timestamp,
}

/// What became of one image that should be archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AnalysisArchiveAddResult {
    /// The digest that was asked for.
    pub(crate) digest: String,
    /// What became of it.
    pub(crate) status: AddStatus,
    /// More about it, such as why it failed.
    pub(crate) detail: String,
}

impl AnalysisArchiveAddResult {
    /// Whether the image is in the archive now.
    pub(in super::super) fn is_archived(&self) -> bool {
        self.status == AddStatus::Archived
    }
}

/// What became of one image that should be archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AddStatus {
    /// It is in the archive.
    Archived,
    /// It is not.
    Error,
}

/// One archived analysis.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ArchivedImagePath {
    /// `sha256:…` of the image manifest.
    #[param(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    pub(crate) image_digest: String,
}

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteArchivedQuery {
    /// Delete in whatever state it is. No archived analysis is ever in a state that forbids it.
    #[serde(rename = "force")]
    #[param(rename = "force")]
    _force: Option<bool>,
}
