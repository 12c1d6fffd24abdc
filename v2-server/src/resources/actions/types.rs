//! Action plans as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// What somebody is asked to do about an image.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ActionPlan {
    /// How the plan is carried out: always `notification`.
    #[serde(rename = "type")]
    #[schema(required = false)]
    pub(crate) kind: String,
    /// The tag of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tag: Option<String>,
    /// The image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_digest: Option<String>,
    /// The policy that the image fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_id: Option<String>,
    /// What would help.
    #[serde(default)]
    pub(crate) resolutions: Vec<ActionPlanResolution>,
    /// The type of notification endpoint to send the plan to.
    #[schema(required = false)]
    pub(crate) endpoint: String,
    /// The configuration of that type.
    #[schema(required = false)]
    pub(crate) configuration_id: String,
    /// A heading.
    #[schema(required = false)]
    pub(crate) subject: String,
    /// A text for people.
    #[schema(required = false)]
    pub(crate) message: String,
    /// Id of the plan. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    /// When it was sent. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    /// When it was last changed. Ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<Timestamp>,
}

/// What would help against some findings.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ActionPlanResolution {
    /// The findings.
    #[serde(default)]
    pub(crate) trigger_ids: Vec<String>,
    /// What to do.
    #[serde(default)]
    pub(crate) content: String,
}

/// Which plans to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionPlansQuery {
    /// Only plans about images with this tag.
    pub(crate) image_tag: Option<String>,
    /// Only plans about this image.
    pub(crate) image_digest: Option<String>,
    /// Only plans that were sent after this moment.
    #[param(value_type = Option<Timestamp>)]
    pub(crate) created_after: Option<String>,
}
