//! The operations on subscriptions. All that answer subscriptions answer arrays, also of one:
//! clients rely on it.

use axum::extract::State;
use http::StatusCode;

use super::store::{self, NewSubscription};
use super::types::{
    Subscription, SubscriptionPath, SubscriptionRequest, SubscriptionType, SubscriptionUpdate,
    SubscriptionsQuery,
};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::state::AppState;

/// List subscriptions
#[utoipa::path(
    get, path = "/subscriptions", tag = "Subscriptions", params(SubscriptionsQuery),
    extensions(("x-anchore-authz-action" = json!("listSubscriptions"))),
    responses((status = 200, description = "Subscriptions, oldest first", body = [Subscription])),
)]
pub(super) async fn list_subscriptions(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<SubscriptionsQuery>,
) -> ApiResult<Json<Vec<Subscription>>> {
    let kind = query
        .subscription_type
        .as_deref()
        .map(supported)
        .transpose()?;
    let account = caller.account();
    let found = state
        .read(move |tx| {
            Ok(store::list(
                tx,
                &account,
                query.subscription_key.as_deref(),
                kind,
            )?)
        })
        .await?;
    Ok(Json(found))
}

/// Add a subscription
#[utoipa::path(
    post, path = "/subscriptions", tag = "Subscriptions",
    extensions(("x-anchore-authz-action" = json!("createSubscription"))),
    request_body = SubscriptionRequest,
    responses(
        (status = 200, description = "The subscription, as the only element", body = [Subscription]),
        (status = 409, description = "The account has this subscription already", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_subscription(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<SubscriptionRequest>,
) -> ApiResult<Json<Vec<Subscription>>> {
    let key = request
        .subscription_key
        .filter(|key| !key.trim().is_empty());
    let (Some(key), Some(kind)) = (key, request.subscription_type) else {
        return Err(ApiError::bad_request(
            "`subscription_key` and `subscription_type` are required and must not be empty",
        ));
    };
    let kind = supported(&kind)?;
    let account = caller.account();
    let now = state.now();
    let added = state
        .write(move |tx| {
            let new = NewSubscription {
                account: &account,
                key: &key,
                kind,
                value: request.subscription_value.as_deref(),
                active: request.active.unwrap_or(false),
            };
            if !store::insert(tx, &new, now)? {
                // Clients look for exactly this text.
                return Err(ApiError::conflict("subscription already exists in DB"));
            }
            Ok(store::get(
                tx,
                &account,
                &store::id_of(&account, &key, kind),
            )?)
        })
        .await?;
    Ok(Json(added.into_iter().collect()))
}

/// Get a subscription
#[utoipa::path(
    get, path = "/subscriptions/{subscription_id}", tag = "Subscriptions", params(SubscriptionPath),
    extensions(("x-anchore-authz-action" = json!("getSubscription"))),
    responses(
        (status = 200, description = "The subscription, as the only element", body = [Subscription]),
        (status = 404, description = "The account has no such subscription", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_subscription(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SubscriptionPath>,
) -> ApiResult<Json<Vec<Subscription>>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| Ok(store::get(tx, &account, &path.subscription_id)?))
        .await?
        .ok_or_else(unknown)?;
    Ok(Json(vec![found]))
}

/// Change a subscription
#[utoipa::path(
    put, path = "/subscriptions/{subscription_id}", tag = "Subscriptions", params(SubscriptionPath),
    extensions(("x-anchore-authz-action" = json!("updateSubscription"))),
    request_body = SubscriptionUpdate,
    responses(
        (status = 200, description = "The subscription, as the only element", body = [Subscription]),
        (status = 404, description = "The account has no such subscription", body = ApiErrorResponse),
    ),
)]
pub(super) async fn update_subscription(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SubscriptionPath>,
    Json(update): Json<SubscriptionUpdate>,
) -> ApiResult<Json<Vec<Subscription>>> {
    let account = caller.account();
    let now = state.now();
    let changed = state
        .write(move |tx| {
            let mut subscription =
                store::get(tx, &account, &path.subscription_id)?.ok_or_else(unknown)?;
            if let Some(value) = &update.subscription_value {
                subscription.subscription_value.clone_from(value);
            }
            if let Some(active) = update.active {
                subscription.active = active;
            }
            store::update(tx, &subscription, now)?;
            Ok(subscription)
        })
        .await?;
    Ok(Json(vec![changed]))
}

/// Delete a subscription
#[utoipa::path(
    delete, path = "/subscriptions/{subscription_id}", tag = "Subscriptions", params(SubscriptionPath),
    extensions(("x-anchore-authz-action" = json!("deleteSubscription"))),
    responses(
        (status = 204, description = "The subscription is gone"),
        (status = 404, description = "The account has no such subscription", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_subscription(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SubscriptionPath>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    let was_there = state
        .write(move |tx| Ok(store::delete(tx, &account, &path.subscription_id)?))
        .await?;
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

fn supported(word: &str) -> ApiResult<SubscriptionType> {
    SubscriptionType::parse(word).ok_or_else(|| {
        ApiError::bad_request(format!("{word} is not a supported subscription type"))
    })
}

fn unknown() -> ApiError {
    ApiError::not_found("subscription not found in DB")
}
