//! Ancestors as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

/// An image that others are built on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageAncestor {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Every tag it was seen under, newest first.
    pub(crate) tags: Vec<String>,
    /// Its layers, lowest first.
    pub(crate) layers: Vec<String>,
}
