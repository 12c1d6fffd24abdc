//! The operations on roles and their members.

use axum::extract::State;
use http::StatusCode;

use super::store;
use super::types::{
    MemberQuery, MembersQuery, RbacManagerAccountRole, RbacManagerRole, RbacManagerRoleMember,
    RbacManagerRoleMembership, RbacManagerRoleSummary, UserRolesQuery,
};
use crate::access::identity::AccountState;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::accounts;
use crate::state::AppState;
use crate::store::Transaction;

/// List the roles
#[utoipa::path(
    get, path = "/rbac-manager/roles", tag = "RBAC",
    extensions(("x-anchore-authz-action" = json!("listRoles"))),
    responses((status = 200, description = "Roles, by name", body = [RbacManagerRoleSummary])),
)]
pub(super) async fn list_roles(
    State(state): State<AppState>,
) -> ApiResult<Json<Vec<RbacManagerRoleSummary>>> {
    Ok(Json(state.read(|tx| Ok(store::roles(tx)?)).await?))
}

/// Get a role
#[utoipa::path(
    get, path = "/rbac-manager/roles/{role_name}", tag = "RBAC",
    params(("role_name" = String, Path, description = "The role")),
    extensions(("x-anchore-authz-action" = json!("getRole"))),
    responses((status = 200, description = "The role with all it allows", body = RbacManagerRole)),
)]
pub(super) async fn get_role(
    State(state): State<AppState>,
    Path(role_name): Path<String>,
) -> ApiResult<Json<RbacManagerRole>> {
    let found = state.peek(move |tx| existing(tx, &role_name)).await?;
    Ok(Json(found))
}

/// List who holds a role
///
/// Only memberships in accounts where the caller may list them are shown.
#[utoipa::path(
    get, path = "/rbac-manager/roles/{role_name}/members", tag = "RBAC",
    params(("role_name" = String, Path, description = "The role"), MembersQuery),
    extensions(("x-anchore-authz-action" = json!("listRoleMembers"))),
    responses((status = 200, description = "Members, by account and name", body = [RbacManagerRoleMember])),
)]
pub(super) async fn list_role_members(
    State(state): State<AppState>,
    caller: Caller,
    Path(role_name): Path<String>,
    Query(query): Query<MembersQuery>,
) -> ApiResult<Json<Vec<RbacManagerRoleMember>>> {
    let found = state
        .read(move |tx| {
            let visible = visible_domains(tx, &caller, query.for_account.as_deref())?;
            existing(tx, &role_name)?;
            let mut found = store::members(tx, &role_name, query.for_account.as_deref())?;
            found.retain(|member| visible.contains(&member.for_account));
            Ok(found)
        })
        .await?;
    Ok(Json(found))
}

/// Give a user a role
///
/// Giving it again changes nothing.
#[utoipa::path(
    post, path = "/rbac-manager/roles/{role_name}/members", tag = "RBAC",
    params(("role_name" = String, Path, description = "The role")),
    extensions(("x-anchore-authz-action" = json!("createRoleMember"))),
    request_body = RbacManagerRoleMember,
    responses((status = 200, description = "The membership", body = RbacManagerRoleMember)),
)]
pub(super) async fn add_role_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(role_name): Path<String>,
    Json(request): Json<RbacManagerRoleMember>,
) -> ApiResult<Json<RbacManagerRoleMember>> {
    caller
        .require(&state, "createRoleMember", &request.for_account)
        .await?;
    let now = state.now();
    let member = state
        .write(move |tx| {
            existing(tx, &role_name)?;
            let account = accounts::store::get(tx, &request.for_account)?
                .ok_or_else(|| ApiError::not_found("Account not found"))?;
            if account.state == AccountState::Deleting {
                return Err(ApiError::conflict("The account is being deleted"));
            }
            let user = accounts::users::store::get(tx, &request.username)?
                .ok_or_else(|| ApiError::not_found("User not found"))?;
            Ok(store::add_member(
                tx,
                &role_name,
                &user.username,
                &account.name,
                now,
            )?)
        })
        .await?;
    Ok(Json(member))
}

/// Take a role from a user
#[utoipa::path(
    delete, path = "/rbac-manager/roles/{role_name}/members", tag = "RBAC",
    params(("role_name" = String, Path, description = "The role"), MemberQuery),
    extensions(("x-anchore-authz-action" = json!("deleteRoleMember"))),
    responses((status = 204, description = "The user does not hold it any more")),
)]
pub(super) async fn delete_role_user(
    State(state): State<AppState>,
    caller: Caller,
    Path(role_name): Path<String>,
    Query(query): Query<MemberQuery>,
) -> ApiResult<StatusCode> {
    caller
        .require(&state, "deleteRoleMember", &query.for_account)
        .await?;
    state
        .write(move |tx| {
            existing(tx, &role_name)?;
            if store::remove_member(tx, &role_name, &query.username, &query.for_account)? {
                Ok(())
            } else {
                Err(ApiError::not_found("Role member not found"))
            }
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the caller's roles
#[utoipa::path(
    get, path = "/rbac-manager/my-roles", tag = "RBAC",
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "One element for each role in each account", body = [RbacManagerAccountRole])),
)]
pub(super) async fn my_roles(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Vec<RbacManagerAccountRole>>> {
    let found = state
        .read(move |tx| {
            let held = store::memberships(tx, caller.username(), None, None)?;
            held.into_iter()
                .map(|held| {
                    Ok(RbacManagerAccountRole {
                        roles: existing(tx, &held.role)?,
                        for_account: held.for_account,
                    })
                })
                .collect()
        })
        .await?;
    Ok(Json(found))
}

/// List the roles of a user
///
/// Everyone may see their own; those of others only in accounts where the caller may list members.
#[utoipa::path(
    get, path = "/rbac-manager/users/{username}/roles", tag = "RBAC",
    params(("username" = String, Path, description = "The user"), UserRolesQuery),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "Roles, by account and name", body = [RbacManagerRoleMembership])),
)]
pub(super) async fn list_user_roles(
    State(state): State<AppState>,
    caller: Caller,
    Path(username): Path<String>,
    Query(query): Query<UserRolesQuery>,
) -> ApiResult<Json<Vec<RbacManagerRoleMembership>>> {
    let found = state
        .read(move |tx| {
            let account = query.for_account.as_deref();
            let visible = if caller.username() == username {
                VisibleDomains::All
            } else {
                visible_domains(tx, &caller, account)?
            };
            accounts::users::store::get(tx, &username)?
                .ok_or_else(|| ApiError::not_found("User not found"))?;
            let mut found = store::memberships(tx, &username, account, query.role.as_deref())?;
            found.retain(|held| visible.contains(&held.for_account));
            Ok(found)
        })
        .await?;
    Ok(Json(found))
}

/// The role of this name.
///
/// # Errors
/// 404 when there is none.
fn existing(tx: &mut Transaction<'_>, name: &str) -> ApiResult<RbacManagerRole> {
    store::role(tx, name)?.ok_or_else(|| ApiError::not_found("Role not found"))
}

/// The accounts whose memberships a caller may see.
enum VisibleDomains {
    All,
    Some(Vec<String>),
}

impl VisibleDomains {
    fn contains(&self, account: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(accounts) => accounts.iter().any(|known| known == account),
        }
    }
}

/// Where the caller may list members.
///
/// # Errors
/// 403 when that is not in `wanted`, or, without one, nowhere.
fn visible_domains(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    wanted: Option<&str>,
) -> ApiResult<VisibleDomains> {
    const ACTION: &str = "listRoleMembers";
    if caller.identity.is_administrator {
        return Ok(VisibleDomains::All);
    }
    let visible = store::domains_with(tx, caller.username(), ACTION)?;
    let is_allowed = match wanted {
        Some(account) => visible.iter().any(|known| known == account),
        None => !visible.is_empty(),
    };
    if is_allowed {
        Ok(VisibleDomains::Some(visible))
    } else {
        Err(ApiError::lacks_permission(
            wanted.unwrap_or(&caller.account),
            ACTION,
        ))
    }
}
