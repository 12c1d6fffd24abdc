//! The operations on the artifacts of versions.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value};

use super::store::{self, Artifact};
use super::types::{
    ArtifactAssociationMetadata, ArtifactAssociationRequest, ArtifactAssociationResponse,
    ArtifactListResponse, ArtifactType, ArtifactsQuery, AssociatedImageArtifact,
    AssociatedSourceArtifact, AssociationPath, VersionPath,
};
use super::versions::find_version;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Query};
use crate::resources::images::record;
use crate::resources::images::record::types::ImageStatus;
use crate::resources::sources;
use crate::state::AppState;
use crate::store::Transaction;

/// List the artifacts of a version
#[utoipa::path(
    get, path = "/applications/{application_id}/versions/{application_version_id}/artifacts", tag = "Applications",
    params(VersionPath, ArtifactsQuery),
    extensions(("x-anchore-authz-action" = json!("getApplication"))),
    responses(
        (status = 200, description = "Artifacts, in the order they were added", body = ArtifactListResponse),
        (status = 404, description = "No such application or version", body = ApiErrorResponse),
    ),
)]
pub(super) async fn list_artifacts(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
    Query(query): Query<ArtifactsQuery>,
) -> ApiResult<Json<ArtifactListResponse>> {
    let account = caller.account();
    let found = state
        .read(move |tx| {
            let version = find_version(tx, &account, &path)?.key;
            let mut listed = ArtifactListResponse {
                associated_source_artifacts: Vec::new(),
                associated_image_artifacts: Vec::new(),
            };
            if query.wants(ArtifactType::Source) {
                for (_, metadata, uuid) in store::sources(tx, version)? {
                    listed
                        .associated_source_artifacts
                        .push(AssociatedSourceArtifact {
                            artifact_association_metadata: metadata,
                            source: sources::store::get(tx, &account, &uuid)?
                                .ok_or_else(sources::unknown)?,
                        });
                }
            }
            if query.wants(ArtifactType::Image) {
                listed.associated_image_artifacts = store::images(tx, version)?
                    .into_iter()
                    .map(|(_, metadata, image)| AssociatedImageArtifact {
                        artifact_association_metadata: metadata,
                        image,
                    })
                    .collect();
            }
            Ok(listed)
        })
        .await?;
    Ok(Json(found))
}

/// Add an artifact to a version
#[utoipa::path(
    post, path = "/applications/{application_id}/versions/{application_version_id}/artifacts", tag = "Applications",
    params(VersionPath),
    extensions(("x-anchore-authz-action" = json!("updateApplication"))),
    request_body = ArtifactAssociationRequest,
    responses(
        (status = 200, description = "The artifact, and how it belongs to the version", body = ArtifactAssociationResponse),
        (status = 404, description = "No such application, version or artifact", body = ApiErrorResponse),
        (status = 409, description = "The artifact is in the version already", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_artifact_to_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<VersionPath>,
    Json(request): Json<ArtifactAssociationRequest>,
) -> ApiResult<Json<ArtifactAssociationResponse>> {
    let account = caller.account();
    let now = state.now();
    let metadata = ArtifactAssociationMetadata {
        association_id: state.uuid().to_string(),
        created_at: now,
        last_updated: now,
    };
    let added = state
        .write(move |tx| {
            let version = find_version(tx, &account, &path)?.key;
            let mut answer = ArtifactAssociationResponse {
                source: None,
                image: None,
                artifact_association_metadata: metadata.clone(),
            };
            let keys = &request.artifact_keys;
            let artifact = match request.artifact_type {
                ArtifactType::Image => {
                    let digest = key(keys, &["image_digest"])?;
                    let image = record::store::state(tx, &account, digest)?
                        .filter(|image| image.image_status == ImageStatus::Active)
                        .ok_or_else(record::unknown)?;
                    answer.image = store::image(tx, image.key)?;
                    Artifact::Image(image.key)
                }
                ArtifactType::Source => {
                    let uuid = source(tx, &account, keys)?;
                    let state =
                        sources::store::state(tx, &account, &uuid)?.ok_or_else(sources::unknown)?;
                    answer.source = sources::store::get(tx, &account, &uuid)?;
                    Artifact::Source(state.key)
                }
            };
            if store::associate(tx, version, artifact, &metadata)? {
                Ok(answer)
            } else {
                Err(ApiError::conflict(
                    "the artifact is in the application version already",
                ))
            }
        })
        .await?;
    Ok(Json(added))
}

/// The id of the source that the keys name.
fn source(tx: &mut Transaction<'_>, account: &str, keys: &Map<String, Value>) -> ApiResult<String> {
    if keys.contains_key("uuid") {
        return key(keys, &["uuid"]).map(str::to_owned);
    }
    let host = key(keys, &["host"])?;
    let repository = key(keys, &["repository_name"])?;
    let revision = key(keys, &["revision", "revision_id"])?;
    sources::store::find(tx, account, host, repository, revision)?.ok_or_else(sources::unknown)
}

/// A text among the keys, under the first of several names that is there.
///
/// # Errors
/// 400 when none is, or when it is no text.
fn key<'a>(keys: &'a Map<String, Value>, names: &[&str]) -> ApiResult<&'a str> {
    names
        .iter()
        .find_map(|name| keys.get(*name))
        .and_then(Value::as_str)
        .ok_or_else(|| {
            ApiError::bad_request(format!("`artifact_keys`: expected a text `{}`", names[0]))
        })
}

/// Take an artifact out of a version
///
/// The artifact itself stays.
#[utoipa::path(
    delete, path = "/applications/{application_id}/versions/{application_version_id}/artifacts/{association_id}",
    tag = "Applications", params(AssociationPath),
    extensions(("x-anchore-authz-action" = json!("deleteApplication"))),
    responses(
        (status = 204, description = "It is not in the version any more"),
        (status = 404, description = "No such application, version or association", body = ApiErrorResponse),
    ),
)]
pub(super) async fn remove_artifact_from_application_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<AssociationPath>,
) -> ApiResult<StatusCode> {
    let account = caller.account();
    state
        .write(move |tx| {
            let version = VersionPath {
                application_id: path.application_id.clone(),
                application_version_id: path.application_version_id.clone(),
            };
            let version = find_version(tx, &account, &version)?.key;
            if store::dissociate(tx, version, &path.association_id)? {
                Ok(())
            } else {
                Err(ApiError::not_found(format!(
                    "artifact association `{}` not found",
                    path.association_id
                )))
            }
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
