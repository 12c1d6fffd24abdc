//! Evaluations as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resources::policies::document::{ImageSelectionRule, MappingRule, Policy};
use crate::resources::policies::engine::{
    Action, FinalActionReason, PolicyEvaluationFinding, Status,
};
use crate::resources::policies::problem::PolicyEvaluationProblem;
use crate::time::Timestamp;

/// Evaluations of an image under a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyEvaluation {
    /// The policy that was used.
    pub(crate) policy_id: String,
    /// The image.
    pub(crate) image_digest: String,
    /// The tag, written in full.
    pub(crate) evaluated_tag: String,
    /// The evaluations, newest first; only one unless all were asked for.
    pub(crate) evaluations: Vec<PolicyEvaluationResult>,
}

/// One evaluation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationResult {
    /// What was found; null unless asked for.
    #[schema(default = json!(null))]
    pub(crate) details: Option<PolicyEvaluationDetails>,
    /// The base image that the findings were compared with.
    #[schema(default = json!(null))]
    pub(crate) comparison_image_digest: Option<String>,
    /// When the evaluation was made.
    pub(crate) evaluation_time: Timestamp,
    /// What was in the way of it.
    pub(crate) evaluation_problems: Vec<PolicyEvaluationProblem>,
    /// Whether the image passes.
    pub(crate) status: Status,
    /// What the policy as a whole leads to.
    pub(crate) final_action: Action,
    /// Why.
    pub(crate) final_action_reason: FinalActionReason,
    /// Whether the image is allowed as a whole.
    pub(crate) image_allowlisted: bool,
    /// The entry that allows it.
    #[schema(default = json!(null))]
    pub(crate) matched_allowlisted_images_rule: Option<ImageSelectionRule>,
    /// Whether the image is denied as a whole.
    pub(crate) image_denylisted: bool,
    /// The entry that denies it.
    #[schema(default = json!(null))]
    pub(crate) matched_denylisted_images_rule: Option<ImageSelectionRule>,
    /// Whether a mapping applied to the image.
    pub(crate) image_mapped_to_rule: bool,
    /// The mapping that applied.
    #[schema(default = json!(null))]
    pub(crate) matched_mapping_rule: Option<MappingRule>,
    /// The number of findings, those that do not count included.
    pub(crate) number_of_findings: usize,
}

/// What an evaluation found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationDetails {
    /// The policy as it was.
    pub(crate) policy: Policy,
    /// The findings.
    pub(crate) findings: Vec<PolicyEvaluationFinding>,
    /// What the rules lead to, before images are allowed or denied as a whole.
    pub(crate) policy_action: Action,
    /// Suggestions; none are made at present.
    #[schema(default = json!(null))]
    pub(crate) remediations: Option<Vec<PolicyEvaluationRemediation>>,
}

/// Suggestions for some of the findings.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyEvaluationRemediation {
    /// The suggestions.
    pub(crate) suggestions: Vec<RemediationSuggestion>,
    /// The findings that they are for.
    pub(crate) trigger_ids: Vec<String>,
}

/// One suggestion.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RemediationSuggestion {
    /// What to do.
    pub(crate) message: String,
    /// Whether it is the best of the suggestions.
    pub(crate) preferred: bool,
}

/// What to evaluate and how.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckQuery {
    /// The policy; the active one when left out.
    pub(crate) policy_id: Option<String>,
    /// The tag to evaluate the image under; it need not be one of the image's.
    pub(crate) tag: String,
    /// Answer what was found. Default: true.
    pub(crate) detail: Option<bool>,
    /// Answer every stored evaluation, not only the newest. Default: false.
    pub(crate) history: Option<bool>,
    /// Evaluate without storing the outcome; then `history` has no meaning. Default: false.
    pub(crate) interactive: Option<bool>,
    /// The image's base image: findings tell whether it has them too.
    pub(crate) base_digest: Option<String>,
}
