//! Imports as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::{FromValue, Value};
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

    /// Whether the import has not come to an end.
    pub(crate) const fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Queued | Self::Processing)
    }

    /// Whether nothing was made of the import that calling it off would leave behind.
    pub(super) const fn can_be_called_off(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }

    /// What it is now: what is out of time is over, also before somebody has written that down.
    pub(super) fn at(self, now: Timestamp, expires_at: Timestamp) -> Self {
        if self.is_active() && expires_at <= now {
            Self::Expired
        } else {
            self
        }
    }
}

impl FromValue for ImportStatus {
    const EXPECTED: &'static str = "the status of an import";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else {
            return None;
        };
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
