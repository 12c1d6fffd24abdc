//! Images of registries: what is asked for is looked up where it is said to be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::types::{RegistryDigestSource, RegistryTagSource};
use crate::distribution::{Endpoint, LookupError, ResolvedImage};
use crate::http::{ApiError, ApiResult, Problem};
use crate::resources::events::{self, NewEvent, Origin, catalogue};
use crate::resources::images::reference::{PinnedReference, ReferenceError, TagReference};
use crate::resources::registries;
use crate::state::AppState;
use crate::time::Timestamp;

/// An image of a registry, found there.
pub(super) struct Found {
    /// The image.
    pub(super) image: ResolvedImage,
    /// The tag to record it under.
    pub(super) tag: TagReference,
    /// Text of the Dockerfile.
    pub(super) dockerfile: Option<String>,
    /// When the tag pointed at the image, if that is not now.
    pub(super) created_at: Option<Timestamp>,
    /// Whether the request names the image by its digest.
    pub(super) is_pinned: bool,
}

/// Finds what a tag points at.
pub(super) async fn tag(
    state: &AppState,
    account: &str,
    source: RegistryTagSource,
) -> ApiResult<Found> {
    let tag = reference(
        "source.tag.pull_string",
        TagReference::parse(&source.pull_string),
    )?;
    let dockerfile = dockerfile("source.tag.dockerfile", source.dockerfile)?;
    let image = look_up(
        state,
        account,
        &tag.registry,
        &tag.repository,
        &tag.tag,
        &tag.full_tag(),
    )
    .await?;
    Ok(Found {
        image,
        tag,
        dockerfile,
        created_at: None,
        is_pinned: false,
    })
}

/// Finds the image of a digest.
pub(super) async fn digest(
    state: &AppState,
    account: &str,
    source: RegistryDigestSource,
) -> ApiResult<Found> {
    let pinned = reference(
        "source.digest.pull_string",
        PinnedReference::parse(&source.pull_string),
    )?;
    let tag = reference("source.digest.tag", TagReference::parse(&source.tag))?;
    let dockerfile = dockerfile("source.digest.dockerfile", source.dockerfile)?;
    let digest = pinned.digest.as_str();
    let image = look_up(
        state,
        account,
        &pinned.registry,
        &pinned.repository,
        digest,
        &source.pull_string,
    )
    .await?;
    Ok(Found {
        image,
        tag,
        dockerfile,
        created_at: source.creation_timestamp_override,
        is_pinned: true,
    })
}

/// How to reach a registry for a repository, with the account's own login for it.
///
/// # Errors
/// Those of the database.
pub(crate) async fn endpoint(
    state: &AppState,
    account: &str,
    registry: &str,
    repository: &str,
) -> ApiResult<Endpoint> {
    let (account, host) = (account.to_owned(), registry.to_owned());
    let repository = repository.to_owned();
    let login = state
        .read(move |tx| {
            Ok(registries::store::login_for(
                tx,
                &account,
                &host,
                &repository,
            )?)
        })
        .await?;
    Ok(match login {
        Some(login) => Endpoint {
            registry: registry.to_owned(),
            login: Some((login.user, login.password)),
            verify: login.verify,
        },
        None => Endpoint {
            registry: registry.to_owned(),
            login: None,
            verify: true,
        },
    })
}

async fn look_up(
    state: &AppState,
    account: &str,
    registry: &str,
    repository: &str,
    version: &str,
    asked_for: &str,
) -> ApiResult<ResolvedImage> {
    let endpoint = endpoint(state, account, registry, repository).await?;
    match state
        .distribution
        .resolve(&endpoint, repository, version)
        .await
    {
        Ok(image) => Ok(image),
        Err(error) => {
            record_failure(state, account, asked_for, &error).await?;
            Err(
                ApiError::bad_request("cannot fetch image digest/manifest from registry")
                    .with_code(error.code())
                    .with_detail("reason", json!(error.to_string())),
            )
        }
    }
}

async fn record_failure(
    state: &AppState,
    account: &str,
    asked_for: &str,
    error: &LookupError,
) -> ApiResult<()> {
    let origin = Origin::of(state, "catalog");
    let (account, asked_for) = (account.to_owned(), asked_for.to_owned());
    let details = json!({ "msg": error.to_string(), "error_codes": [error.code()] });
    state
        .write(move |tx| {
            let event = NewEvent {
                kind: &catalogue::REGISTRY_LOOKUP_FAILED,
                account: &account,
                resource_id: Some(&asked_for),
                details: details.clone(),
                origin: &origin,
            };
            Ok(events::store::record(tx, &event)?)
        })
        .await
}

fn reference<T>(field: &str, parsed: Result<T, ReferenceError>) -> ApiResult<T> {
    parsed.map_err(|error| ApiError::bad_request(format!("`{field}`: {error}")))
}

/// The text of a Dockerfile that comes in base64.
fn dockerfile(field: &str, encoded: Option<String>) -> ApiResult<Option<String>> {
    encoded
        .map(|encoded| {
            STANDARD
                .decode(&encoded)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| {
                    Problem::bad_request(format!(
                        "Request body, `{field}`: expected a text in base64"
                    ))
                    .into()
                })
        })
        .transpose()
}
