//! The operations on policies.

use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::document::Policy;
use super::engine::compile;
use super::store;
use super::types::{
    GetPolicyQuery, ListPoliciesQuery, PolicyRecord, PolicyRecordRequest, UpdatePolicyQuery,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::events::Origin;
use crate::state::AppState;
use crate::store::Transaction;

/// The service that events about policies name.
const SERVICE: &str = "catalog";

/// List the policies of the account
#[utoipa::path(
    get, path = "/policies", tag = "Policies", params(ListPoliciesQuery),
    extensions(("x-anchore-authz-action" = json!("listPolicies"))),
    responses((status = 200, description = "Policies, oldest first", body = [PolicyRecord])),
)]
pub(super) async fn list_policies(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListPoliciesQuery>,
) -> ApiResult<Json<Vec<PolicyRecord>>> {
    let account = caller.account();
    let with_document = query.detail.unwrap_or(false);
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, with_document)?))
        .await?;
    Ok(Json(found))
}

/// Add a policy
///
/// It is not active yet. A policy with the same id is replaced, and stays active if it was.
#[utoipa::path(
    post, path = "/policies", tag = "Policies",
    extensions(("x-anchore-authz-action" = json!("createPolicy"))),
    request_body = Policy,
    responses(
        (status = 200, description = "The policy", body = PolicyRecord),
        (status = 400, description = "The document has problems; all of them are listed in `detail`", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_policy(
    State(state): State<AppState>,
    caller: Caller,
    Json(policy): Json<Policy>,
) -> ApiResult<Json<PolicyRecord>> {
    validate(&policy)?;
    let account = caller.account();
    let origin = Origin::of(&state, SERVICE);
    let added = state
        .write(move |tx| {
            store::put_document(tx, &account, &policy, store::LOCAL, &origin)?;
            existing(tx, &account, &policy.id, true)
        })
        .await?;
    Ok(Json(added))
}

/// Get a policy
#[utoipa::path(
    get, path = "/policies/{policy_id}", tag = "Policies",
    params(("policy_id" = String, Path, description = "The policy"), GetPolicyQuery),
    extensions(("x-anchore-authz-action" = json!("getPolicy"))),
    responses((status = 200, description = "The policy", body = PolicyRecord)),
)]
pub(super) async fn get_policy(
    State(state): State<AppState>,
    caller: Caller,
    Path(policy_id): Path<String>,
    Query(query): Query<GetPolicyQuery>,
) -> ApiResult<Json<PolicyRecord>> {
    let account = caller.account();
    let with_document = query.detail.unwrap_or(true);
    let found = state
        .read(move |tx| existing(tx, &account, &policy_id, with_document))
        .await?;
    Ok(Json(found))
}

/// Change or activate a policy
///
/// Activating one deactivates the one that was active: exactly one policy of an account is active.
#[utoipa::path(
    put, path = "/policies/{policy_id}", tag = "Policies",
    params(("policy_id" = String, Path, description = "The policy"), UpdatePolicyQuery),
    extensions(("x-anchore-authz-action" = json!("updatePolicy"))),
    request_body = PolicyRecordRequest,
    responses(
        (status = 200, description = "The policy", body = PolicyRecord),
        (status = 400, description = "The document has problems, or another id", body = ApiErrorResponse),
        (status = 409, description = "The policy is active and cannot be deactivated", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_policy(
    State(state): State<AppState>,
    caller: Caller,
    Path(policy_id): Path<String>,
    Query(query): Query<UpdatePolicyQuery>,
    Json(request): Json<PolicyRecordRequest>,
) -> ApiResult<Json<PolicyRecord>> {
    let account = caller.account();
    let origin = Origin::of(&state, SERVICE);
    let activate = query.active.unwrap_or(request.active);
    let changed = state
        .write(move |tx| {
            let stored = existing(tx, &account, &policy_id, true)?;
            if stored.active && !activate {
                return Err(ApiError::conflict(
                    "cannot deactivate an active policy - can only activate an inactive policy",
                ));
            }
            if request.policy_id != policy_id {
                return Err(ApiError::bad_request(format!(
                    "policy_id in route is different from policy_id in payload: {policy_id} != {}",
                    request.policy_id
                )));
            }
            let policy = request.policy.as_ref().or(stored.policy.as_ref());
            let policy = policy.expect("the record was read with its document");
            if policy.id != policy_id {
                return Err(ApiError::bad_request(format!(
                    "policy_id in route is different from the id of the policy in payload: {policy_id} != {}",
                    policy.id
                )));
            }
            validate(policy)?;
            store::put_document(tx, &account, policy, &request.policy_source, &origin)?;
            if activate {
                store::activate(tx, &account, &policy_id, &origin)?;
            }
            existing(tx, &account, &policy_id, true)
        })
        .await?;
    Ok(Json(changed))
}

/// Remove a policy
///
/// Evaluations made with it are kept.
#[utoipa::path(
    delete, path = "/policies/{policy_id}", tag = "Policies",
    params(("policy_id" = String, Path, description = "The policy")),
    extensions(("x-anchore-authz-action" = json!("deletePolicy"))),
    responses(
        (status = 204, description = "It is removed"),
        (status = 404, description = "There is no such policy", body = ApiErrorResponse),
        (status = 409, description = "The policy is active", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_policy(
    State(state): State<AppState>,
    caller: Caller,
    Path(policy_id): Path<String>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| {
            if existing(tx, &account, &policy_id, false)?.active {
                return Err(ApiError::conflict(
                    "cannot delete an active policy - activate a different policy then delete this one",
                ));
            }
            Ok(store::delete(tx, &account, &policy_id)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The policy of this id.
///
/// # Errors
/// 404 when there is none.
fn existing(
    tx: &mut Transaction<'_>,
    account: &str,
    policy_id: &str,
    with_document: bool,
) -> ApiResult<PolicyRecord> {
    store::get(tx, account, policy_id, with_document)?.ok_or_else(|| not_found(policy_id))
}

/// 404: no policy of this id.
pub(crate) fn not_found(policy_id: &str) -> ApiError {
    ApiError::not_found(format!("Policy bundle {policy_id} not found in DB"))
}

/// Refuses a document with problems.
///
/// # Errors
/// 400 with all of them.
fn validate(policy: &Policy) -> ApiResult<()> {
    let (_, problems) = compile(policy);
    if problems.is_empty() {
        return Ok(());
    }
    Err(ApiError::bad_request("Bundle failed validation")
        .with_detail("validation_details", json!(problems)))
}
