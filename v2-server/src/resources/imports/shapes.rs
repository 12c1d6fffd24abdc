//! Shapes of uploads, for the document. Uploads are kept as they come; the analysis reads them with
//! types of its own.

#![expect(dead_code, reason = "only described, never made")]

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A JSON document of a registry, kept byte for byte.
#[derive(ToSchema)]
pub(super) struct Document(Map<String, Value>);

/// An SBOM as Syft writes it.
#[derive(ToSchema)]
pub(super) struct ImagePackageManifest {
    /// Packages.
    artifacts: Vec<ImportPackage>,
    /// What was scanned.
    source: ImportSource,
    /// Linux distribution.
    distro: ImportDistribution,
    /// Which program made the SBOM.
    descriptor: Option<ImportDescriptor>,
    /// Version of the form.
    schema: Option<ImportSchema>,
    /// How packages and files belong together.
    #[schema(rename = "artifactRelationships")]
    artifact_relationships: Option<Vec<ImportPackageRelationship>>,
    /// Files.
    files: Option<Vec<ImportFile>>,
}

/// A package of an SBOM.
#[derive(ToSchema)]
pub(super) struct ImportPackage {
    id: Option<String>,
    name: String,
    version: String,
    #[schema(rename = "type")]
    kind: String,
    #[schema(rename = "foundBy")]
    found_by: Option<String>,
    locations: Vec<ImportPackageLocation>,
    /// Texts, or objects with `value`.
    licenses: Vec<Value>,
    language: String,
    /// Texts, or objects with `cpe`.
    cpes: Vec<Value>,
    purl: Option<String>,
    #[schema(rename = "metadataType", default = json!(null))]
    metadata_type: Option<String>,
    #[schema(default = json!(null))]
    metadata: Option<Map<String, Value>>,
}

/// A place in the scanned image.
#[derive(ToSchema)]
pub(super) struct ImportPackageLocation {
    #[schema(required = false)]
    path: String,
    #[schema(rename = "layerID")]
    layer_id: Option<String>,
}

/// What was scanned.
#[derive(ToSchema)]
pub(super) struct ImportSource {
    #[schema(rename = "type")]
    kind: String,
    target: Option<Value>,
    metadata: Option<Value>,
}

/// A Linux distribution.
#[derive(ToSchema)]
pub(super) struct ImportDistribution {
    #[schema(default = json!(null))]
    name: Option<String>,
    #[schema(default = json!(null))]
    id: Option<String>,
    #[schema(default = json!(null))]
    version: Option<String>,
    #[schema(rename = "versionID", default = json!(null))]
    version_id: Option<String>,
    /// A text, or a list of texts.
    #[schema(rename = "idLike")]
    id_like: Option<Value>,
}

/// The program that made an SBOM.
#[derive(ToSchema)]
pub(super) struct ImportDescriptor {
    name: String,
    version: String,
}

/// The form of an SBOM.
#[derive(ToSchema)]
pub(super) struct ImportSchema {
    version: String,
    url: String,
}

/// How two things in an SBOM belong together.
#[derive(ToSchema)]
pub(super) struct ImportPackageRelationship {
    parent: String,
    child: String,
    #[schema(rename = "type")]
    kind: String,
    metadata: Option<Value>,
}

/// A file of an SBOM.
#[derive(ToSchema)]
pub(super) struct ImportFile {
    id: String,
    location: ImportPackageLocation,
    metadata: Option<Map<String, Value>>,
    digests: Option<Vec<ImportFileDigest>>,
}

/// A checksum of a file.
#[derive(ToSchema)]
pub(super) struct ImportFileDigest {
    algorithm: String,
    value: String,
}

/// Matches of searches in one file.
#[derive(ToSchema)]
pub(super) struct ImageImportContentSearch {
    location: ImportPackageLocation,
    content_searches: Vec<ImportContentSearchElement>,
}

/// One match.
#[derive(ToSchema)]
pub(super) struct ImportContentSearchElement {
    /// Name of the search.
    classification: String,
    line_number: i64,
    line_offset: i64,
    seek_position: i64,
    length: i64,
}

/// A retrieved file.
#[derive(ToSchema)]
pub(super) struct ImageImportFileContent {
    location: ImportPackageLocation,
    /// The content in base64.
    contents: String,
}
