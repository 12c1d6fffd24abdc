//! Search results as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::vulnerabilities::types::NvdDataObject;
use crate::time::Timestamp;

/// What images to look for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImagesByPackageQuery {
    /// Name of the package.
    pub(crate) name: String,
    /// Only packages of this type, as vulnerability reports write it: `APKG`, `dpkg`, `npm`, …
    pub(crate) package_type: Option<String>,
    /// Only this version of the package.
    pub(crate) version: Option<String>,
    /// The page, from 1.
    pub(crate) page: Option<String>,
    /// Most images on a page; 0, the default: all.
    pub(crate) limit: Option<i64>,
}

/// What vulnerabilities to look for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VulnerabilitiesQuery {
    /// Ids of the vulnerabilities.
    #[param(style = Form, explode = false)]
    pub(crate) id: Vec<String>,
    /// Only records that say that this package is affected.
    pub(crate) affected_package: Option<String>,
    /// Only records that name this version of the package; needs `affected_package`.
    pub(crate) affected_package_version: Option<String>,
    /// The page, from 1.
    #[param(default = "1")]
    pub(crate) page: Option<String>,
    /// Most records on a page; 0, the default: all.
    pub(crate) limit: Option<i64>,
    /// Only records of these namespaces.
    #[serde(default)]
    #[param(style = Form, explode = false, required = false)]
    pub(crate) namespace: Vec<String>,
}

/// A page of images that have a package.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaginatedImageList {
    /// Number of this page.
    pub(crate) page: String,
    /// Number of the next page; not there on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<String>,
    /// Images on this page.
    pub(crate) returned_count: usize,
    /// The images, by digest.
    pub(crate) images: Vec<ImageWithPackages>,
}

/// An image, and what was looked for in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageWithPackages {
    /// The image.
    pub(crate) image: ImageReference,
    /// The packages that were looked for.
    pub(crate) packages: Vec<PackageReference>,
}

/// An image in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageReference {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: String,
    /// When it was analysed.
    #[schema(value_type = String)]
    pub(crate) analyzed_at: Timestamp,
    /// Every tag it was seen under, newest first.
    pub(crate) tag_history: Vec<TagEntry>,
}

/// A tag of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagEntry {
    /// `registry/repository:tag`.
    pub(crate) full_tag: String,
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Repository without registry and tag.
    pub(crate) repo: String,
    /// The tag alone.
    pub(crate) tag: String,
    /// When the tag was last seen to move to the image.
    pub(crate) tag_detected_at: Timestamp,
}

/// A package in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PackageReference {
    /// Name of the package.
    pub(crate) name: String,
    /// Its version; null means every version.
    #[schema(default = json!(null))]
    pub(crate) version: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The vendor decided not to fix it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) will_not_fix: Option<bool>,
}

/// A page of vulnerability records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaginatedVulnerabilityList {
    /// Number of this page.
    pub(crate) page: String,
    /// Number of the next page; not there on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<String>,
    /// Records on this page.
    pub(crate) returned_count: usize,
    /// The records, by id and then namespace, both descending.
    pub(crate) vulnerabilities: Vec<StandaloneVulnerability>,
}

/// What one source tells about a vulnerability.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct StandaloneVulnerability {
    /// `CVE-…`, `GHSA-…`, `ELSA-…`.
    pub(crate) id: String,
    /// The source: `alpine:3.12`, `nvdv2:cves`.
    pub(crate) namespace: String,
    /// Packages that have it.
    pub(crate) affected_packages: Vec<PackageReference>,
    /// `Unknown`, `Negligible`, `Low`, `Medium`, `High` or `Critical`.
    pub(crate) severity: String,
    /// Link to the record of the source.
    pub(crate) link: String,
    /// Scores of the National Vulnerability Database.
    pub(crate) nvd_data: Vec<NvdDataObject>,
    /// Scores of the source.
    pub(crate) vendor_data: Vec<NvdDataObject>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) description: Option<String>,
    /// Links to more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) references: Option<Vec<VulnerabilityReference>>,
}

/// A link to more about a vulnerability.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct VulnerabilityReference {
    /// Who wrote what it leads to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) source: Option<String>,
    /// Kinds of content.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// The link.
    pub(crate) url: String,
}
