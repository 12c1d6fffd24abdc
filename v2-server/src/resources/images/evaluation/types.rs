//! What a policy can ask about an analysed image.
//!
//! Policies, and later reports, read images through these plain types only; they know nothing of how images are stored.

use serde_json::Value;

/// One analysed image, as a policy sees it. File listings can be very long and are read separately.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvaluationInput {
    /// `sha256:…` of the image manifest.
    pub(crate) image_digest: String,
    /// Digest of the manifest list the tag pointed at, else the image's own digest.
    pub(crate) parent_digest: String,
    /// Digest of the image configuration, without `sha256:`.
    pub(crate) image_id: String,
    /// Every tag the image was seen under, newest detection first.
    pub(crate) tags: Vec<EvaluatedTag>,
    /// Facts about the image as a whole.
    pub(crate) metadata: ImageMetadata,
    /// The Dockerfile: the one that was supplied, or one guessed from the image's history.
    pub(crate) dockerfile: Option<Dockerfile>,
    /// Every package, operating system packages first, then by type, name and location.
    pub(crate) packages: Vec<Package>,
    /// Every stored vulnerability match, `will_not_fix` ones included.
    pub(crate) vulnerabilities: Vec<VulnerabilityMatch>,
}

/// A tag of the evaluated image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EvaluatedTag {
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Repository without registry and tag.
    pub(crate) repository: String,
    /// The tag alone.
    pub(crate) tag: String,
    /// `registry/repository:tag`.
    pub(crate) full_tag: String,
}

/// Facts about an image as a whole. What the SBOM and the image configuration do not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ImageMetadata {
    /// CPU architecture, e.g. `amd64`.
    pub(crate) arch: Option<String>,
    /// Operating system of the image configuration, e.g. `linux`.
    pub(crate) os: Option<String>,
    /// Distribution id, e.g. `alpine`.
    pub(crate) distro: Option<String>,
    /// Distribution version, e.g. `3.12.0`.
    pub(crate) distro_version: Option<String>,
    /// Distributions this one is like, e.g. `debian`.
    pub(crate) like_distro: Vec<String>,
    /// Size of all layers as stored in a registry, in bytes.
    pub(crate) image_size: Option<i64>,
    /// Number of layers.
    pub(crate) layer_count: Option<i64>,
}

/// The Dockerfile and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    /// Supplied or guessed.
    pub(crate) mode: DockerfileMode,
    /// The text.
    pub(crate) text: String,
}

/// Where a Dockerfile came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DockerfileMode {
    /// Supplied with the image.
    Actual,
    /// Put together from the image's history.
    Guessed,
}

impl DockerfileMode {
    /// The word used in image records.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "Actual",
            Self::Guessed => "Guessed",
        }
    }

    /// Reads the word of an image record.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "Actual" => Some(Self::Actual),
            "Guessed" => Some(Self::Guessed),
            _ => None,
        }
    }
}

/// Whether something belongs to the operating system's package manager or to a language or application ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PackageClass {
    /// Installed by the distribution's package manager.
    Os,
    /// Everything else.
    NonOs,
}

impl PackageClass {
    /// The word used in filters: `os` or `non-os`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::NonOs => "non-os",
        }
    }

    /// Reads `os` or `non-os`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "os" => Some(Self::Os),
            "non-os" => Some(Self::NonOs),
            _ => None,
        }
    }
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "the word of the API, and `type` is Rust's"
)]
pub(crate) struct Package {
    /// Name as the package manager knows it.
    pub(crate) name: String,
    /// Version as the package manager writes it.
    pub(crate) version: String,
    /// Type as vulnerability rows write it: `APKG`, `dpkg`, `rpm`, `npm`, `gem`, `python`, `java`, `go`, `binary`, …
    pub(crate) package_type: String,
    /// Operating system or not.
    pub(crate) class: PackageClass,
    /// Licences, one entry each.
    pub(crate) licenses: Vec<String>,
    /// Path inside the image; `pkgdb` for packages of the operating system's package manager.
    pub(crate) location: String,
}

/// One stored vulnerability match of the image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VulnerabilityMatch {
    /// `CVE-…`, `GHSA-…`, `ELSA-…`.
    pub(crate) vulnerability_id: String,
    /// `Unknown`, `Negligible`, `Low`, `Medium`, `High` or `Critical`.
    pub(crate) severity: String,
    /// Fixed versions, joined by `,`; `None` when there is no fix.
    pub(crate) fix: Option<String>,
    /// Name of the matched package.
    pub(crate) package_name: String,
    /// Version of the matched package.
    pub(crate) package_version: String,
    /// Type of the matched package, as in [`Package::package_type`].
    pub(crate) package_type: String,
    /// Operating system or not.
    pub(crate) package_class: PackageClass,
    /// Path inside the image; `pkgdb` for packages of the operating system's package manager.
    pub(crate) package_path: String,
    /// Link to a description.
    pub(crate) url: Option<String>,
    /// Feed the match comes from, e.g. `vulnerabilities`.
    pub(crate) feed: String,
    /// Namespace within the feed, e.g. `alpine:3.12`.
    pub(crate) feed_group: String,
    /// The vendor decided not to fix it.
    pub(crate) will_not_fix: bool,
    /// Scores of the related records of the National Vulnerability Database.
    pub(crate) nvd_data: Vec<ScoredRecord>,
    /// Scores of the vendor.
    pub(crate) vendor_data: Vec<ScoredRecord>,
    /// First time this match was seen (RFC 3339, UTC).
    pub(crate) detected_at: String,
    /// First time a fix was seen (RFC 3339, UTC).
    pub(crate) fix_observed_at: Option<String>,
    /// CPE the match was made on.
    pub(crate) package_cpe: Option<String>,
}

/// Scores of one vulnerability record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoredRecord {
    /// Id of the scored record.
    pub(crate) id: String,
    /// CVSS version 2.
    pub(crate) cvss_v2: CvssScores,
    /// CVSS version 3.
    pub(crate) cvss_v3: CvssScores,
}

/// One set of CVSS scores; what is not known is `-1.0`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct CvssScores {
    /// 0.0 to 10.0.
    pub(crate) base_score: f64,
    /// 0.0 to 10.0.
    pub(crate) exploitability_score: f64,
    /// 0.0 to 10.0.
    pub(crate) impact_score: f64,
}

impl CvssScores {
    /// No score is known.
    #[cfg(test)]
    pub(crate) const UNKNOWN: Self = Self {
        base_score: -1.0,
        exploitability_score: -1.0,
        impact_score: -1.0,
    };
}

/// One file of the image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageFile {
    /// Absolute path.
    pub(crate) path: String,
    /// `file`, `dir`, `slink`, `hlink`, `dev`, `fifo` or `unknown`.
    pub(crate) file_type: String,
    /// Permission bits, with setuid, setgid and sticky.
    pub(crate) mode: u32,
    /// Owner.
    pub(crate) uid: i64,
    /// Group.
    pub(crate) gid: i64,
    /// Size in bytes.
    pub(crate) size: i64,
    /// SHA-256 of the content, in hexadecimal.
    pub(crate) sha256: Option<String>,
    /// Where a link points.
    pub(crate) link_target: Option<String>,
}

/// Free-form annotations of an image.
pub(crate) type Annotations = serde_json::Map<String, Value>;
