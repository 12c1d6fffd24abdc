//! Policies as clients see them. The document itself is in [`super::document`].

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::document::Policy;
use crate::time::Timestamp;

/// A policy and what the server knows about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PolicyRecord {
    /// When it was added.
    pub(crate) created_at: Timestamp,
    /// When it was last changed, activated or deactivated.
    pub(crate) last_updated: Timestamp,
    /// Its id.
    pub(crate) policy_id: String,
    /// Whether it is the one that images are checked against unless another is asked for.
    pub(crate) active: bool,
    /// The account that owns it.
    pub(crate) account_name: String,
    /// Where it comes from.
    pub(crate) policy_source: String,
    /// Its name, as in the document.
    pub(crate) name: String,
    /// What it is for, as in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The document; left out of listings unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<Policy>,
}

/// What to change about a policy. Id, name and times cannot be changed: they are taken from the path, the document and
/// the clock.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct PolicyRecordRequest {
    /// The id, as in the path.
    pub(crate) policy_id: String,
    /// Whether the policy is to be the active one.
    pub(crate) active: bool,
    /// Where it comes from.
    pub(crate) policy_source: String,
    /// The account that owns it; not read.
    #[expect(
        dead_code,
        reason = "clients must send it, the account is that of the request"
    )]
    pub(crate) account_name: String,
    /// The name; not read, as the document has it.
    #[expect(
        dead_code,
        reason = "clients must send it, the name is that of the document"
    )]
    pub(crate) name: String,
    /// The document; the stored one is kept when it is left out.
    pub(crate) policy: Option<Policy>,
}

/// How much of a policy to answer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPoliciesQuery {
    /// Answer the documents as well. Default: false.
    pub(crate) detail: Option<bool>,
}

/// How much of a policy to answer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetPolicyQuery {
    /// Answer the document as well. Default: true.
    pub(crate) detail: Option<bool>,
}

/// Whether to activate a policy.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdatePolicyQuery {
    /// Make the policy the active one; counts more than `active` in the body.
    pub(crate) active: Option<bool>,
}
