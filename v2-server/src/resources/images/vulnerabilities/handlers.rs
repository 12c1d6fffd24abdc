//! The operations on vulnerability reports.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::store::{self, Filter, Position};
use super::types::{
    ImagePackageVulnerabilityResponse, VulnerabilityPath, VulnerabilityQuery, VulnerabilityType,
};
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::record::types::ImagePath;
use crate::state::AppState;

/// Rows read at a time.
const BATCH: i64 = 500;

/// List the kinds of vulnerability reports
///
/// The list does not depend on the image.
#[utoipa::path(
    get, path = "/images/{image_digest}/vuln", tag = "Images", params(ImagePath),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses((status = 200, description = "`os`, `non-os` and `all`", body = [String])),
)]
pub(in super::super) async fn get_image_vulnerability_types(
    Path(_path): Path<ImagePath>,
) -> Json<[&'static str; 3]> {
    Json(VulnerabilityType::EVERY.map(VulnerabilityType::as_str))
}

/// Report the vulnerabilities of an image
#[utoipa::path(
    get, path = "/images/{image_digest}/vuln/{vuln_type}", tag = "Images",
    params(VulnerabilityPath, VulnerabilityQuery),
    extensions(("x-anchore-authz-action" = json!("getImage"))),
    responses(
        (status = 200, description = "The report, worst first", body = ImagePackageVulnerabilityResponse),
        (status = 404, description = "No such image or kind of report, or the image is not analysed", body = ApiErrorResponse),
    ),
)]
pub(in super::super) async fn get_image_vulnerabilities_by_digest(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VulnerabilityPath>,
    Query(query): Query<VulnerabilityQuery>,
) -> ApiResult<Response> {
    let kind = VulnerabilityType::parse(&path.vuln_type).ok_or_else(|| {
        ApiError::not_found(format!("content type ({}) not available", path.vuln_type))
    })?;
    let base_digest = query.base_digest.filter(|digest| !digest.is_empty());
    let account = caller.account();
    let (digest, base) = (path.image_digest.clone(), base_digest.clone());
    let filter = state
        .read(move |tx| {
            let image = find_analyzed(tx, &account, &digest)?.key;
            Ok(Filter {
                image,
                matching: store::matching(tx, image)?.unwrap_or(0),
                class: kind.class(),
                vendor_only: query.vendor_only.unwrap_or(true),
                base: match &base {
                    Some(base) => Some(find_analyzed(tx, &account, base)?.key),
                    None => None,
                },
            })
        })
        .await?;
    let mut head = json!({
        "image_digest": path.image_digest,
        "vulnerability_type": kind.as_str(),
    });
    if let Some(base_digest) = base_digest {
        head["base_digest"] = json!(base_digest);
    }
    let mut head = head.to_string();
    head.truncate(head.len() - 1);
    head.push_str(",\"vulnerabilities\":");
    let report = Report {
        state,
        filter,
        last: None,
        is_done: false,
    };
    stream::list(&head, report, "}").await
}

/// The rows of a report, a batch at a time.
struct Report {
    state: AppState,
    filter: Filter,
    last: Option<Position>,
    is_done: bool,
}

impl Pieces for Report {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        if self.is_done {
            return Ok(None);
        }
        let (filter, last) = (self.filter, self.last.take());
        let rows = self
            .state
            .read(move |tx| {
                if store::matching(tx, filter.image)? != Some(filter.matching) {
                    return Err(ApiError::internal(
                        "the matches were replaced while they were read",
                    ));
                }
                Ok(store::report(tx, filter, last.as_ref(), BATCH)?)
            })
            .await?;
        self.is_done = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
        self.last = rows.last().map(|row| row.position.clone());
        let rows: Vec<String> = rows.into_iter().map(|row| row.json).collect();
        Ok(Some(rows.join(",")).filter(|piece| !piece.is_empty()))
    }
}
