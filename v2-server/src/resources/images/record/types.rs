//! Image records as clients see them, and requests to add images.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::strict::nullable;
use crate::resources::images::evaluation::Annotations;
use crate::time::Timestamp;

/// How far the analysis of an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnalysisStatus {
    /// Waiting for its turn.
    NotAnalyzed,
    /// Being analysed.
    Analyzing,
    /// Done: content, vulnerabilities and checks can be read.
    Analyzed,
    /// It could not be analysed. Adding the image again tries again.
    AnalysisFailed,
}

impl AnalysisStatus {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotAnalyzed => "not_analyzed",
            Self::Analyzing => "analyzing",
            Self::Analyzed => "analyzed",
            Self::AnalysisFailed => "analysis_failed",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [
            Self::NotAnalyzed,
            Self::Analyzing,
            Self::Analyzed,
            Self::AnalysisFailed,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// Whether an image is there to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImageStatus {
    /// In use.
    Active,
    /// About to be removed.
    Deleting,
}

impl ImageStatus {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleting => "deleting",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Deleting]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Images.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchoreImageList {
    /// The images, newest first.
    pub(crate) items: Vec<AnchoreImage>,
}

/// An image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchoreImage {
    /// What the analysis found out about the image as a whole.
    pub(crate) image_content: ImageContent,
    /// Every tag the image was seen under, newest first.
    pub(crate) image_detail: Vec<ImageDetail>,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
    /// When the record was made.
    pub(crate) created_at: Timestamp,
    /// When the analysis was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) analyzed_at: Option<Timestamp>,
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Digest of the manifest list the tag pointed at, else that of the image.
    pub(crate) parent_digest: String,
    /// The account that owns the record.
    pub(crate) account_name: String,
    /// Notes of the users.
    #[schema(value_type = Object)]
    pub(crate) annotations: Annotations,
    /// Kind of image: `docker`.
    pub(crate) image_type: String,
    /// Whether the image is there to stay.
    pub(crate) image_status: ImageStatus,
    /// How far the analysis is.
    pub(crate) analysis_status: AnalysisStatus,
    /// How the analysis got there, oldest change first.
    pub(crate) analysis_status_detail: Vec<AnalysisStatusDetail>,
}

/// What the analysis found out about an image as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageContent {
    /// The facts.
    pub(crate) metadata: ImageContentMetadata,
}

/// Facts about an image; null before the analysis, and where it found nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageContentMetadata {
    /// CPU architecture.
    #[schema(default = json!(null))]
    pub(crate) arch: Option<String>,
    /// Linux distribution.
    #[schema(default = json!(null))]
    pub(crate) distro: Option<String>,
    /// Its version.
    #[schema(default = json!(null))]
    pub(crate) distro_version: Option<String>,
    /// `Actual` when the Dockerfile was supplied, `Guessed` when it was put together.
    #[schema(default = json!(null))]
    pub(crate) dockerfile_mode: Option<String>,
    /// Bytes of all layers as a registry stores them.
    #[schema(default = json!(null))]
    pub(crate) image_size: Option<i64>,
    /// Number of layers.
    #[schema(default = json!(null))]
    pub(crate) layer_count: Option<i64>,
}

/// A tag of an image.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImageDetail {
    /// When the tag was first recorded.
    pub(crate) created_at: Timestamp,
    /// When this was last changed.
    pub(crate) last_updated: Timestamp,
    /// `registry/repository:tag`.
    pub(crate) full_tag: String,
    /// `registry/repository@digest`.
    pub(crate) full_digest: String,
    /// The account that owns the record.
    pub(crate) account_name: String,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: String,
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Repository without registry and tag.
    pub(crate) repo: String,
    /// The Dockerfile in base64.
    #[schema(default = json!(null))]
    pub(crate) dockerfile: Option<String>,
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// The tag alone.
    pub(crate) tag: String,
    /// When the tag was last seen to move to this image.
    pub(crate) tag_detected_at: Timestamp,
}

/// One change of the analysis status.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct AnalysisStatusDetail {
    /// The status before.
    pub(crate) from_status: String,
    /// The status after.
    pub(crate) to_status: String,
    /// When.
    pub(crate) timestamp: Timestamp,
    /// Who changed it.
    pub(crate) source: ServiceReference,
}

/// A service on a server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ServiceReference {
    /// Name of the server.
    pub(crate) host_id: String,
    /// Name of the service.
    pub(crate) service_name: String,
}

/// A word of the `image_status` filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImageStatusFilter {
    /// Images of every status.
    All,
    /// Images in use.
    Active,
    /// Images about to be removed.
    Deleting,
}

impl ImageStatusFilter {
    /// The one status that passes, unless all do.
    pub(crate) fn only(self) -> Option<ImageStatus> {
        match self {
            Self::All => None,
            Self::Active => Some(ImageStatus::Active),
            Self::Deleting => Some(ImageStatus::Deleting),
        }
    }
}

/// Which images to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImagesQuery {
    /// Only images with this id: the digest of the image configuration without `sha256:`.
    pub(crate) image_id: Option<String>,
    /// With `full_tag`: all images the tag ever pointed at, not only the newest. Default: false.
    pub(crate) history: Option<bool>,
    /// Only the image this tag points at, written `registry/repository:tag`.
    pub(crate) full_tag: Option<String>,
    /// Only images of this status.
    #[param(inline, default = "active")]
    pub(crate) image_status: Option<ImageStatusFilter>,
    /// Only images whose analysis is that far.
    #[param(inline)]
    pub(crate) analysis_status: Option<AnalysisStatus>,
}

/// How to add an image.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AddImageQuery {
    /// Analyse again what is analysed already. Default: false.
    pub(crate) force: Option<bool>,
    /// Watch the tag for new images. Default: false.
    pub(crate) auto_subscribe: Option<bool>,
}

/// Whether to delete against the rules.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteImageQuery {
    /// Delete also an image that is being analysed or watched. Default: false.
    pub(crate) force: Option<bool>,
}

/// Which images to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteImagesQuery {
    /// Digests of the images.
    #[param(style = Form, explode = false)]
    pub(crate) image_digests: Vec<String>,
    /// Delete also images that are being analysed or watched. Default: false.
    pub(crate) force: Option<bool>,
}

/// One image.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ImagePath {
    /// `sha256:…` of the image manifest.
    #[param(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    pub(crate) image_digest: String,
}

/// What became of a request to delete an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeleteImageResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// What became of it.
    pub(crate) status: DeleteStatus,
    /// Why, when it was not deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// What became of an image that should be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeleteStatus {
    /// There is no such image.
    NotFound,
    /// It goes.
    Deleting,
    /// It stays.
    DeleteFailed,
}

/// An image to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ImageAnalysisRequest {
    /// Kind of image: `docker`, which is also the default.
    pub(crate) image_type: Option<String>,
    /// Notes to add to the image; the text `null` removes a note.
    #[schema(value_type = Option<Object>)]
    pub(crate) annotations: Option<Annotations>,
    /// Where the image comes from.
    pub(crate) source: Option<ImageSource>,
}

/// Where an image comes from: exactly one of these.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ImageSource {
    /// A tag in a registry.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) tag: Option<RegistryTagSource>,
    /// A digest in a registry.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) digest: Option<RegistryDigestSource>,
    /// The archive of analyses.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) archive: Option<AnalysisArchiveSource>,
    /// Parts uploaded before.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) import: Option<ImageImportManifest>,
}

/// A tag in a registry.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct RegistryTagSource {
    /// `registry/repository:tag`.
    pub(crate) pull_string: String,
    /// The Dockerfile in base64.
    #[schema(pattern = "^[a-zA-Z0-9+/=]+$")]
    pub(crate) dockerfile: Option<String>,
}

/// A digest in a registry.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct RegistryDigestSource {
    /// `registry/repository@sha256:…`.
    pub(crate) pull_string: String,
    /// The tag to record the image under.
    pub(crate) tag: String,
    /// When the tag pointed at the image. Default: now.
    pub(crate) creation_timestamp_override: Option<Timestamp>,
    /// The Dockerfile in base64.
    #[schema(pattern = "^[a-zA-Z0-9+/=]+$")]
    pub(crate) dockerfile: Option<String>,
}

/// An image in the archive of analyses.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct AnalysisArchiveSource {
    /// `sha256:…` of the image manifest.
    #[schema(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    pub(crate) digest: String,
}

/// Uploaded parts that make an image.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ImageImportManifest {
    /// Which upload of each part to use.
    pub(crate) contents: ImportContentDigests,
    /// Tags of the image, at least one.
    pub(crate) tags: Vec<String>,
    /// `sha256:…` of the image manifest.
    pub(crate) digest: String,
    /// Digest of the manifest list, should the tag point at one.
    pub(crate) parent_digest: Option<String>,
    /// Digest of the image configuration.
    pub(crate) local_image_id: Option<String>,
    /// The import the parts were uploaded to.
    pub(crate) operation_uuid: String,
}

/// Which upload of each part to use, by the digest its upload answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImportContentDigests {
    /// The Syft SBOM.
    pub(crate) packages: String,
    /// The image configuration.
    pub(crate) image_config: String,
    /// The image manifest.
    pub(crate) manifest: String,
    /// The manifest list.
    pub(crate) parent_manifest: Option<String>,
    /// The Dockerfile.
    pub(crate) dockerfile: Option<String>,
    /// Matches of secret searches.
    pub(crate) secret_searches: Option<String>,
    /// Matches of content searches.
    pub(crate) content_searches: Option<String>,
    /// Retrieved files.
    pub(crate) file_contents: Option<String>,
}
