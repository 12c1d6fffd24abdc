//! Alerts as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertType {
    /// An image fails a policy.
    ComplianceViolation,
}

/// Whether somebody should look at an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertState {
    /// Somebody should.
    Open,
    /// Nobody needs to any more.
    Closed,
}

impl AlertState {
    /// The word clients and the database use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Closed]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// An image fails a policy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ComplianceViolationAlert {
    /// Id of the alert.
    pub(crate) uuid: String,
    /// Always `compliance_violation`.
    #[serde(rename = "type")]
    pub(crate) kind: AlertType,
    /// Whether somebody should look at it.
    pub(crate) state: AlertState,
    /// What it is about.
    pub(crate) resource: ComplianceResource,
    /// Who closed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_by: Option<String>,
    /// Why it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_reason: Option<String>,
    /// When it was raised.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
    /// Why the image fails: `policy_evaluation` or `denylisted`.
    pub(crate) compliance_status_reason: String,
    /// Findings that stop the image.
    pub(crate) violations_count: i64,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ComplianceResource {
    /// The image.
    pub(crate) image_digest: String,
    /// The policy.
    pub(crate) policy_id: String,
    /// The tag, written in full.
    pub(crate) image_tag: String,
    /// Host, or host and port.
    pub(crate) registry: String,
    /// Repository without registry and tag.
    pub(crate) repository: String,
    /// The evaluation that failed.
    pub(crate) evaluation_id: String,
    /// When it was made.
    pub(crate) evaluated_at: Timestamp,
}

/// What an alert should become.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ComplianceViolationAlertState {
    /// Whether somebody should look at it.
    pub(crate) state: AlertState,
}

/// An alert of any type in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AlertSummary {
    /// Id of the alert.
    pub(crate) uuid: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub(crate) kind: AlertType,
    /// Whether somebody should look at it.
    pub(crate) state: AlertState,
    /// What names the thing it is about.
    pub(crate) resource_labels: Vec<ResourceLabel>,
    /// Who closed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_by: Option<String>,
    /// Why it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_reason: Option<String>,
    /// When it was raised.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
}

/// A part of the name of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ResourceLabel {
    /// Which part.
    pub(crate) key: String,
    /// What it is.
    pub(crate) value: String,
}

impl From<ComplianceViolationAlert> for AlertSummary {
    fn from(alert: ComplianceViolationAlert) -> Self {
        let resource = alert.resource;
        Self {
            uuid: alert.uuid,
            kind: alert.kind,
            state: alert.state,
            resource_labels: [
                ("tag", resource.image_tag),
                ("image_digest", resource.image_digest),
                ("registry", resource.registry),
                ("repository", resource.repository),
                ("policy_id", resource.policy_id),
            ]
            .into_iter()
            .map(|(key, value)| ResourceLabel {
                key: key.to_owned(),
                value,
            })
            .collect(),
            closed_by: alert.closed_by,
            closed_reason: alert.closed_reason,
            created_at: alert.created_at,
            last_updated: alert.last_updated,
        }
    }
}

/// A word of the `state` filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertStateFilter {
    /// Alerts of both states.
    All,
    /// Open ones.
    Open,
    /// Closed ones.
    Closed,
}

impl AlertStateFilter {
    /// The one state that passes, unless both do.
    pub(super) fn only(self) -> Option<AlertState> {
        match self {
            Self::All => None,
            Self::Open => Some(AlertState::Open),
            Self::Closed => Some(AlertState::Closed),
        }
    }
}

/// A word of the `type` filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertTypeFilter {
    /// Alerts of all types.
    All,
    /// Images that fail a policy.
    ComplianceViolation,
}

/// Which alerts to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertsQuery {
    /// Number of the page, from 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<i64>,
    /// Most alerts on a page.
    #[param(minimum = 1, maximum = 100, default = 100)]
    pub(crate) limit: Option<i64>,
    /// Only alerts of this state.
    #[param(inline, default = "open")]
    pub(crate) state: Option<AlertStateFilter>,
    /// Only alerts raised after this moment.
    #[param(value_type = Option<Timestamp>)]
    pub(crate) created_after: Option<String>,
    /// Only alerts raised before this moment.
    #[param(value_type = Option<Timestamp>)]
    pub(crate) created_before: Option<String>,
    /// Only alerts about this image.
    pub(crate) resource_image_digest: Option<String>,
    /// Only alerts about this tag, written in full.
    pub(crate) resource_image_tag: Option<String>,
    /// Only alerts about images of this registry.
    pub(crate) resource_registry: Option<String>,
    /// Only alerts about images of this repository.
    pub(crate) resource_repository: Option<String>,
}

/// Which summaries to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummariesQuery {
    /// Number of the page, from 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<i64>,
    /// Most alerts on a page.
    #[param(minimum = 1, maximum = 100, default = 100)]
    pub(crate) limit: Option<i64>,
    /// Only alerts of this type. There is only one.
    #[serde(rename = "type")]
    #[param(inline, rename = "type", default = "all")]
    _kind: Option<AlertTypeFilter>,
    /// Only alerts of this state.
    #[param(inline, default = "open")]
    pub(crate) state: Option<AlertStateFilter>,
    /// Only alerts raised after this moment.
    #[param(value_type = Option<Timestamp>)]
    pub(crate) created_after: Option<String>,
    /// Only alerts raised before this moment.
    #[param(value_type = Option<Timestamp>)]
    pub(crate) created_before: Option<String>,
    /// Only alerts with these labels, each written `key=value`.
    #[serde(default)]
    #[param(style = Form, explode = true, required = false)]
    pub(crate) resource_label: Vec<String>,
}

/// One alert.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AlertPath {
    /// Id of the alert.
    pub(crate) uuid: String,
}
