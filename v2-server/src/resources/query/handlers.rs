//! The searches.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::images::Images;
use super::store::{self, PackageFilter, VulnerabilityFilter, Window};
use super::types::{
    ImagesByPackageQuery, PaginatedImageList, PaginatedVulnerabilityList, VulnerabilitiesQuery,
};
use crate::http::{ApiError, ApiResult, Caller, Json, Problem, Query, stream};
use crate::state::AppState;

/// List images that have a package
#[utoipa::path(
    get, path = "/query/images/by-package", tag = "Query", params(ImagesByPackageQuery),
    extensions(("x-anchore-authz-action" = json!("listImages"))),
    responses((status = 200, description = "A page of images, by digest", body = PaginatedImageList)),
)]
pub(super) async fn query_images_by_package(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ImagesByPackageQuery>,
) -> ApiResult<Response> {
    let page = Page::read(query.page.as_deref(), query.limit)?;
    let filter = PackageFilter {
        name: query.name,
        package_type: query.package_type,
        version: query.version,
    };
    let (account, wanted, window) = (caller.account(), filter.clone(), page.window());
    let mut found = state
        .read(move |tx| Ok(store::images_with_package(tx, &account, &wanted, &window)?))
        .await?;
    let next_page = page.cut(&mut found);
    let mut head = json!({ "page": page.number.to_string(), "returned_count": found.len() });
    if let Some(next_page) = next_page {
        head["next_page"] = json!(next_page);
    }
    let mut head = head.to_string();
    head.truncate(head.len() - 1);
    head.push_str(",\"images\":");
    let images = Images {
        state,
        filter,
        wanted: found.into(),
    };
    stream::list(&head, images, "}").await
}

/// List what is known about vulnerabilities
///
/// Records come from feeds, and do not depend on whether an image has the vulnerability.
#[utoipa::path(
    get, path = "/query/vulnerabilities", tag = "Query", params(VulnerabilitiesQuery),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses((status = 200, description = "A page of records", body = PaginatedVulnerabilityList)),
)]
pub(super) async fn query_vulnerabilities(
    State(state): State<AppState>,
    Query(query): Query<VulnerabilitiesQuery>,
) -> ApiResult<Json<PaginatedVulnerabilityList>> {
    if query.id.is_empty() {
        return Err(Problem::bad_request(
            "query parameter `id`: expected at least one id, got none",
        )
        .into());
    }
    if query.affected_package_version.is_some() && query.affected_package.is_none() {
        return Err(ApiError::bad_request(
            "if affected_package_version is specified, affected_package must also be specified",
        ));
    }
    let page = Page::read(query.page.as_deref(), query.limit)?;
    let filter = VulnerabilityFilter {
        ids: query.id,
        namespaces: query.namespace,
        package: query.affected_package,
        version: query.affected_package_version,
    };
    let window = page.window();
    let mut vulnerabilities = state
        .read(move |tx| Ok(store::vulnerabilities(tx, &filter, &window)?))
        .await?;
    let next_page = page.cut(&mut vulnerabilities);
    Ok(Json(PaginatedVulnerabilityList {
        page: page.number.to_string(),
        next_page,
        returned_count: vulnerabilities.len(),
        vulnerabilities,
    }))
}

/// The page that was asked for.
#[derive(Debug, Clone, Copy)]
struct Page {
    number: i64,
    /// Most results on it; all when none.
    size: Option<i64>,
}

impl Page {
    /// # Errors
    /// 400 when the parameters are no page.
    fn read(number: Option<&str>, limit: Option<i64>) -> ApiResult<Self> {
        let number: i64 = number.unwrap_or("1").trim().parse().map_err(|_| {
            Problem::bad_request(format!(
                "query parameter `page`: expected a number, got `{}`",
                number.unwrap_or_default()
            ))
        })?;
        let limit = limit.unwrap_or(0);
        if limit < 0 {
            return Err(Problem::bad_request(format!(
                "query parameter `limit`: expected 0 or more, got `{limit}`"
            ))
            .into());
        }
        Ok(Self {
            number: number.max(1),
            size: Some(limit).filter(|limit| *limit > 0),
        })
    }

    /// What to read: one result more than fits tells whether a page follows.
    fn window(self) -> Window {
        let size = self.size.unwrap_or(0);
        Window {
            offset: (self.number - 1).saturating_mul(size),
            limit: self.size.map(|size| size.saturating_add(1)),
        }
    }

    /// Takes off what is beyond the page, and tells the number of the next one. Where everything is one page, that is
    /// the first; later ones are empty.
    fn cut<T>(self, results: &mut Vec<T>) -> Option<String> {
        let size = match self.size {
            Some(size) => usize::try_from(size).unwrap_or(usize::MAX),
            None if self.number > 1 => 0,
            None => return None,
        };
        let has_more = results.len() > size;
        results.truncate(size);
        (has_more && self.size.is_some()).then(|| (self.number + 1).to_string())
    }
}
