//! Summaries as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::record::store::TagRow;
use crate::resources::images::record::types::ImageStatusFilter;

/// Tags of images.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchoreImageTagSummaryList {
    /// One row for each tag of each image, oldest image first.
    pub(crate) items: Vec<AnchoreImageTagSummary>,
}

/// A tag of an image. Times are seconds since 1970 began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchoreImageTagSummary {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Digest of the manifest list, or of the image.
    pub(crate) parent_digest: String,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: String,
    /// How far the analysis is.
    pub(crate) analysis_status: String,
    /// `registry/repository:tag`.
    pub(crate) full_tag: String,
    /// When the tag was first recorded.
    pub(crate) created_at: i64,
    /// When the analysis was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) analyzed_at: Option<i64>,
    /// When the tag was last seen to move to the image.
    pub(crate) tag_detected_at: i64,
    /// Whether the image is there to stay.
    pub(crate) image_status: String,
}

impl From<TagRow> for AnchoreImageTagSummary {
    fn from(row: TagRow) -> Self {
        Self {
            image_digest: row.image_digest,
            parent_digest: row.parent_digest,
            image_id: row.image_id,
            analysis_status: row.analysis_status,
            full_tag: row.full_tag,
            created_at: row.created_at.unix(),
            analyzed_at: row.analyzed_at.map(crate::time::Timestamp::unix),
            tag_detected_at: row.tag_detected_at.unix(),
            image_status: row.image_status,
        }
    }
}

/// Which tags to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImageTagsQuery {
    /// Only tags of images of these statuses. Default: `active`.
    #[serde(default)]
    #[param(inline, style = Form, explode = false)]
    pub(crate) image_status: Vec<ImageStatusFilter>,
}
