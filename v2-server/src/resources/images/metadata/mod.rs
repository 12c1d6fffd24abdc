//! `/images/{image_digest}/metadata`: documents about an image, as they are.

pub(super) mod handlers;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

/// A document about an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// The SBOM, as it was uploaded.
    Sbom,
    /// The image manifest.
    Manifest,
    /// The image configuration.
    ImageConfig,
    /// How the image was made, as `docker history` shows it.
    DockerHistory,
    /// The Dockerfile, supplied or guessed.
    Dockerfile,
    /// Matches of content searches, as the API shows them.
    ContentSearches,
    /// Matches of secret searches, as the API shows them.
    SecretSearches,
    /// Retrieved files, as the API shows them.
    RetrievedFiles,
}

impl Document {
    /// The documents that are metadata to clients, in the order they are listed.
    pub(crate) const METADATA: [Self; 3] = [Self::Manifest, Self::DockerHistory, Self::Dockerfile];

    /// The name in the database, and for metadata the one clients use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sbom => "sbom",
            Self::Manifest => "manifest",
            Self::ImageConfig => "image_config",
            Self::DockerHistory => "docker_history",
            Self::Dockerfile => "dockerfile",
            Self::ContentSearches => "content_searches",
            Self::SecretSearches => "secret_searches",
            Self::RetrievedFiles => "retrieved_files",
        }
    }
}
