//! The archives as a whole, as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::Timestamp;

/// What the archives hold.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArchiveSummary {
    /// Archived analyses.
    pub(super) images: AnalysisArchiveSummary,
    /// Rules.
    pub(super) rules: AnalysisArchiveRulesSummary,
}

/// How much is archived.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnalysisArchiveSummary {
    /// Number of images.
    pub(super) total_image_count: i64,
    /// Number of their tags.
    pub(super) total_tag_count: i64,
    /// Bytes of all archived analyses.
    pub(super) total_data_bytes: i64,
    /// When the last one was archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_updated: Option<Timestamp>,
}

/// How many rules there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnalysisArchiveRulesSummary {
    /// Rules of the account.
    pub(super) count: i64,
    /// When the last one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_updated: Option<Timestamp>,
}
