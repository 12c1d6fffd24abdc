//! Image registries, as far as the OCI distribution protocol lets a client look at them: does a
//! login work, what does a tag point at, which tags does a repository have.

mod challenge;
mod client;
mod manifest;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use client::Distribution;

/// A registry and how to log in there.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Host, or host and port.
    pub(crate) registry: String,
    /// User name and password.
    pub(crate) login: Option<(String, String)>,
    /// Whether the registry must prove who it is. Without that, plain HTTP is tried as well.
    pub(crate) verify: bool,
}

/// What a tag or a digest turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedImage {
    /// `sha256:…` of the image manifest.
    pub(crate) digest: String,
    /// Digest of the manifest list that was asked for, or of the image.
    pub(crate) parent_digest: String,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: String,
}

/// Why a registry gave no answer that helps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// It has no such repository, tag or digest.
    #[error("{0} has no such image")]
    NotFound(String),
    /// It refuses the login, or there is none and it wants one.
    #[error("{0} refuses the login")]
    PermissionDenied(String),
    /// It cannot be reached, or does not speak the protocol.
    #[error("{registry} cannot be reached: {reason}")]
    NotAccessible {
        /// The registry.
        registry: String,
        /// What went wrong, without credentials.
        reason: String,
    },
    /// It has the image in a form this server does not read.
    #[error("{registry} has the image in a form that is not supported: {reason}")]
    NotSupported {
        /// The registry.
        registry: String,
        /// Which form.
        reason: String,
    },
}

impl LookupError {
    /// The named code of the error, as in `GET /system/error-codes`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "REGISTRY_IMAGE_NOT_FOUND",
            Self::PermissionDenied(_) => "REGISTRY_PERMISSION_DENIED",
            Self::NotAccessible { .. } => "REGISTRY_NOT_ACCESSIBLE",
            Self::NotSupported { .. } => "REGISTRY_NOT_SUPPORTED",
        }
    }
}
