//! Imports as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    /// Parts can be uploaded.
    Pending,
    /// An image was made of it; its analysis waits for its turn.
    Queued,
    /// The image is being analysed.
    Processing,
    /// The image is analysed.
    Complete,
    /// The image could not be analysed.
    Failed,
    /// It took too long, or was called off.
    Expired,
}

impl ImportStatus {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Queued,
            Self::Processing,
            Self::Complete,
            Self::Failed,
            Self::Expired,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }

    /// Whether the import has not come to an end.
    pub(crate) const fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Queued | Self::Processing)
    }
}

/// An import: gathers uploaded parts until an image is made of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImageImportOperation {
    /// Id of the import.
    pub(crate) uuid: String,
    /// How far it is.
    pub(crate) status: ImportStatus,
    /// When it ends by itself.
    pub(crate) expires_at: Timestamp,
    /// When it began.
    pub(crate) created_at: Timestamp,
}

/// An uploaded part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImageImportContentResponse {
    /// SHA-256 of the uploaded bytes, in hexadecimal.
    pub(crate) digest: String,
    /// When it was first uploaded.
    pub(crate) created_at: Timestamp,
}

/// One import.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OperationPath {
    /// Id of the import.
    pub(crate) operation_id: String,
}
