//! The operations on relationships.

use axum::extract::State;

use super::diff::diff;
use super::store::{self, End};
use super::types::{
    ArtifactReference, ArtifactRelationship, ArtifactRelationshipRequest, DeleteRelationshipsQuery,
    DeletedRelationships, RelationshipPath, RelationshipSbomDiff, RelationshipsQuery,
};
use crate::analysis::packages_of;
use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Json, Path, Problem, Query};
use crate::resources::applications::types::ArtifactType;
use crate::resources::images::metadata::{Document, store as documents};
use crate::resources::images::record;
use crate::resources::sources;
use crate::state::AppState;
use crate::store::Transaction;

/// List relationships
#[utoipa::path(
    get, path = "/artifact-relationships", tag = "Relationships", params(RelationshipsQuery),
    extensions(("x-anchore-authz-action" = json!("listArtifactRelationships"))),
    responses((status = 200, description = "Relationships, oldest first", body = [ArtifactRelationship])),
)]
pub(super) async fn list_artifact_relationships(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<RelationshipsQuery>,
) -> ApiResult<Json<Vec<ArtifactRelationship>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| {
            let end = match &query.artifact_id {
                None => None,
                Some(id) => match named(tx, &account, id)? {
                    Some(end) => Some(end),
                    None => return Ok(Vec::new()),
                },
            };
            Ok(store::list(tx, &account, end, query.artifact_type)?)
        })
        .await?;
    Ok(Json(found))
}

/// The artifact of this id, of whatever kind: digests and ids of sources do not look alike.
fn named(tx: &mut Transaction<'_>, account: &str, id: &str) -> ApiResult<Option<End>> {
    if let Some(image) = record::store::state(tx, account, id)? {
        return Ok(Some(End::Image(image.key)));
    }
    Ok(sources::store::state(tx, account, id)?.map(|source| End::Source(source.key)))
}

/// Add a relationship
#[utoipa::path(
    post, path = "/artifact-relationships", tag = "Relationships",
    extensions(("x-anchore-authz-action" = json!("createArtifactRelationship"))),
    request_body = ArtifactRelationshipRequest,
    responses(
        (status = 200, description = "The relationship", body = ArtifactRelationship),
        (status = 404, description = "One of the artifacts is not there", body = ApiErrorResponse),
        (status = 409, description = "The relationship is there already", body = ApiErrorResponse),
    ),
)]
pub(super) async fn add_artifact_relationship(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<ArtifactRelationshipRequest>,
) -> ApiResult<Json<ArtifactRelationship>> {
    if request.source == request.target {
        return Err(ApiError::bad_request(
            "`source` and `target` must be different artifacts",
        ));
    }
    let account = caller.account();
    let relationship = ArtifactRelationship {
        uuid: state.uuid().to_string(),
        created_at: state.now(),
        source: request.source,
        target: request.target,
        relationship_type: request.relationship_type,
        comment: request.comment,
        user_metadata: request.user_metadata,
    };
    let made = state
        .write(move |tx| {
            let from = end(tx, &account, &relationship.source)?;
            let to = end(tx, &account, &relationship.target)?;
            if store::exists(tx, from, to, relationship.relationship_type)? {
                return Err(ApiError::conflict("the relationship exists already"));
            }
            store::insert(tx, &account, &relationship, from, to)?;
            Ok(relationship.clone())
        })
        .await?;
    Ok(Json(made))
}

/// # Errors
/// 404 when the artifact is not there.
fn end(tx: &mut Transaction<'_>, account: &str, artifact: &ArtifactReference) -> ApiResult<End> {
    let id = &artifact.artifact_id;
    match artifact.artifact_type {
        ArtifactType::Image => record::store::state(tx, account, id)?
            .map(|image| End::Image(image.key))
            .ok_or_else(record::unknown),
        ArtifactType::Source => sources::store::state(tx, account, id)?
            .map(|source| End::Source(source.key))
            .ok_or_else(sources::unknown),
    }
}

/// Delete relationships
///
/// The artifacts stay.
#[utoipa::path(
    delete, path = "/artifact-relationships", tag = "Relationships", params(DeleteRelationshipsQuery),
    extensions(("x-anchore-authz-action" = json!("deleteArtifactRelationships"))),
    responses((status = 200, description = "Which ones are gone now", body = DeletedRelationships)),
)]
pub(super) async fn delete_artifact_relationships(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<DeleteRelationshipsQuery>,
) -> ApiResult<Json<DeletedRelationships>> {
    if query.relationship_ids.is_empty() {
        return Err(Problem::bad_request(
            "query parameter `relationship_ids`: expected at least one id, got none",
        )
        .into());
    }
    let account = caller.account();
    let deleted = state
        .write(move |tx| {
            let mut deleted = Vec::new();
            for id in &query.relationship_ids {
                if store::delete(tx, &account, id)? {
                    deleted.push(id.clone());
                }
            }
            Ok(deleted)
        })
        .await?;
    Ok(Json(DeletedRelationships { deleted }))
}

/// Get a relationship
#[utoipa::path(
    get, path = "/artifact-relationships/{relationship_id}", tag = "Relationships", params(RelationshipPath),
    extensions(("x-anchore-authz-action" = json!("getArtifactRelationship"))),
    responses(
        (status = 200, description = "The relationship", body = ArtifactRelationship),
        (status = 404, description = "The account has no such relationship", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_artifact_relationship(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<RelationshipPath>,
) -> ApiResult<Json<ArtifactRelationship>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| find(tx, &account, &path.relationship_id))
        .await?;
    Ok(Json(found))
}

/// Compare the packages of both artifacts of a relationship
#[utoipa::path(
    get, path = "/artifact-relationships/{relationship_id}/diffs/sbom", tag = "Relationships", params(RelationshipPath),
    extensions(("x-anchore-authz-action" = json!("getArtifactRelationshipDiff"))),
    responses(
        (status = 200, description = "The differences, by name of the packages", body = RelationshipSbomDiff),
        (status = 404, description = "No such relationship, or one of its artifacts is not analysed", body = ApiErrorResponse),
    ),
)]
pub(super) async fn get_relationship_sbom_diff(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<RelationshipPath>,
) -> ApiResult<Json<RelationshipSbomDiff>> {
    let account = caller.account();
    let (source, target) = state
        .read(move |tx| {
            let found = find(tx, &account, &path.relationship_id)?;
            Ok((
                sbom(tx, &account, &found.source)?,
                sbom(tx, &account, &found.target)?,
            ))
        })
        .await?;
    let diff =
        tokio::task::spawn_blocking(move || diff(packages_of(&source)?, packages_of(&target)?))
            .await
            .map_err(ApiError::internal)?
            .map_err(ApiError::internal)?;
    Ok(Json(diff))
}

/// The SBOM of an artifact.
///
/// # Errors
/// 404 when it is not analysed.
fn sbom(
    tx: &mut Transaction<'_>,
    account: &str,
    artifact: &ArtifactReference,
) -> ApiResult<Vec<u8>> {
    let id = &artifact.artifact_id;
    let found = match artifact.artifact_type {
        ArtifactType::Image => {
            let image = record::find_analyzed(tx, account, id)?;
            documents::get(tx, image.key, Document::Sbom)?
        }
        ArtifactType::Source => {
            let source = sources::find_analyzed(tx, account, id)?;
            sources::store::sbom(tx, source.key)?
        }
    };
    found.ok_or_else(|| ApiError::internal("an analysed artifact has no SBOM"))
}

fn find(
    tx: &mut Transaction<'_>,
    account: &str,
    relationship_id: &str,
) -> ApiResult<ArtifactRelationship> {
    store::get(tx, account, relationship_id)?
        .ok_or_else(|| ApiError::not_found(format!("relationship `{relationship_id}` not found")))
}
