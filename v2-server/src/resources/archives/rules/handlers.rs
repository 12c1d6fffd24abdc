//! The operations on archive rules.

use axum::extract::State;

use super::store;
use super::types::{AnalysisArchiveTransitionRule, ImageSelector, OFF, RulePath, RulesQuery};
use crate::access::action::GLOBAL_DOMAIN;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::policies::engine::Pattern;
use crate::state::AppState;

/// List archive rules
///
/// The account's own, and unless `system_global` is false the global ones of others.
#[utoipa::path(
    get, path = "/archives/rules", tag = "Archives", params(RulesQuery),
    extensions(("x-anchore-authz-action" = json!("listArchiveTransitionRules"))),
    responses((status = 200, description = "Rules, oldest first", body = [AnalysisArchiveTransitionRule])),
)]
pub(in super::super) async fn list_analysis_archive_rules(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<RulesQuery>,
) -> ApiResult<Json<Vec<AnalysisArchiveTransitionRule>>> {
    let account = caller.account();
    let with_global = query.system_global.unwrap_or(true);
    let found = state
        .read(move |tx| {
            let mut rules = store::of_account(tx, &account)?;
            if with_global {
                rules.extend(store::global_of_others(tx, &account)?);
            }
            Ok(rules)
        })
        .await?;
    Ok(Json(found))
}

/// Add an archive rule
///
/// A global rule needs the permission in the domain `system`, which only administrators have.
#[utoipa::path(
    post, path = "/archives/rules", tag = "Archives",
    extensions(("x-anchore-authz-action" = json!("createArchiveTransitionRule"))),
    request_body = AnalysisArchiveTransitionRule,
    responses((status = 200, description = "The rule", body = AnalysisArchiveTransitionRule)),
)]
pub(in super::super) async fn create_analysis_archive_rule(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<AnalysisArchiveTransitionRule>,
) -> ApiResult<Json<AnalysisArchiveTransitionRule>> {
    let is_global = request.system_global.unwrap_or(false);
    if is_global {
        caller
            .require(&state, "createArchiveTransitionRule", GLOBAL_DOMAIN)
            .await?;
    }
    let mut rule = complete(request)?;
    let now = state.now();
    rule.rule_id = Some(state.uuid().simple().to_string());
    rule.created_at = Some(now);
    rule.last_updated = Some(now);
    let account = caller.account();
    let rule = state
        .write(move |tx| {
            if rule.max_images_per_account.is_some() && store::has_limit(tx)? {
                return Err(ApiError::bad_request(
                    "A system_global rule with max_images_per_account already exists",
                ));
            }
            store::insert(tx, &account, &rule)?;
            Ok(rule.clone())
        })
        .await?;
    Ok(Json(rule))
}

/// Get an archive rule
#[utoipa::path(
    get, path = "/archives/rules/{rule_id}", tag = "Archives", params(RulePath),
    extensions(("x-anchore-authz-action" = json!("getArchiveTransitionRule"))),
    responses(
        (status = 200, description = "The rule", body = AnalysisArchiveTransitionRule),
        (status = 404, description = "Neither the account has such a rule, nor is it global", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_analysis_archive_rule(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<RulePath>,
) -> ApiResult<Json<AnalysisArchiveTransitionRule>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::get(tx, &account, &path.rule_id)?))
        .await?
        .map(Json)
        .ok_or_else(unknown)
}

/// Delete an archive rule
#[utoipa::path(
    delete, path = "/archives/rules/{rule_id}", tag = "Archives", params(RulePath),
    extensions(("x-anchore-authz-action" = json!("deleteArchiveTransitionRule"))),
    responses(
        (status = 200, description = "It is gone"),
        (status = 404, description = "The account has no such rule", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn delete_analysis_archive_rule(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<RulePath>,
) -> ApiResult<()> {
    let account = caller.account();
    let was_there = state
        .write(move |tx| Ok(store::delete(tx, &account, &path.rule_id)?))
        .await?;
    if was_there { Ok(()) } else { Err(unknown()) }
}

fn unknown() -> ApiError {
    ApiError::not_found("Rule not found")
}

/// The rule with every default in it.
///
/// # Errors
/// 400 when its parts do not go together.
fn complete(mut rule: AnalysisArchiveTransitionRule) -> ApiResult<AnalysisArchiveTransitionRule> {
    rule.system_global = Some(rule.system_global.unwrap_or(false));
    rule.analysis_age_days = Some(at_least_off("analysis_age_days", rule.analysis_age_days)?);
    rule.tag_versions_newer = Some(at_least_off("tag_versions_newer", rule.tag_versions_newer)?);
    let exclude = rule.exclude.take().unwrap_or_default();
    let excluded = exclude.selector.clone().unwrap_or_default();
    let excludes = excluded.parts().iter().any(|part| !part.is_empty());
    if let Some(most) = rule.max_images_per_account {
        limit(&rule, most, excludes)?;
        rule.selector = Some(ImageSelector::everything());
    } else if rule
        .selector
        .as_ref()
        .is_none_or(|selector| selector.parts().iter().any(|part| part.is_empty()))
    {
        return Err(ApiError::bad_request("Selector fields cannot be empty"));
    }
    if excludes && excluded.parts().iter().any(|part| part.is_empty()) {
        return Err(ApiError::bad_request(
            "`exclude.selector`: either all or none of `registry`, `repository` and `tag` may be empty",
        ));
    }
    for part in rule
        .selector
        .iter()
        .chain([&excluded])
        .flat_map(ImageSelector::parts)
    {
        Pattern::compile(part).map_err(|error| ApiError::bad_request(error.to_string()))?;
    }
    rule.exclude = Some(super::types::AnalysisArchiveTransitionRuleExclude {
        expiration_days: Some(at_least_off(
            "exclude.expiration_days",
            exclude.expiration_days,
        )?),
        last_seen_in_days: Some(at_least_off(
            "exclude.last_seen_in_days",
            exclude.last_seen_in_days,
        )?),
        selector: Some(excluded),
    });
    Ok(rule)
}

/// Checks a rule that limits the number of images.
fn limit(rule: &AnalysisArchiveTransitionRule, most: i64, excludes: bool) -> ApiResult<()> {
    let selects = rule.selector.as_ref().is_some_and(|selector| {
        selector
            .parts()
            .iter()
            .any(|part| !part.is_empty() && *part != "*")
    });
    let wrong = if rule.system_global != Some(true) {
        "Cannot set max_images_per_account on a rule that isn't system_global"
    } else if most < 0 {
        "`max_images_per_account`: expected 0 or more"
    } else if selects || excludes {
        "Cannot set max_images_per_account on a rule with a selector or with exclude"
    } else {
        return Ok(());
    };
    Err(ApiError::bad_request(wrong))
}

fn at_least_off(name: &str, number: Option<i64>) -> ApiResult<i64> {
    match number {
        None => Ok(OFF),
        Some(number) if number >= OFF => Ok(number),
        Some(number) => Err(ApiError::bad_request(format!(
            "`{name}`: expected -1, which is off, or more, got {number}"
        ))),
    }
}
