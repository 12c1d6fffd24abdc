//! Archive rules as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// Not given, for numbers that switch a condition on.
pub(super) const OFF: i64 = -1;

/// A rule that archives images, or deletes what is archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct AnalysisArchiveTransitionRule {
    /// Which tags it is about. Needed, unless the rule limits the number of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) selector: Option<ImageSelector>,
    /// Id of the rule; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule_id: Option<String>,
    /// The tag must have moved on to at least this many newer images. Default: -1, off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag_versions_newer: Option<i64>,
    /// The analysis, or the record in the archive, must be older than this many days. Default: -1, off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) analysis_age_days: Option<i64>,
    /// What becomes of the images.
    pub(crate) transition: Transition,
    /// The rule is for all accounts; only administrators may make such rules. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_global: Option<bool>,
    /// When it was made; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    /// When it was last changed; given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<Timestamp>,
    /// What it leaves alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exclude: Option<AnalysisArchiveTransitionRuleExclude>,
    /// How many images an account may have; only for a global rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_images_per_account: Option<i64>,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transition {
    /// Move images from the working set to the archive.
    Archive,
    /// Delete images from the archive.
    Delete,
}

impl Transition {
    /// The word clients and the database use.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Delete => "delete",
        }
    }

    /// Reads the word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Archive, Self::Delete]
            .into_iter()
            .find(|transition| transition.as_str() == word)
    }
}

/// Patterns for the parts of a tag; `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImageSelector {
    /// Host, or host and port.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) registry: String,
    /// Repository without registry and tag.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) repository: String,
    /// The tag alone.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) tag: String,
}

impl ImageSelector {
    /// Fits every tag.
    pub(super) fn everything() -> Self {
        let any = || "*".to_owned();
        Self {
            registry: any(),
            repository: any(),
            tag: any(),
        }
    }

    /// The three patterns.
    pub(super) fn parts(&self) -> [&str; 3] {
        [&self.registry, &self.repository, &self.tag]
    }
}

/// What a rule leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct AnalysisArchiveTransitionRuleExclude {
    /// Tags that are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) selector: Option<ImageSelector>,
    /// For how many days after the analysis they are; -1, the default: forever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiration_days: Option<i64>,
    /// Images that ran somewhere within this many days are left alone. Default: -1, off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen_in_days: Option<i64>,
}

impl Default for AnalysisArchiveTransitionRuleExclude {
    fn default() -> Self {
        Self {
            selector: Some(ImageSelector::default()),
            expiration_days: Some(OFF),
            last_seen_in_days: Some(OFF),
        }
    }
}

/// Which rules to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulesQuery {
    /// Also the global rules of other accounts. Default: true.
    pub(crate) system_global: Option<bool>,
}

/// One rule.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RulePath {
    /// Id of the rule.
    pub(crate) rule_id: String,
}
