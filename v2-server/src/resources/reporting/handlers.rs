//! The operations on saved results.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::store::{self, Found, Scope};
use super::types::{ResultPath, ResultQuery, ScheduledQueryResultPage};
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, JsonText, Path, Problem, Query};
use crate::state::AppState;

/// Get a page of the saved result of a scheduled query
#[utoipa::path(
    get, path = "/reporting/scheduled-query-results/{result_uuid}", tag = "Reports",
    params(ResultPath, ResultQuery),
    extensions(("x-anchore-authz-action" = json!("viewReports"))),
    responses(
        (status = 200, description = "The page", body = ScheduledQueryResultPage),
        (status = 404, description = "The account has no such result, or it has no such page", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_query_result(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ResultPath>,
    Query(query): Query<ResultQuery>,
) -> ApiResult<Response> {
    saved_page(&state, Scope::Account(caller.account()), path, &query).await
}

/// Get a page of the saved result of a scheduled query about all accounts
///
/// For administrators.
#[utoipa::path(
    get, path = "/reporting/reports/global/scheduled-query-results/{result_uuid}", tag = "Reports",
    params(ResultPath, ResultQuery),
    extensions(("x-anchore-authz-action" = json!("viewReports"))),
    responses(
        (status = 200, description = "The page", body = ScheduledQueryResultPage),
        (status = 404, description = "There is no such result, or it has no such page", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_global_query_result(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<ResultPath>,
    Query(query): Query<ResultQuery>,
) -> ApiResult<Response> {
    if !caller.identity.is_administrator {
        return Err(ApiError::forbidden(
            "Not authorized. Results about all accounts are for users of the account admin",
        ));
    }
    saved_page(&state, Scope::Global, path, &query).await
}

/// A page as it was stored: nobody reads it in between.
async fn saved_page(
    state: &AppState,
    scope: Scope,
    path: ResultPath,
    query: &ResultQuery,
) -> ApiResult<Response> {
    let page = query.page.unwrap_or(1);
    if page < 1 {
        return Err(Problem::bad_request(format!(
            "query parameter `page`: expected 1 or more, got `{page}`"
        ))
        .into());
    }
    let found = state
        .read(move |tx| Ok(store::page(tx, &scope, &path.result_uuid, page)?))
        .await?;
    match found {
        Found::Page(body) => Ok(JsonText(body).into_response()),
        Found::NoPage => Err(ApiError::not_found(format!(
            "the result has no page {page}"
        ))),
        Found::Nothing => Err(ApiError::not_found("query result not found")),
    }
}
