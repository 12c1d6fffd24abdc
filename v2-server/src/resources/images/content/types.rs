//! Rows of the content listings, as the API shows them. The analysis writes them, the listings send them unread.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What stands in a text field that the SBOM says nothing about.
pub(crate) const NOT_AVAILABLE: &str = "N/A";

/// A listing of packages of one type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentPackageResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// The type asked for.
    pub(crate) content_type: String,
    /// The packages, by name, version and location.
    pub(crate) content: Vec<ContentPackage>,
}

/// One package.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentPackage {
    /// Name as the package manager knows it.
    pub(crate) package: String,
    /// Version as the package manager writes it.
    pub(crate) version: String,
    /// Installed size in bytes, as text; only package managers of operating systems record it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<String>,
    /// Type of the package, in capitals.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Who made or maintains it.
    pub(crate) origin: String,
    /// Licences, one entry each.
    pub(crate) licenses: Vec<String>,
    /// Path inside the image; packages of an operating system have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
    /// CPEs the package may be listed under.
    pub(crate) cpes: Vec<String>,
    /// Kind of `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata_type: Option<String>,
    /// What the package manager records besides; file lists are left to the `files` listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Box<RawValue>>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

/// A listing of Java archives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentJAVAPackageResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// `java`.
    pub(crate) content_type: String,
    /// The archives, by name, version and location.
    pub(crate) content: Vec<ContentJavaPackage>,
}

/// One Java archive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentJavaPackage {
    /// Name of the artifact.
    pub(crate) package: String,
    /// Version the analysis settled on.
    pub(crate) version: String,
    /// `Implementation-Version` of the archive's manifest.
    #[serde(rename = "implementation-version")]
    pub(crate) implementation_version: String,
    /// `Specification-Version` of the archive's manifest.
    #[serde(rename = "specification-version")]
    pub(crate) specification_version: String,
    /// Version in the archive's Maven properties.
    #[serde(rename = "maven-version")]
    pub(crate) maven_version: String,
    /// Path inside the image; `outer.jar:inner.jar` for an archive within an archive.
    pub(crate) location: String,
    /// `JAVA-` and the file extension.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Maven group, or the vendor in the archive's manifest.
    pub(crate) origin: String,
    /// CPEs the archive may be listed under.
    pub(crate) cpes: Vec<String>,
    /// Package URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

/// A listing of files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentFilesResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// `files`.
    pub(crate) content_type: String,
    /// The files, by path.
    pub(crate) content: Vec<ContentFile>,
}

/// One file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentFile {
    /// Absolute path.
    pub(crate) filename: String,
    /// Group.
    pub(crate) gid: i64,
    /// Where a link points.
    #[schema(default = json!(null))]
    pub(crate) linkdest: Option<String>,
    /// Permission bits in octal, five digits.
    pub(crate) mode: String,
    /// SHA-256 of the content, in hexadecimal.
    #[schema(default = json!(null))]
    pub(crate) sha256: Option<String>,
    /// Size in bytes.
    pub(crate) size: i64,
    /// `file`, `dir`, `slink`, `hlink`, `dev`, `fifo` or `unknown`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Owner.
    pub(crate) uid: i64,
}

/// Results of malware scanners.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentMalwareResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// `malware`.
    pub(crate) content_type: String,
    /// One entry for each scanner that ran.
    pub(crate) content: Vec<MalwareScan>,
}

/// What one malware scanner found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct MalwareScan {
    /// Whether the scanner was switched on.
    pub(crate) enabled: bool,
    /// Name of the scanner.
    pub(crate) scanner: String,
    /// What the scanner says about itself, e.g. versions of its databases.
    #[schema(value_type = Object)]
    pub(crate) metadata: serde_json::Map<String, serde_json::Value>,
    /// Infected files.
    pub(crate) findings: Vec<MalwareFinding>,
}

/// One infected file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct MalwareFinding {
    /// Absolute path.
    pub(crate) path: String,
    /// Name of the signature that matched.
    pub(crate) signature: String,
}
