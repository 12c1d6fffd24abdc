//! Vulnerability reports as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resources::images::evaluation::{
    CvssScores, PackageClass, ScoredRecord, VulnerabilityMatch,
};

/// What stands in a text field of a report that nothing is known about. Clients look for it.
pub(crate) const NONE: &str = "None";

/// Severities, worst first: the place in this list ranks them.
const SEVERITIES: [&str; 6] = ["Critical", "High", "Medium", "Low", "Negligible", "Unknown"];

/// The place of a severity among all, worst 0. A word that is not known counts as `Unknown`.
pub(crate) fn severity_rank(severity: &str) -> i64 {
    let place = SEVERITIES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(severity))
        .unwrap_or(SEVERITIES.len() - 1);
    i64::try_from(place).expect("there are six")
}

/// Which matches a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VulnerabilityType {
    /// Of packages of the operating system.
    Os,
    /// Of all other packages.
    NonOs,
    /// All.
    All,
}

impl VulnerabilityType {
    /// In the order they are listed.
    pub(crate) const EVERY: [Self; 3] = [Self::Os, Self::NonOs, Self::All];

    /// The word clients use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::NonOs => "non-os",
            Self::All => "all",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The only class shown, unless all are.
    pub(crate) const fn class(self) -> Option<PackageClass> {
        match self {
            Self::Os => Some(PackageClass::Os),
            Self::NonOs => Some(PackageClass::NonOs),
            Self::All => None,
        }
    }
}

/// Vulnerabilities of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImagePackageVulnerabilityResponse {
    /// The image.
    pub(crate) image_digest: String,
    /// The base image the report was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_digest: Option<String>,
    /// Which packages the report is about: `os`, `non-os` or `all`.
    pub(crate) vulnerability_type: String,
    /// Worst first.
    pub(crate) vulnerabilities: Vec<ImagePackageVulnerability>,
}

/// One match.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImagePackageVulnerability {
    /// `CVE-…`, `GHSA-…`, `ELSA-…`.
    pub(crate) vuln: String,
    /// Versions that fix it, joined by `,`; `None` when there is none.
    pub(crate) fix: String,
    /// `Unknown`, `Negligible`, `Low`, `Medium`, `High` or `Critical`.
    pub(crate) severity: String,
    /// Name and version of the package.
    pub(crate) package: String,
    /// Link to a description.
    pub(crate) url: String,
    /// Where the match comes from.
    pub(crate) feed: String,
    /// Namespace within the feed.
    pub(crate) feed_group: String,
    /// Name of the package.
    pub(crate) package_name: String,
    /// Version of the package.
    pub(crate) package_version: String,
    /// Type of the package.
    pub(crate) package_type: String,
    /// CPE the match was made on.
    pub(crate) package_cpe: String,
    /// Path inside the image; `pkgdb` for packages of the operating system.
    pub(crate) package_path: String,
    /// The vendor decided not to fix it.
    pub(crate) will_not_fix: bool,
    /// Scores of the National Vulnerability Database.
    pub(crate) nvd_data: Vec<NvdDataObject>,
    /// Scores of the vendor.
    pub(crate) vendor_data: Vec<NvdDataObject>,
    /// First time the match was seen.
    pub(crate) detected_at: String,
    /// First time a fix was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix_observed_at: Option<String>,
    /// The base image has it too; only with `base_digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inherited_from_base: Option<bool>,
}

/// Scores of one record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NvdDataObject {
    /// Id of the record.
    pub(crate) id: String,
    /// CVSS version 2.
    pub(crate) cvss_v2: CvssObject,
    /// CVSS version 3.
    pub(crate) cvss_v3: CvssObject,
}

/// One set of scores; what is not known is -1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct CvssObject {
    /// 0 to 10.
    pub(crate) base_score: f64,
    /// 0 to 10.
    pub(crate) exploitability_score: f64,
    /// 0 to 10.
    pub(crate) impact_score: f64,
}

impl From<CvssScores> for CvssObject {
    fn from(scores: CvssScores) -> Self {
        Self {
            base_score: scores.base_score,
            exploitability_score: scores.exploitability_score,
            impact_score: scores.impact_score,
        }
    }
}

impl From<CvssObject> for CvssScores {
    fn from(object: CvssObject) -> Self {
        Self {
            base_score: object.base_score,
            exploitability_score: object.exploitability_score,
            impact_score: object.impact_score,
        }
    }
}

impl From<&ScoredRecord> for NvdDataObject {
    fn from(record: &ScoredRecord) -> Self {
        Self {
            id: record.id.clone(),
            cvss_v2: record.cvss_v2.into(),
            cvss_v3: record.cvss_v3.into(),
        }
    }
}

impl From<NvdDataObject> for ScoredRecord {
    fn from(object: NvdDataObject) -> Self {
        Self {
            id: object.id,
            cvss_v2: object.cvss_v2.into(),
            cvss_v3: object.cvss_v3.into(),
        }
    }
}

impl From<&VulnerabilityMatch> for ImagePackageVulnerability {
    fn from(found: &VulnerabilityMatch) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| NONE.to_owned());
        Self {
            vuln: found.vulnerability_id.clone(),
            fix: text(&found.fix),
            severity: found.severity.clone(),
            package: format!("{}-{}", found.package_name, found.package_version),
            url: text(&found.url),
            feed: found.feed.clone(),
            feed_group: found.feed_group.clone(),
            package_name: found.package_name.clone(),
            package_version: found.package_version.clone(),
            package_type: found.package_type.clone(),
            package_cpe: text(&found.package_cpe),
            package_path: found.package_path.clone(),
            will_not_fix: found.will_not_fix,
            nvd_data: found.nvd_data.iter().map(Into::into).collect(),
            vendor_data: found.vendor_data.iter().map(Into::into).collect(),
            detected_at: found.detected_at.clone(),
            fix_observed_at: found.fix_observed_at.clone(),
            inherited_from_base: None,
        }
    }
}

impl ImagePackageVulnerability {
    /// The match that this row shows, of a package of this class.
    pub(crate) fn into_match(self, package_class: PackageClass) -> VulnerabilityMatch {
        let known = |text: String| Some(text).filter(|text| text != NONE);
        VulnerabilityMatch {
            vulnerability_id: self.vuln,
            severity: self.severity,
            fix: known(self.fix),
            package_name: self.package_name,
            package_version: self.package_version,
            package_type: self.package_type,
            package_class,
            package_path: self.package_path,
            url: known(self.url),
            feed: self.feed,
            feed_group: self.feed_group,
            will_not_fix: self.will_not_fix,
            nvd_data: self.nvd_data.into_iter().map(Into::into).collect(),
            vendor_data: self.vendor_data.into_iter().map(Into::into).collect(),
            detected_at: self.detected_at,
            fix_observed_at: self.fix_observed_at,
            package_cpe: known(self.package_cpe),
        }
    }
}

/// One report of an image.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VulnerabilityPath {
    /// `sha256:…` of the image manifest.
    #[param(pattern = "^sha256:[a-fA-F0-9]{64}$")]
    pub(crate) image_digest: String,
    /// `os`, `non-os` or `all`.
    pub(crate) vuln_type: String,
}

/// How to report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VulnerabilityQuery {
    /// Match again first. Without feeds to match with, this changes nothing. Default: false.
    #[serde(rename = "force_refresh")]
    #[param(rename = "force_refresh")]
    _force_refresh: Option<bool>,
    /// Leave out what the vendor decided not to fix. Default: true.
    pub(crate) vendor_only: Option<bool>,
    /// Tell what this base image has too.
    pub(crate) base_digest: Option<String>,
}
