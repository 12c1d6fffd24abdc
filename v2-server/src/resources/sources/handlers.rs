//! The operations on sources, but for the policy check.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::store::{self, SourceKey};
use super::types::{
    DeleteSourceQuery, SourceContentPackageResponse, SourceContentPath, SourceManifest,
    SourcePackageVulnerabilityResponse, SourcePath, SourceVulnerabilityPath,
    SourceVulnerabilityQuery, SourcesList,
};
use super::{find_analyzed, unknown};
use crate::analysis::ecosystem::{CONTENT_TYPES, FILES, MALWARE};
use crate::analysis::formats::{Format, Subject, SubjectKind};
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Batches, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Json, JsonText, Path, Query};
use crate::resources::corrections::Corrections;
use crate::resources::images::sboms::handlers::converted;
use crate::resources::images::sboms::types::SbomDocument;
use crate::resources::images::vulnerabilities::types::VulnerabilityType;
use crate::resources::{applications, artifact_relationships};
use crate::state::AppState;

/// Rows read at a time.
const BATCH: i64 = 500;

/// List sources, newest first
#[utoipa::path(
    get, path = "/sources", tag = "Sources",
    extensions(("x-anchore-authz-action" = json!("listSources"))),
    responses((status = 200, description = "Sources", body = SourcesList)),
)]
pub(super) async fn list_sources(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<Response> {
    let account = caller.account();
    let rows = Batches::new(state, BATCH, move |tx, after: Option<&SourceKey>, limit| {
        let rows = store::list(tx, &account, after, limit)?;
        rows.into_iter()
            .map(|(key, source)| {
                Ok((
                    key,
                    serde_json::to_string(&source).map_err(ApiError::internal)?,
                ))
            })
            .collect()
    });
    stream::list("{\"items\":", rows, "}").await
}

/// Get a source
#[utoipa::path(
    get, path = "/sources/{source_id}", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "The source", body = SourceManifest),
        (status = 404, description = "The account has no such source", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
) -> ApiResult<Json<SourceManifest>> {
    let account = caller.account();
    state
        .peek(move |tx| Ok(store::manifest(tx, &account, &path.source_id)?))
        .await?
        .map(Json)
        .ok_or_else(unknown)
}

/// Delete a source
#[utoipa::path(
    delete, path = "/sources/{source_id}", tag = "Sources", params(SourcePath, DeleteSourceQuery),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 204, description = "The source is gone"),
        (status = 404, description = "The account has no such source", body = ApiErrorResponse),
        (status = 409, description = "An application version or a relationship refers to it", body = ApiErrorResponse),
    ),
)]
pub(super) async fn delete_source(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
    Query(query): Query<DeleteSourceQuery>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    let force = query.force.unwrap_or(false);
    state
        .write(move |tx| {
            let uuid = &path.source_id;
            let source = store::state(tx, &account, uuid)?.ok_or_else(unknown)?;
            let is_referred_to = applications::store::has_source(tx, source.key)?
                || artifact_relationships::store::mentions(tx, source.key)?;
            if is_referred_to && !force {
                return Err(ApiError::conflict(
                    "the source is part of an application version or of a relationship; use `force` to delete it",
                ));
            }
            Ok(store::delete(tx, source.key)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The content types of sources: those of packages.
fn content_types() -> impl Iterator<Item = &'static str> {
    CONTENT_TYPES
        .into_iter()
        .filter(|kind| ![FILES, MALWARE].contains(kind))
}

/// List the content types of sources
///
/// The list does not depend on the source.
#[utoipa::path(
    get, path = "/sources/{source_id}/content", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses((status = 200, description = "Types of packages", body = [String])),
)]
pub(super) async fn get_source_content_types(
    Path(_path): Path<SourcePath>,
) -> Json<Vec<&'static str>> {
    Json(content_types().collect())
}

/// List the packages of a source that are of one type
#[utoipa::path(
    get, path = "/sources/{source_id}/content/{content_type}", tag = "Sources", params(SourceContentPath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "The packages", body = SourceContentPackageResponse),
        (status = 404, description = "No such source or type, or the source is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_content_by_type(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourceContentPath>,
) -> ApiResult<Response> {
    let content_type = content_types()
        .find(|known| *known == path.content_type)
        .ok_or_else(|| {
            ApiError::not_found(format!(
                "content type ({}) not available",
                path.content_type
            ))
        })?;
    let account = caller.account();
    let uuid = path.source_id.clone();
    let (source, corrections) = state
        .read(move |tx| {
            let source = find_analyzed(tx, &account, &uuid)?;
            Ok((source, Corrections::load(tx, &account, content_type)?))
        })
        .await?;
    let head = head(
        &json!({ "source_id": path.source_id, "content_type": content_type }),
        "content",
    );
    let pieces = Stored {
        state,
        source: source.key,
        analysis: source.analysis,
        corrections,
        content_type,
        next: 0,
    };
    stream::list(&head, pieces, "}").await
}

/// The beginning of an object whose last member is a list.
fn head(members: &serde_json::Value, list: &str) -> String {
    let mut head = members.to_string();
    head.truncate(head.len() - 1);
    format!("{head},\"{list}\":")
}

/// A stored listing, piece by piece.
struct Stored {
    state: AppState,
    source: SourceKey,
    analysis: i64,
    corrections: Corrections,
    content_type: &'static str,
    next: i64,
}

impl Pieces for Stored {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        let (source, content_type, number) = (self.source, self.content_type, self.next);
        self.next += 1;
        let piece = self
            .state
            .read(move |tx| Ok(store::piece(tx, source, content_type, number)?))
            .await?;
        match piece {
            None => Ok(None),
            Some((analysis, body)) if analysis == self.analysis => {
                let rows = self.corrections.apply_to_rows(body);
                rows.map(Some).map_err(ApiError::internal)
            }
            Some(_) => Err(ApiError::internal(
                "the listing was replaced while it was read",
            )),
        }
    }
}

/// Get the SBOM of a source in the form of CycloneDX 1.5
#[utoipa::path(
    get, path = "/sources/{source_id}/sbom/cyclonedx-json", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "A CycloneDX document", body = SbomDocument),
        (status = 404, description = "No such source, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_sbom_cyclonedx_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
) -> ApiResult<Response> {
    let (sbom, subject) = load(&state, caller.account(), path.source_id).await?;
    converted(Format::CycloneDx, sbom, subject).await
}

/// Get the SBOM of a source as it was uploaded
#[utoipa::path(
    get, path = "/sources/{source_id}/sbom/native-json", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "The document of Syft", body = SbomDocument),
        (status = 404, description = "No such source, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_sbom_native_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
) -> ApiResult<Response> {
    let (sbom, _) = load(&state, caller.account(), path.source_id).await?;
    Ok(JsonText(sbom).into_response())
}

/// Get the SBOM of a source in the form of SPDX 2.3
#[utoipa::path(
    get, path = "/sources/{source_id}/sbom/spdx-json", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "An SPDX document", body = SbomDocument),
        (status = 404, description = "No such source, or it is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_sbom_spdx_json(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourcePath>,
) -> ApiResult<Response> {
    let (sbom, subject) = load(&state, caller.account(), path.source_id).await?;
    converted(Format::Spdx, sbom, subject).await
}

/// The uploaded document, and what it is about.
async fn load(state: &AppState, account: String, uuid: String) -> ApiResult<(Vec<u8>, Subject)> {
    state
        .read(move |tx| {
            let found = find_analyzed(tx, &account, &uuid)?;
            let sbom = store::sbom(tx, found.key)?
                .ok_or_else(|| ApiError::internal("an analysed source has no SBOM"))?;
            let source = store::get(tx, &account, &uuid)?.ok_or_else(unknown)?;
            let subject = Subject {
                kind: SubjectKind::Source,
                name: format!("{}/{}", source.host, source.repository_name),
                version: source.revision,
                made_at: found.analyzed_at.unwrap_or(source.last_updated),
            };
            Ok((sbom, subject))
        })
        .await
}

/// List the kinds of vulnerability reports
///
/// The list does not depend on the source.
#[utoipa::path(
    get, path = "/sources/{source_id}/vuln", tag = "Sources", params(SourcePath),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses((status = 200, description = "`os`, `non-os` and `all`", body = [String])),
)]
pub(super) async fn get_source_vulnerability_types(
    Path(_path): Path<SourcePath>,
) -> Json<[&'static str; 3]> {
    Json(VulnerabilityType::EVERY.map(VulnerabilityType::as_str))
}

/// Report the vulnerabilities of a source
#[utoipa::path(
    get, path = "/sources/{source_id}/vuln/{vuln_type}", tag = "Sources",
    params(SourceVulnerabilityPath, SourceVulnerabilityQuery),
    extensions(("x-anchore-authz-action" = json!("getSource"))),
    responses(
        (status = 200, description = "The report, worst first", body = SourcePackageVulnerabilityResponse),
        (status = 404, description = "No such source or kind of report, or the source is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_source_vulnerabilities(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<SourceVulnerabilityPath>,
    Query(query): Query<SourceVulnerabilityQuery>,
) -> ApiResult<Response> {
    let kind = VulnerabilityType::parse(&path.vuln_type).ok_or_else(|| {
        ApiError::not_found(format!("content type ({}) not available", path.vuln_type))
    })?;
    let account = caller.account();
    let uuid = path.source_id.clone();
    let source = state
        .peek(move |tx| find_analyzed(tx, &account, &uuid))
        .await?
        .key;
    let head = head(
        &json!({ "source_id": path.source_id, "vulnerability_type": kind.as_str() }),
        "vulnerabilities",
    );
    let rows = Batches::new(state, BATCH, move |tx, after: Option<&i64>, limit| {
        Ok(store::report(
            tx,
            source,
            kind.class(),
            query.will_not_fix,
            after,
            limit,
        )?)
    });
    stream::list(&head, rows, "}").await
}
