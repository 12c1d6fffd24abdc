//! The facts about an image that rules look at.
//!
//! Most come as [`EvaluationInput`] from the images side. Long listings are loaded only when the policy at hand
//! [needs](Needs) them.

use crate::resources::images::evaluation::{EvaluationInput, ImageFile};
use crate::time::Timestamp;

/// Which listings of an image a policy looks at. What is not needed may be left out of the [`Subject`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// [`Subject::files`].
    pub(crate) files: bool,
    /// [`Subject::content_matches`].
    pub(crate) content_matches: bool,
    /// [`Subject::secret_matches`].
    pub(crate) secret_matches: bool,
    /// [`Subject::retrieved_files`].
    pub(crate) retrieved_files: bool,
    /// [`Subject::malware_scans`].
    pub(crate) malware_scans: bool,
}

impl std::ops::BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            files: self.files | other.files,
            content_matches: self.content_matches | other.content_matches,
            secret_matches: self.secret_matches | other.secret_matches,
            retrieved_files: self.retrieved_files | other.retrieved_files,
            malware_scans: self.malware_scans | other.malware_scans,
        }
    }
}

/// What is known about the image under evaluation.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Metadata, Dockerfile, packages and vulnerability matches.
    pub(crate) image: EvaluationInput,
    /// What is known about the vulnerability data of the image's distribution.
    pub(crate) feed: FeedState,
    /// The files of the image; none when the analysis has no file listing.
    pub(crate) files: Option<Vec<ImageFile>>,
    /// What the content search found.
    pub(crate) content_matches: Vec<ContentMatch>,
    /// What the secret search found.
    pub(crate) secret_matches: Vec<ContentMatch>,
    /// The files whose content was kept.
    pub(crate) retrieved_files: Vec<RetrievedFile>,
    /// The malware scans that were run.
    pub(crate) malware_scans: Vec<MalwareScan>,
}

/// What is known about the vulnerability data of the image's distribution.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeedState {
    /// Distribution and version, such as `alpine:3.12.0`; none when the distribution is unknown.
    pub(crate) namespace: Option<String>,
    /// Whether there is any data for the distribution.
    pub(crate) has_data: bool,
    /// When that data was last synchronised.
    pub(crate) last_sync: Option<Timestamp>,
}

/// A file whose content matched a search expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentMatch {
    /// The file's absolute path.
    pub(crate) path: String,
    /// The name of the expression, where it has one.
    pub(crate) name: Option<String>,
    /// The expression; empty where only the name is known.
    pub(crate) expression: String,
}

impl ContentMatch {
    /// Whether the expression has this name, or is this text.
    pub(crate) fn is_of(&self, wanted: &str) -> bool {
        self.name.as_deref() == Some(wanted) || self.expression == wanted
    }

    /// Name and expression as findings show them.
    pub(crate) fn label(&self) -> String {
        match &self.name {
            Some(name) if self.expression.is_empty() => name.clone(),
            Some(name) => format!("{name}={}", self.expression),
            None => self.expression.clone(),
        }
    }
}

/// A file whose content was kept at analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetrievedFile {
    /// The absolute path.
    pub(crate) path: String,
    /// The content.
    pub(crate) content: Vec<u8>,
}

/// One run of a malware scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MalwareScan {
    /// The scanner's name.
    pub(crate) scanner: String,
    /// What it found.
    pub(crate) findings: Vec<MalwareFinding>,
}

/// Malware in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MalwareFinding {
    /// The file's absolute path.
    pub(crate) path: String,
    /// The signature that matched.
    pub(crate) signature: String,
}
