//! The operation on repositories.

use axum::extract::State;
use serde_json::json;

use super::types::RepositoryQuery;
use crate::distribution::LookupError;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Query};
use crate::resources::events::{Origin, catalogue};
use crate::resources::images::record::source;
use crate::resources::images::reference::RepositoryReference;
use crate::resources::subscriptions::store::{self, NewSubscription};
use crate::resources::subscriptions::types::{Subscription, SubscriptionType};
use crate::state::AppState;

/// Watch a repository
///
/// The repository's tags are looked up in its registry. For a repository that is watched already
/// only what is known about its tags is brought up to date.
#[utoipa::path(
    post, path = "/repositories", tag = "Repository Credentials", params(RepositoryQuery),
    extensions(("x-anchore-authz-action" = json!("createRepository"))),
    responses(
        (status = 200, description = "The subscription, as the only element", body = [Subscription]),
        (status = 404, description = "The registry shows no tags of the repository", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_repository(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<RepositoryQuery>,
) -> ApiResult<Json<Vec<Subscription>>> {
    let repository = RepositoryReference::parse(&query.repository)
        .map_err(|error| ApiError::bad_request(format!("query parameter `repository`: {error}")))?;
    let account = caller.account();
    let endpoint = source::endpoint(
        &state,
        &account,
        &repository.registry,
        &repository.repository,
    )
    .await?;
    let looked_up = state
        .distribution
        .tags(&endpoint, &repository.repository)
        .await;
    let key = repository.full_name();
    let tags = match looked_up {
        Ok(tags) if !tags.is_empty() => tags,
        Ok(_) => return Err(no_tags(&key, None)),
        Err(error) => {
            let origin = Origin::of(&state, "catalog");
            let kind = &catalogue::REPOSITORY_LIST_TAGS_FAILED;
            source::record_failure(&state, &origin, &account, kind, key.clone(), &error).await?;
            return Err(no_tags(&key, Some(&error)));
        }
    };
    let value = json!({
        "autosubscribe": query.auto_subscribe.unwrap_or(false),
        "lookuptag": "latest",
        "tagcount": tags.len(),
        "repotags": tags,
    })
    .to_string();
    let subscription = if query.dry_run.unwrap_or(false) {
        Subscription {
            subscription_id: store::id_of(&account, &key, SubscriptionType::RepoUpdate),
            subscription_key: key,
            subscription_type: SubscriptionType::RepoUpdate.as_str().to_owned(),
            subscription_value: Some(value),
            account_name: account,
            active: false,
        }
    } else {
        watch(&state, account, key, value).await?
    };
    Ok(Json(vec![subscription]))
}

/// Makes the subscription, or brings the value of the one there is up to date.
async fn watch(
    state: &AppState,
    account: String,
    key: String,
    value: String,
) -> ApiResult<Subscription> {
    let now = state.now();
    state
        .write(move |tx| {
            let new = NewSubscription {
                account: &account,
                key: &key,
                kind: SubscriptionType::RepoUpdate,
                value: Some(&value),
                active: true,
            };
            let is_new = store::insert(tx, &new, now)?;
            let id = store::id_of(&account, &key, SubscriptionType::RepoUpdate);
            let mut subscription = store::get(tx, &account, &id)?.ok_or_else(|| {
                ApiError::internal("a subscription went away within a transaction")
            })?;
            if !is_new {
                subscription.subscription_value = Some(value.clone());
                store::update(tx, &subscription, now)?;
            }
            Ok(subscription)
        })
        .await
}

fn no_tags(repository: &str, error: Option<&LookupError>) -> ApiError {
    let refusal = ApiError::not_found(format!(
        "no tags could be added from input regrepo ({repository})"
    ));
    match error {
        Some(error) => refusal
            .with_code(error.code())
            .with_detail("reason", json!(error.to_string())),
        None => refusal,
    }
}
