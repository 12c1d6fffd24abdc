//! Roles and memberships as clients see them.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// A role in a listing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RbacManagerRoleSummary {
    /// The name of the role.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
}

/// A role with all it allows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RbacManagerRole {
    /// The name of the role.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// What it allows.
    pub(crate) permissions: Vec<RbacManagerPermission>,
    /// Whether nobody can change what it allows.
    pub(crate) immutable: bool,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was last changed.
    pub(crate) last_updated: Timestamp,
}

/// One thing a role allows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RbacManagerPermission {
    /// The action, such as `getImage`.
    pub(crate) action: String,
    /// What it may be done to; `*` is everything.
    pub(crate) target: String,
}

/// A user who holds a role in an account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RbacManagerRoleMember {
    /// The user; need not belong to the account.
    pub(crate) username: String,
    /// The account the role counts in.
    pub(crate) for_account: String,
    /// When the user got the role; ignored in requests.
    #[serde(
        default,
        deserialize_with = "ignored",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(read_only)]
    pub(crate) created_at: Option<Timestamp>,
}

/// Takes anything for nothing: clients may send back what they got.
pub(super) fn ignored<'de, D: Deserializer<'de>, T: Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| T::default())
}

/// A role of a user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RbacManagerRoleMembership {
    /// The role.
    pub(crate) role: String,
    /// The account it counts in.
    pub(crate) for_account: String,
    /// When the user got it.
    pub(crate) created_at: Timestamp,
}

/// A role of the caller, with all it allows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RbacManagerAccountRole {
    /// The account the role counts in.
    pub(crate) for_account: String,
    /// The role.
    pub(crate) roles: RbacManagerRole,
}

/// Which members of a role to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MembersQuery {
    /// Only those who hold the role in this account.
    pub(crate) for_account: Option<String>,
}

/// Which member of a role to remove.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MemberQuery {
    /// The user.
    pub(crate) username: String,
    /// The account the role counts in.
    pub(crate) for_account: String,
}

/// Which roles of a user to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserRolesQuery {
    /// Only roles that count in this account.
    pub(crate) for_account: Option<String>,
    /// Only this role.
    pub(crate) role: Option<String>,
}
