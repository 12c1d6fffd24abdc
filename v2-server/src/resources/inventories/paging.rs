//! Pages of objects: asked for by number, answered in an object with one member of the kind's own name.

use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::store::{self, Kind};
use crate::http::{ApiResult, Caller, JsonText, Problem};
use crate::state::AppState;

/// Objects on a page, unless asked otherwise.
const PAGE_SIZE: i64 = 1000;

/// Which page to show.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Number of the page, from 1.
    #[param(minimum = 1)]
    page: i64,
    /// Most objects on a page.
    #[param(minimum = 1, default = 1000)]
    page_size: Option<i64>,
}

impl PageQuery {
    /// How many come before, and how many are shown.
    ///
    /// # Errors
    /// 400 for a number below 1.
    fn window(self) -> Result<(i64, i64), Problem> {
        let size = self.page_size.unwrap_or(PAGE_SIZE);
        for (name, number) in [("page", self.page), ("page_size", size)] {
            if number < 1 {
                return Err(Problem::bad_request(format!(
                    "query parameter `{name}`: expected 1 or more, got `{number}`"
                )));
            }
        }
        Ok(((self.page - 1).saturating_mul(size), size))
    }
}

/// Answers a page of objects of one kind. `with_time` adds when each was last seen.
///
/// # Errors
/// 400 for a page that cannot be.
pub(super) async fn page(
    state: AppState,
    caller: Caller,
    query: PageQuery,
    kind: Kind,
    member: &str,
    with_time: bool,
) -> ApiResult<Response> {
    let (offset, size) = query.window()?;
    let account = caller.account();
    let rows = state
        .read(move |tx| Ok(store::page(tx, &account, kind, offset, size)?))
        .await?;
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| {
            if with_time {
                row.with_time()
            } else {
                row.shown
            }
        })
        .collect();
    let body = format!("{{\"{member}\":[{}]}}", rows.join(","));
    Ok(JsonText(body).into_response())
}
