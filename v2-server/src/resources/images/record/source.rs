//! Images of registries: what is asked for is looked up where it is said to be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::types::{RegistryDigestSource, RegistryTagSource};
use crate::distribution::{Endpoint, LookupError, ResolvedImage};
use crate::http::{ApiError, ApiResult, Problem};
use crate::resources::events::catalogue::{self, EventType};
use crate::resources::events::{self, NewEvent, Origin};
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

/// Looks for images in registries on behalf of an account. A failure becomes an event.
pub(super) struct LookUp<'a> {
    /// The server.
    pub(super) state: &'a AppState,
    /// The account, whose logins are used.
    pub(super) account: &'a str,
    /// Who asks.
    pub(super) origin: &'a Origin,
}

impl LookUp<'_> {
    /// Finds what a tag points at.
    ///
    /// # Errors
    /// 400 when the request names no tag, or the registry does not show it.
    pub(super) async fn tag(&self, source: RegistryTagSource) -> ApiResult<Found> {
        let tag = reference(
            "source.tag.pull_string",
            TagReference::parse(&source.pull_string),
        )?;
        let dockerfile = dockerfile("source.tag.dockerfile", source.dockerfile)?;
        let image = self
            .resolve(&tag.registry, &tag.repository, &tag.tag, tag.full_tag())
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
    ///
    /// # Errors
    /// 400 when the request names no digest, or the registry does not show it.
    pub(super) async fn digest(&self, source: RegistryDigestSource) -> ApiResult<Found> {
        let pinned = reference(
            "source.digest.pull_string",
            PinnedReference::parse(&source.pull_string),
        )?;
        let tag = reference("source.digest.tag", TagReference::parse(&source.tag))?;
        let dockerfile = dockerfile("source.digest.dockerfile", source.dockerfile)?;
        let digest = pinned.digest.as_str();
        let image = self
            .resolve(
                &pinned.registry,
                &pinned.repository,
                digest,
                source.pull_string,
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

    async fn resolve(
        &self,
        registry: &str,
        repository: &str,
        version: &str,
        asked_for: String,
    ) -> ApiResult<ResolvedImage> {
        let endpoint = endpoint(self.state, self.account, registry, repository).await?;
        let distribution = &self.state.distribution;
        match distribution.resolve(&endpoint, repository, version).await {
            Ok(image) => Ok(image),
            Err(error) => {
                let kind = &catalogue::REGISTRY_LOOKUP_FAILED;
                record_failure(
                    self.state,
                    self.origin,
                    self.account,
                    kind,
                    asked_for,
                    &error,
                )
                .await?;
                Err(
                    ApiError::bad_request("cannot fetch image digest/manifest from registry")
                        .with_code(error.code())
                        .with_detail("reason", json!(error.to_string())),
                )
            }
        }
    }
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
            let login = registries::store::login_for(tx, &account, &host, &repository)?;
            Ok(login)
        })
        .await?;
    let verify = login.as_ref().is_none_or(|login| login.verify);
    Ok(Endpoint {
        registry: registry.to_owned(),
        login: login.map(|login| (login.user, login.password)),
        verify,
    })
}

/// Records that a registry did not show what was asked for.
///
/// # Errors
/// Those of the database.
pub(crate) async fn record_failure(
    state: &AppState,
    origin: &Origin,
    account: &str,
    kind: &'static EventType,
    asked_for: String,
    error: &LookupError,
) -> ApiResult<()> {
    let (origin, account) = (origin.clone(), account.to_owned());
    let details = json!({ "msg": error.to_string(), "error_codes": [error.code()] });
    state
        .write(move |tx| {
            let event = NewEvent {
                kind,
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
