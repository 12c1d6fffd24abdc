//! What all artifacts of a version have together: SBOMs and vulnerabilities.

use std::collections::VecDeque;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::store;
use super::types::{
    ApplicationVersionSbom, ApplicationVersionVulnerabilityReport, ArtifactType, ArtifactsQuery,
    MatchArtifact, MatchLocation, MatchPackage, ReportApplication, ReportArtifacts, ReportQuery,
    VersionPath, VersionVulnerability, VersionVulnerabilityCvss, VersionVulnerabilityMatch,
    VersionVulnerabilityNvd, VersionVulnerabilityReportImage, VersionVulnerabilityReportSource,
    VersionVulnerabilityVendor,
};
use super::versions::find_version;
use crate::http::error::ApiErrorResponse;
use crate::http::stream::{self, Pieces};
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::images::evaluation::{ScoredRecord, VulnerabilityMatch};
use crate::resources::images::metadata::{Document, store as documents};
use crate::resources::images::record::store::ImageKey;
use crate::resources::images::vulnerabilities;
use crate::resources::images::vulnerabilities::types::{NONE, severity_rank};
use crate::resources::sources;
use crate::state::AppState;

/// Get the SBOMs of a version
///
/// As they were uploaded, one for each artifact that is analysed.
#[utoipa::path(
    get, path = "/applications/{application_id}/versions/{application_version_id}/sboms/native-json",
    tag = "Applications", params(VersionPath, ArtifactsQuery),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "The SBOMs", body = ApplicationVersionSbom),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_application_version_sbom(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
    Query(query): Query<ArtifactsQuery>,
) -> ApiResult<Response> {
    let account = caller.account();
    let now = state.now();
    let (head, images) = state
        .read(move |tx| {
            let found = find_version(tx, &account, &path)?;
            let mut sboms = Vec::new();
            if query.wants(ArtifactType::Source) {
                for (source, _, _) in store::sources(tx, found.key)? {
                    if let Some(sbom) = sources::store::sbom(tx, source)? {
                        sboms.push(String::from_utf8(sbom).map_err(ApiError::internal)?);
                    }
                }
            }
            let mut images = VecDeque::new();
            if query.wants(ArtifactType::Image) {
                for (image, _, _) in store::images(tx, found.key)? {
                    images.push_back(image);
                }
            }
            let mut head = json!({
                "application": found.application, "application_version": found.version, "created_at": now,
            })
            .to_string();
            head.truncate(head.len() - 1);
            for part in [",\"source_sboms\":[", &sboms.join(","), "],\"image_sboms\":"] {
                head.push_str(part);
            }
            Ok((head, images))
        })
        .await?;
    stream::list(&head, Sboms { state, images }, "}").await
}

/// SBOMs of images, one at a time: each may be large.
struct Sboms {
    state: AppState,
    images: VecDeque<ImageKey>,
}

impl Pieces for Sboms {
    async fn next(&mut self) -> ApiResult<Option<String>> {
        while let Some(image) = self.images.pop_front() {
            let sbom = self
                .state
                .read(move |tx| Ok(documents::get(tx, image, Document::Sbom)?))
                .await?;
            if let Some(sbom) = sbom {
                return String::from_utf8(sbom)
                    .map(Some)
                    .map_err(ApiError::internal);
            }
        }
        Ok(None)
    }
}

/// Report the vulnerabilities of a version
#[utoipa::path(
    get, path = "/applications/{application_id}/versions/{application_version_id}/vulnerabilities",
    tag = "Applications", params(VersionPath, ReportQuery),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "The report", body = ApplicationVersionVulnerabilityReport),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_application_version_vulnerabilities(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
    Query(query): Query<ReportQuery>,
) -> ApiResult<Json<ApplicationVersionVulnerabilityReport>> {
    let account = caller.account();
    let with_unfixed = query.will_not_fix.unwrap_or(false);
    let report = state
        .read(move |tx| {
            let found = find_version(tx, &account, &path)?;
            let mut artifacts = ReportArtifacts::default();
            let mut matches = Vec::new();
            for (key, _, uuid) in store::sources(tx, found.key)? {
                let source =
                    sources::store::get(tx, &account, &uuid)?.ok_or_else(sources::unknown)?;
                for one in sources::store::vulnerabilities(tx, key)? {
                    matches.push((ArtifactType::Source, uuid.clone(), one));
                }
                artifacts.sources.push(VersionVulnerabilityReportSource {
                    uuid,
                    host: source.host,
                    repository_name: source.repository_name,
                    revision: source.revision,
                });
            }
            for (key, _, image) in store::images(tx, found.key)? {
                for one in vulnerabilities::store::all(tx, key)? {
                    matches.push((ArtifactType::Image, image.image_digest.clone(), one));
                }
                artifacts.images.push(VersionVulnerabilityReportImage {
                    image_digest: image.image_digest,
                });
            }
            matches.retain(|(_, _, one)| with_unfixed || !one.will_not_fix);
            Ok(ApplicationVersionVulnerabilityReport {
                application: ReportApplication {
                    id: found.application.application_id,
                    name: found.application.name,
                    version_name: found.version.version_name,
                    version_id: found.version.application_version_id,
                    artifacts,
                },
                vulnerabilities: grouped(matches),
            })
        })
        .await?;
    Ok(Json(report))
}

/// One entry for each vulnerability and namespace, worst first.
fn grouped(
    mut matches: Vec<(ArtifactType, String, VulnerabilityMatch)>,
) -> Vec<VersionVulnerability> {
    matches.sort_by_cached_key(|(_, id, one)| {
        (
            severity_rank(&one.severity),
            one.vulnerability_id.clone(),
            one.feed_group.clone(),
            id.clone(),
            one.package_name.clone(),
            one.package_version.clone(),
        )
    });
    let mut groups: Vec<VersionVulnerability> = Vec::new();
    for (kind, id, one) in matches {
        let place = VersionVulnerabilityMatch {
            fix: one.fix.clone().unwrap_or_else(|| NONE.to_owned()),
            location: MatchLocation {
                artifact: MatchArtifact { id, kind },
                package: MatchPackage {
                    name: one.package_name.clone(),
                    kind: one.package_type.clone(),
                    version: one.package_version.clone(),
                    location: one.package_path.clone(),
                },
            },
        };
        match groups.last_mut() {
            Some(last)
                if last.id == one.vulnerability_id && last.vendor_data.group == one.feed_group =>
            {
                last.matches.push(place);
            }
            _ => groups.push(VersionVulnerability {
                nvd: one
                    .nvd_data
                    .iter()
                    .map(|record| VersionVulnerabilityNvd {
                        id: record.id.clone(),
                        cvss: cvss(record),
                    })
                    .collect(),
                vendor_data: VersionVulnerabilityVendor {
                    feed: one.feed,
                    group: one.feed_group,
                    will_not_fix: one.will_not_fix,
                    cvss: one.vendor_data.first().map(cvss),
                    severity: one.severity,
                    url: one.url,
                },
                id: one.vulnerability_id,
                matches: vec![place],
            }),
        }
    }
    groups
}

fn cvss(record: &ScoredRecord) -> VersionVulnerabilityCvss {
    VersionVulnerabilityCvss {
        cvss_v2: record.cvss_v2.into(),
        cvss_v3: record.cvss_v3.into(),
    }
}
