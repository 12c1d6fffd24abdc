//! Applications as clients see them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::vulnerabilities::types::CvssObject;
use crate::resources::sources::types::Source;
use crate::time::Timestamp;

/// An application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct Application {
    /// Id of the application.
    pub(crate) application_id: String,
    /// Name of the application, unique in its account.
    pub(crate) name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Its versions, where they are asked for, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application_versions: Option<Vec<ApplicationVersion>>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
}

/// An application to make or to change. Other members are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ApplicationRequest {
    /// Name of the application, unique in its account. Needed for a new one.
    pub(crate) name: Option<String>,
    /// What it is.
    pub(crate) description: Option<String>,
}

/// A version of an application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct ApplicationVersion {
    /// Id of the version.
    pub(crate) application_version_id: String,
    /// Id of the application.
    pub(crate) application_id: String,
    /// Name of the version, unique in its application.
    pub(crate) version_name: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
}

/// A version to make or to change. Other members are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ApplicationVersionRequest {
    /// Name of the version, unique in its application.
    pub(crate) version_name: String,
}

/// One application.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ApplicationPath {
    /// Id of the application.
    pub(crate) application_id: String,
}

/// One version.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VersionPath {
    /// Id of the application.
    pub(crate) application_id: String,
    /// Id of the version.
    pub(crate) application_version_id: String,
}

/// One artifact of a version.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct AssociationPath {
    /// Id of the application.
    pub(crate) application_id: String,
    /// Id of the version.
    pub(crate) application_version_id: String,
    /// Id of the association.
    pub(crate) association_id: String,
}

/// How much to show of applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApplicationsQuery {
    /// Show the versions too.
    #[param(default = false)]
    pub(crate) include_versions: Option<bool>,
}

/// Kind of artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ArtifactType {
    /// A revision of a source repository.
    Source,
    /// A container image.
    Image,
}

/// Which artifacts to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArtifactsQuery {
    /// Only artifacts of these kinds. Default: all.
    #[serde(default)]
    #[param(inline, style = Form, explode = false, required = false)]
    pub(crate) artifact_types: Vec<ArtifactType>,
}

impl ArtifactsQuery {
    /// Whether artifacts of a kind are wanted.
    pub(crate) fn wants(&self, kind: ArtifactType) -> bool {
        self.artifact_types.is_empty() || self.artifact_types.contains(&kind)
    }
}

/// How to report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// Show also what the vendor decided not to fix. Default: false.
    pub(crate) will_not_fix: Option<bool>,
}

/// An artifact to add to a version.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ArtifactAssociationRequest {
    /// Kind of artifact.
    pub(crate) artifact_type: ArtifactType,
    /// What names it: `image_digest`, or `uuid`, or `host`, `repository_name` and `revision`.
    #[schema(value_type = Object)]
    pub(crate) artifact_keys: Map<String, Value>,
}

/// An artifact that was added to a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArtifactAssociationResponse {
    /// The source, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    /// The image, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<ImageArtifact>,
    /// How it belongs to the version.
    pub(crate) artifact_association_metadata: ArtifactAssociationMetadata,
}

/// The artifacts of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArtifactListResponse {
    /// Sources, in the order they were added.
    pub(crate) associated_source_artifacts: Vec<AssociatedSourceArtifact>,
    /// Images, in the order they were added.
    pub(crate) associated_image_artifacts: Vec<AssociatedImageArtifact>,
}

/// A source of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssociatedSourceArtifact {
    /// How it belongs to the version.
    pub(crate) artifact_association_metadata: ArtifactAssociationMetadata,
    /// The source.
    pub(crate) source: Source,
}

/// An image of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssociatedImageArtifact {
    /// How it belongs to the version.
    pub(crate) artifact_association_metadata: ArtifactAssociationMetadata,
    /// The image.
    pub(crate) image: ImageArtifact,
}

/// An image in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImageArtifact {
    /// The account that owns it.
    pub(crate) account_name: String,
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Linux distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distro: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distro_version: Option<String>,
    /// How far the analysis is.
    pub(crate) analysis_status: String,
    /// Whether the image is there to stay.
    pub(crate) image_status: String,
    /// When the analysis was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) analyzed_at: Option<Timestamp>,
    /// When the record was made.
    pub(crate) created_at: Timestamp,
    /// When the record was last changed.
    pub(crate) last_updated: Timestamp,
}

/// How an artifact belongs to a version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArtifactAssociationMetadata {
    /// Id of the association.
    pub(crate) association_id: String,
    /// When it was added.
    pub(crate) created_at: Timestamp,
    /// When that was last changed.
    pub(crate) last_updated: Timestamp,
}

/// All SBOMs of a version.
#[derive(ToSchema)]
#[expect(dead_code, reason = "written piece by piece; only its schema is used")]
pub(crate) struct ApplicationVersionSbom {
    /// The application.
    application: Application,
    /// The version.
    application_version: ApplicationVersion,
    /// Now.
    created_at: Timestamp,
    /// SBOMs of its sources, as they were uploaded.
    #[schema(value_type = Vec<Object>)]
    source_sboms: Vec<Value>,
    /// SBOMs of its images, as they were uploaded.
    #[schema(value_type = Vec<Object>)]
    image_sboms: Vec<Value>,
}

/// All vulnerabilities of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationVersionVulnerabilityReport {
    /// What the report is about.
    pub(crate) application: ReportApplication,
    /// The vulnerabilities, worst first.
    pub(crate) vulnerabilities: Vec<VersionVulnerability>,
}

/// What a report is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportApplication {
    /// Id of the application.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Name of the version.
    pub(crate) version_name: String,
    /// Id of the version.
    pub(crate) version_id: String,
    /// The artifacts of the version.
    pub(crate) artifacts: ReportArtifacts,
}

/// The artifacts that a report is about.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReportArtifacts {
    /// Sources.
    pub(crate) sources: Vec<VersionVulnerabilityReportSource>,
    /// Images.
    pub(crate) images: Vec<VersionVulnerabilityReportImage>,
}

/// A source that a report is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerabilityReportSource {
    /// Id of the source.
    pub(crate) uuid: String,
    /// Host of the repository.
    pub(crate) host: String,
    /// Name of the repository.
    pub(crate) repository_name: String,
    /// The revision.
    pub(crate) revision: String,
}

/// An image that a report is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerabilityReportImage {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
}

/// A vulnerability of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerability {
    /// `CVE-…`, `GHSA-…`, `ELSA-…`.
    pub(crate) id: String,
    /// What the National Vulnerability Database tells.
    pub(crate) nvd: Vec<VersionVulnerabilityNvd>,
    /// What the vendor tells.
    pub(crate) vendor_data: VersionVulnerabilityVendor,
    /// Where it is.
    pub(crate) matches: Vec<VersionVulnerabilityMatch>,
}

/// A record of the National Vulnerability Database.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VersionVulnerabilityNVD)]
pub(crate) struct VersionVulnerabilityNvd {
    /// Id of the record.
    pub(crate) id: String,
    /// Its scores.
    pub(crate) cvss: VersionVulnerabilityCvss,
}

/// What a vendor tells about a vulnerability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerabilityVendor {
    /// Where the match comes from.
    pub(crate) feed: String,
    /// Namespace within the feed.
    pub(crate) group: String,
    /// The vendor decided not to fix it.
    pub(crate) will_not_fix: bool,
    /// The vendor's scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cvss: Option<VersionVulnerabilityCvss>,
    /// How bad it is.
    pub(crate) severity: String,
    /// Link to more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// Scores.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerabilityCvss {
    /// CVSS version 2.
    pub(crate) cvss_v2: CvssObject,
    /// CVSS version 3.
    pub(crate) cvss_v3: CvssObject,
}

/// Where a vulnerability is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionVulnerabilityMatch {
    /// Versions that fix it, joined by `,`; `None` when there is none.
    pub(crate) fix: String,
    /// The place.
    pub(crate) location: MatchLocation,
}

/// A package of an artifact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatchLocation {
    /// The artifact.
    pub(crate) artifact: MatchArtifact,
    /// The package.
    pub(crate) package: MatchPackage,
}

/// An artifact that has a vulnerability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatchArtifact {
    /// Digest of the image, or id of the source.
    pub(crate) id: String,
    /// Kind of artifact.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub(crate) kind: ArtifactType,
}

/// A package that has a vulnerability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatchPackage {
    /// Name of the package.
    pub(crate) name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its version.
    pub(crate) version: String,
    /// Path within the artifact.
    pub(crate) location: String,
}
