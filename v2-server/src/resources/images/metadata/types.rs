//! Metadata as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A document about an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetadataResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// Which document.
    pub(crate) metadata_type: String,
    /// The document in base64.
    pub(crate) metadata: String,
}

/// One document about an image.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MetadataPath {
    /// `sha256:…` of the image manifest.
    #[param(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    pub(crate) image_digest: String,
    /// `manifest`, `docker_history` or `dockerfile`.
    pub(crate) metadata_type: String,
}
