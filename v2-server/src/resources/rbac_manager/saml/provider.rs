//! An identity provider, ready for logins: checked when it is configured, its metadata read anew when that is due.

use reqwest::Url;

use super::fetch::fetch;
use super::store::{self, Idp};
use super::types::RbacManagerSamlConfiguration;
use crate::http::{ApiError, ApiResult};
use crate::resources::accounts::is_protected;
use crate::resources::accounts::types::Name;
use crate::saml::Metadata;
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// Seconds from one reading of metadata to the next.
const REFRESH_AFTER: i64 = 3600;
/// Seconds from a reading that failed to the next.
const RETRY_AFTER: i64 = 60;
/// Seconds that metadata counts for while it cannot be read again.
const KEPT_FOR: i64 = 86_400;

/// An identity provider that users may log in at now.
pub(super) struct Provider {
    pub(super) configuration: RbacManagerSamlConfiguration,
    pub(super) metadata: Metadata,
    /// Where its answers are for.
    pub(super) acs_url: Url,
}

/// The identity provider of this name.
///
/// # Errors
/// 404 when there is none, 403 when it is disabled or its metadata does not count any more.
pub(super) async fn load(state: &AppState, name: &str) -> ApiResult<Provider> {
    let now = state.now();
    let idp = current(state, name, |idp| idp.due_at <= now).await?;
    ready(idp, name, now)
}

/// The same with metadata that is read now; nothing when it cannot be, or just was.
///
/// # Errors
/// As for [`load`].
pub(super) async fn reload(state: &AppState, name: &str) -> ApiResult<Option<Provider>> {
    let now = state.now();
    // The second half: after a failure nobody asks again at once.
    let is_due = |idp: &Idp| {
        idp.read_at.plus_seconds(RETRY_AFTER) <= now && idp.due_at > now.plus_seconds(RETRY_AFTER)
    };
    let idp = current(state, name, is_due).await?;
    if idp.read_at < now {
        return Ok(None);
    }
    ready(idp, name, now).map(Some)
}

fn ready(idp: Idp, name: &str, now: Timestamp) -> ApiResult<Provider> {
    let metadata = Metadata::read(&idp.metadata).map_err(ApiError::internal)?;
    let is_too_old =
        idp.configuration.idp_metadata_url.is_some() && idp.read_at.plus_seconds(KEPT_FOR) <= now;
    if is_too_old || !metadata.is_valid(now) {
        return Err(ApiError::forbidden(format!(
            "the metadata of the identity provider `{name}` is over; read last at {}",
            idp.read_at
        )));
    }
    Ok(Provider {
        acs_url: acs_url(&idp.configuration)?,
        configuration: idp.configuration,
        metadata,
    })
}

/// An identity provider that is in use, with its metadata read again where that is due.
async fn current(state: &AppState, name: &str, is_due: impl Fn(&Idp) -> bool) -> ApiResult<Idp> {
    let idp = existing(state, name).await?;
    if !idp.configuration.enabled {
        return Err(ApiError::forbidden(format!(
            "the identity provider `{name}` is disabled"
        )));
    }
    if idp.configuration.idp_metadata_url.is_some() && is_due(&idp) {
        refreshed(state, name, is_due).await
    } else {
        Ok(idp)
    }
}

/// The identity provider of this name, in use or not.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn existing(state: &AppState, name: &str) -> ApiResult<Idp> {
    let name = name.to_owned();
    state
        .read(move |tx| Ok(store::get(tx, &name)?))
        .await?
        .ok_or_else(unknown)
}

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("identity provider not found")
}

/// Reads metadata again, unless somebody else just did. What cannot be read leaves the old in use.
async fn refreshed(state: &AppState, name: &str, is_due: impl Fn(&Idp) -> bool) -> ApiResult<Idp> {
    let _only_one = state.sso.fetching.lock().await;
    let now = state.now();
    let mut idp = existing(state, name).await?;
    let url = match &idp.configuration.idp_metadata_url {
        Some(url) if is_due(&idp) => url.clone(),
        _ => return Ok(idp),
    };
    match read(&url).await {
        Ok((text, metadata)) => {
            idp.entity_id = metadata.entity_id;
            idp.metadata = text;
            idp.read_at = now;
            idp.due_at = now.plus_seconds(REFRESH_AFTER);
        }
        Err(reason) => {
            tracing::warn!(
                idp.name = name,
                "failed to read the metadata of an identity provider: {reason}"
            );
            idp.due_at = now.plus_seconds(RETRY_AFTER);
        }
    }
    let fetched = idp.clone();
    state
        .write(move |tx| Ok(store::fetched(tx, &fetched)?))
        .await?;
    Ok(idp)
}

async fn read(url: &str) -> Result<(String, Metadata), String> {
    let text = fetch(url).await.map_err(|error| error.to_string())?;
    let metadata = Metadata::read(&text).map_err(|error| error.to_string())?;
    Ok((text, metadata))
}

/// Checks a configuration, and reads the metadata it names.
///
/// # Errors
/// 400, naming what does not fit.
pub(super) async fn checked(
    configuration: RbacManagerSamlConfiguration,
    now: Timestamp,
) -> ApiResult<Idp> {
    check(&configuration)?;
    let url = configuration.idp_metadata_url.as_deref();
    let (field, read) = match (url, configuration.idp_metadata_xml.as_deref()) {
        (Some(url), None) => ("idp_metadata_url", read(url).await),
        (None, Some(text)) => {
            let metadata = Metadata::read(text).map_err(|error| error.to_string());
            let read = metadata.map(|metadata| (text.to_owned(), metadata));
            ("idp_metadata_xml", read)
        }
        _ => {
            return Err(ApiError::bad_request(
                "exactly one of `idp_metadata_url` and `idp_metadata_xml` must be given",
            ));
        }
    };
    let (text, metadata) =
        read.map_err(|reason| ApiError::bad_request(format!("`{field}`: {reason}")))?;
    Ok(Idp {
        configuration,
        entity_id: metadata.entity_id,
        metadata: text,
        read_at: now,
        due_at: now.plus_seconds(REFRESH_AFTER),
    })
}

fn check(configuration: &RbacManagerSamlConfiguration) -> ApiResult<()> {
    let refused = |message: String| Err(ApiError::bad_request(message));
    let name = &configuration.name;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return refused(format!(
            "`name`: expected letters, digits, `_` and `-`, got `{name}`"
        ));
    }
    if configuration.sp_entity_id.trim().is_empty() {
        return refused("`sp_entity_id`: expected a name, got an empty text".to_owned());
    }
    acs_url(configuration)?;
    if configuration.default_role.is_some() && configuration.idp_role_attribute.is_some() {
        return refused(
            "`default_role` and `idp_role_attribute` must not be given together".to_owned(),
        );
    }
    match &configuration.default_account {
        None if configuration.idp_account_attribute.is_none() => {
            refused("`default_account` or `idp_account_attribute` must be given".to_owned())
        }
        Some(account) if is_protected(account) || !Name::is_valid(account) => refused(format!(
            "`default_account`: `{account}` is no account that users of an identity provider can have"
        )),
        _ => Ok(()),
    }
}

/// Checks what a configuration refers to.
///
/// # Errors
/// 400 when there is no such role.
pub(super) fn check_role(
    tx: &mut Transaction<'_>,
    configuration: &RbacManagerSamlConfiguration,
) -> ApiResult<()> {
    match &configuration.default_role {
        Some(role) if !super::super::store::has_role(tx, role)? => Err(ApiError::bad_request(
            format!("`default_role`: there is no role `{role}`"),
        )),
        _ => Ok(()),
    }
}

/// Where answers are for: the address, with its port.
///
/// # Errors
/// 400 when address and port make none.
fn acs_url(configuration: &RbacManagerSamlConfiguration) -> ApiResult<Url> {
    let text = &configuration.acs_url;
    let mut url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.fragment().is_none())
        .ok_or_else(|| {
            ApiError::bad_request(format!(
                "`acs_url`: expected an address with `https` or `http`, got `{text}`"
            ))
        })?;
    let port = match configuration.acs_https_port {
        None | Some(-1) => return Ok(url),
        Some(port) => u16::try_from(port)
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| {
                ApiError::bad_request(format!(
                    "`acs_https_port`: expected 1 to 65535, or -1 for 443, got `{port}`"
                ))
            })?,
    };
    if url.scheme() != "https" || url.port() == Some(port) {
        return Ok(url);
    }
    if url.port().is_some() || url.set_port(Some(port)).is_err() {
        return Err(ApiError::bad_request(format!(
            "`acs_https_port`: `acs_url` has another port than {port}"
        )));
    }
    Ok(url)
}
