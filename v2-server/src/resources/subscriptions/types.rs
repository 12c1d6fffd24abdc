//! Subscriptions as clients see them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::strict::nullable;

/// What a subscription does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionType {
    /// Evaluate the policy again and again, and tell about changes.
    PolicyEval,
    /// Watch a tag in its registry, and add the images it moves to.
    TagUpdate,
    /// Match vulnerabilities again and again, and tell about changes.
    VulnUpdate,
    /// Tell when an analysis has ended.
    AnalysisUpdate,
    /// Watch a repository, and add its new tags.
    RepoUpdate,
}

impl SubscriptionType {
    /// The types an image's tag gets, in this order.
    pub(crate) const OF_TAGS: [Self; 4] = [
        Self::PolicyEval,
        Self::TagUpdate,
        Self::VulnUpdate,
        Self::AnalysisUpdate,
    ];

    /// The word clients use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyEval => "policy_eval",
            Self::TagUpdate => "tag_update",
            Self::VulnUpdate => "vuln_update",
            Self::AnalysisUpdate => "analysis_update",
            Self::RepoUpdate => "repo_update",
        }
    }

    /// Reads the word clients use.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::OF_TAGS
            .into_iter()
            .chain([Self::RepoUpdate])
            .find(|kind| kind.as_str() == word)
    }
}

/// Something an account is told about, or that is kept up to date for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the words of the API")]
pub(crate) struct Subscription {
    /// What is watched: a tag, or a repository.
    pub(crate) subscription_key: String,
    /// What is done: `policy_eval`, `tag_update`, `vuln_update`, `analysis_update` or `repo_update`.
    pub(crate) subscription_type: String,
    /// Text of the client, often JSON.
    #[schema(default = json!(null))]
    pub(crate) subscription_value: Option<String>,
    /// The account that owns it.
    pub(crate) account_name: String,
    /// Whether anything is done.
    pub(crate) active: bool,
    /// Id, made of account, key and type.
    pub(crate) subscription_id: String,
}

/// A subscription to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct SubscriptionRequest {
    /// What to watch: a tag, or a repository.
    pub(crate) subscription_key: Option<String>,
    /// Text to keep with it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(default = json!(null))]
    pub(crate) subscription_value: Option<String>,
    /// What to do.
    pub(crate) subscription_type: Option<String>,
    /// Whether to begin at once. Default: false.
    pub(crate) active: Option<bool>,
}

/// What to change about a subscription; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[expect(
    clippy::option_option,
    reason = "not given, removed, and given are three things"
)]
pub(crate) struct SubscriptionUpdate {
    /// Text to keep with it; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, default = json!(null))]
    pub(crate) subscription_value: Option<Option<String>>,
    /// Whether anything is done.
    pub(crate) active: Option<bool>,
}

/// Tells a null from a member that is not there.
#[expect(
    clippy::option_option,
    reason = "not given, removed, and given are three things"
)]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    nullable(deserializer).map(Some)
}

/// Which subscriptions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubscriptionsQuery {
    /// Only those that watch this.
    pub(crate) subscription_key: Option<String>,
    /// Only those that do this.
    pub(crate) subscription_type: Option<String>,
}

/// One subscription.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SubscriptionPath {
    /// Id of the subscription.
    pub(crate) subscription_id: String,
}
