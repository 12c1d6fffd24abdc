//! The parts an image is imported from, and what an upload of each must be.

use crate::analysis::{searches, syft};
use crate::http::Problem;
use crate::http::body::parse;
use crate::resources::images::record::types::ImportContentDigests;

/// A part of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The Syft SBOM.
    Packages,
    /// The image manifest.
    Manifest,
    /// The image configuration.
    ImageConfig,
    /// The manifest list.
    ParentManifest,
    /// The Dockerfile.
    Dockerfile,
    /// Matches of secret searches.
    SecretSearches,
    /// Matches of content searches.
    ContentSearches,
    /// Retrieved files.
    FileContents,
}

impl Part {
    /// The name in paths and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Manifest => "manifest",
            Self::ImageConfig => "image-config",
            Self::ParentManifest => "parent-manifest",
            Self::Dockerfile => "dockerfile",
            Self::SecretSearches => "secret-searches",
            Self::ContentSearches => "content-searches",
            Self::FileContents => "file-contents",
        }
    }

    /// The chosen upload of each part.
    pub(crate) fn chosen(contents: &ImportContentDigests) -> Vec<(Self, &str)> {
        let optional = [
            (Self::ParentManifest, &contents.parent_manifest),
            (Self::Dockerfile, &contents.dockerfile),
            (Self::SecretSearches, &contents.secret_searches),
            (Self::ContentSearches, &contents.content_searches),
            (Self::FileContents, &contents.file_contents),
        ];
        [
            (Self::Packages, contents.packages.as_str()),
            (Self::Manifest, contents.manifest.as_str()),
            (Self::ImageConfig, contents.image_config.as_str()),
        ]
        .into_iter()
        .chain(
            optional
                .into_iter()
                .filter_map(|(part, digest)| Some((part, digest.as_deref()?))),
        )
        .collect()
    }

    /// Checks the media type of an upload.
    ///
    /// # Errors
    /// 415 when this part comes in another form.
    pub(crate) fn check_media_type(self, got: &str) -> Result<(), Problem> {
        let is_json = got == "application/json"
            || (got.starts_with("application/") && got.ends_with("+json"));
        let is_fine = match self {
            // Clients name this in ways no parser agrees on, and any text is a Dockerfile.
            Self::Dockerfile => true,
            Self::Manifest => is_json || got.ends_with("+prettyjws"),
            _ => is_json,
        };
        if is_fine {
            Ok(())
        } else {
            Err(Problem::wrong_content_type(got, "JSON data"))
        }
    }

    /// Checks what can be told about an upload without analysing it.
    ///
    /// # Errors
    /// 400 when it is no JSON, or not of this part's form.
    pub(crate) fn check_content(self, bytes: &[u8]) -> Result<(), Problem> {
        match self {
            Self::Dockerfile => Ok(()),
            Self::Packages => parse::<syft::Document<'_>>(bytes).map(drop),
            Self::Manifest | Self::ImageConfig | Self::ParentManifest => {
                parse::<syft::Members<'_>>(bytes).map(drop)
            }
            Self::SecretSearches | Self::ContentSearches => {
                parse::<Vec<searches::Search<'_>>>(bytes).map(drop)
            }
            Self::FileContents => parse::<Vec<searches::FileContent<'_>>>(bytes).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_come_under_several_media_types() {
        for kind in [
            "application/json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ] {
            assert!(Part::Manifest.check_media_type(kind).is_ok(), "{kind}");
        }
        assert!(Part::Manifest.check_media_type("text/plain").is_err());
        assert!(Part::Packages.check_media_type("").is_err());
        assert!(Part::Dockerfile.check_media_type("text/plain").is_ok());
    }

    #[test]
    fn documents_must_be_objects() {
        for part in [Part::Manifest, Part::ImageConfig, Part::ParentManifest] {
            assert!(part.check_content(b"{}").is_ok());
            assert!(part.check_content(b"[]").is_err());
            assert!(part.check_content(b"{").is_err());
            assert!(part.check_content(b"{\"a\": \"\xff\"}").is_err());
        }
    }
}
