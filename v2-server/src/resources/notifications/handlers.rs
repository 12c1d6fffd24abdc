//! What the operations on configurations and selectors do, once for all types of endpoints.

use super::configuration::{Answer, Change, Draft, Kind, New};
use super::kinds;
use super::message::Message;
use super::sending::Outcome;
use super::store::{self, Configuration};
use super::types::{
    ConfigurationPath, EndpointType, Health, NotificationEndpointConfiguration,
    NotificationOperationalStatus, NotificationSelector, NotificationTestResult, Scope,
    SelectorPath,
};
use crate::bootstrap::ADMIN;
use crate::http::{ApiError, ApiResult, Caller, Json};
use crate::state::AppState;
use crate::store::Transaction;

pub(super) async fn list_configurations<K: Kind>(
    state: AppState,
    caller: Caller,
) -> ApiResult<Json<Vec<Answer<K>>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| Ok(store::list(tx, &account, K::ENDPOINT)?))
        .await?;
    let answers: ApiResult<_> = found.into_iter().map(answer).collect();
    answers.map(Json)
}

pub(super) async fn add_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    New(draft): New<K>,
) -> ApiResult<Json<Answer<K>>> {
    let account = caller.account();
    let configuration = configuration::<K>(&state, draft)?;
    let added = configuration.clone();
    state
        .write(move |tx| Ok(store::insert(tx, &account, K::ENDPOINT, &added)?))
        .await?;
    answer(configuration).map(Json)
}

pub(super) async fn get_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
) -> ApiResult<Json<Answer<K>>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| known::<K>(tx, &account, &path.uuid))
        .await?;
    answer(found).map(Json)
}

pub(super) async fn update_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
    Change(draft): Change<K>,
) -> ApiResult<Json<Answer<K>>> {
    let account = caller.account();
    let wanted = configuration::<K>(&state, draft)?;
    let changed = state
        .write(move |tx| {
            let old = known::<K>(tx, &account, &path.uuid)?;
            let mut changed = wanted.clone();
            changed.common.uuid = old.common.uuid;
            changed.common.created_at = old.common.created_at;
            changed.common.selectors = old.common.selectors;
            changed.version = old.version + 1;
            if changed.secret.is_none() {
                let settings = settings::<K>(&changed)?;
                changed.secret = old.secret.filter(|_| K::has_login(&settings));
            }
            store::update(tx, &changed)?;
            Ok(changed)
        })
        .await?;
    answer(changed).map(Json)
}

pub(super) async fn delete_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
) -> ApiResult<()> {
    let account = caller.account();
    let was_there = state
        .write(move |tx| Ok(store::delete(tx, &account, K::ENDPOINT, &path.uuid)?))
        .await?;
    if was_there {
        Ok(())
    } else {
        Err(unknown::<K>())
    }
}

pub(super) async fn get_configuration_status<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
) -> ApiResult<Json<NotificationOperationalStatus>> {
    let account = caller.account();
    let status = state
        .read(move |tx| Ok(store::health(tx, &account, K::ENDPOINT, &path.uuid)?))
        .await?
        .ok_or_else(unknown::<K>)?;
    Ok(Json(NotificationOperationalStatus { status }))
}

pub(super) async fn test_stored_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
) -> ApiResult<Json<NotificationTestResult>> {
    let account = caller.account();
    let message = Message::test(&account);
    let outcome = send_now(&state, account, K::ENDPOINT, path.uuid, &message)
        .await?
        .ok_or_else(unknown::<K>)?;
    Ok(Json(result(outcome)))
}

pub(super) async fn test_configuration<K: Kind>(
    state: AppState,
    caller: Caller,
    New(draft): New<K>,
) -> ApiResult<Json<NotificationTestResult>> {
    let is_enabled = state
        .peek(|tx| Ok(store::is_enabled(tx, K::ENDPOINT)?))
        .await?;
    if !is_enabled {
        return Err(disabled(K::ENDPOINT));
    }
    let message = Message::test(&caller.account);
    let outcome = match K::outgoing(&draft.settings, draft.secret.as_deref(), &message) {
        Ok(outgoing) => {
            let verify = draft.verify_tls.unwrap_or(true);
            state.sender.send(outgoing, verify).await
        }
        Err(reason) => Err(reason),
    };
    Ok(Json(result(outcome)))
}

pub(super) async fn list_selectors<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
) -> ApiResult<Json<Vec<NotificationSelector>>> {
    let account = caller.account();
    let found = state
        .read(move |tx| {
            known::<K>(tx, &account, &path.uuid)?;
            Ok(store::selectors(tx, &path.uuid)?)
        })
        .await?;
    Ok(Json(found))
}

pub(super) async fn add_selector<K: Kind>(
    state: AppState,
    caller: Caller,
    path: ConfigurationPath,
    mut selector: NotificationSelector,
) -> ApiResult<Json<NotificationSelector>> {
    check(&caller, &selector)?;
    let account = caller.account();
    let uuid = state.uuid().to_string();
    selector.uuid = Some(uuid.clone());
    selector.configuration_uuid = Some(path.uuid.clone());
    let added = selector.clone();
    state
        .write(move |tx| {
            known::<K>(tx, &account, &path.uuid)?;
            Ok(store::insert_selector(tx, &path.uuid, &uuid, &added)?)
        })
        .await?;
    Ok(Json(selector))
}

pub(super) async fn get_selector<K: Kind>(
    state: AppState,
    caller: Caller,
    path: SelectorPath,
) -> ApiResult<Json<NotificationSelector>> {
    let account = caller.account();
    let found = state
        .peek(move |tx| known_selector::<K>(tx, &account, &path))
        .await?;
    Ok(Json(found))
}

pub(super) async fn update_selector<K: Kind>(
    state: AppState,
    caller: Caller,
    path: SelectorPath,
    mut selector: NotificationSelector,
) -> ApiResult<Json<NotificationSelector>> {
    check(&caller, &selector)?;
    let account = caller.account();
    selector.uuid = Some(path.selector_uuid.clone());
    selector.configuration_uuid = Some(path.configuration_uuid.clone());
    let changed = selector.clone();
    state
        .write(move |tx| {
            known_selector::<K>(tx, &account, &path)?;
            Ok(store::update_selector(tx, &path.selector_uuid, &changed)?)
        })
        .await?;
    Ok(Json(selector))
}

pub(super) async fn delete_selector<K: Kind>(
    state: AppState,
    caller: Caller,
    path: SelectorPath,
) -> ApiResult<()> {
    let account = caller.account();
    state
        .write(move |tx| {
            known_selector::<K>(tx, &account, &path)?;
            Ok(store::delete_selector(tx, &path.selector_uuid)?)
        })
        .await
}

/// Sends a message through a stored configuration, at once and once, and notes how that went. Nothing when there is no
/// such configuration.
///
/// # Errors
/// 409 when the type is disabled.
pub(crate) async fn send_now(
    state: &AppState,
    account: String,
    endpoint: EndpointType,
    uuid: String,
    message: &Message,
) -> ApiResult<Option<Outcome>> {
    let (found, is_enabled) = state
        .read(move |tx| {
            let found = store::get(tx, &account, endpoint, &uuid)?;
            Ok((found, store::is_enabled(tx, endpoint)?))
        })
        .await?;
    let Some(configuration) = found else {
        return Ok(None);
    };
    if !is_enabled {
        return Err(disabled(endpoint));
    }
    let outcome = send(state, endpoint, &configuration, message).await;
    let health = Health::of(&outcome);
    state
        .write(move |tx| Ok(store::note_health(tx, &configuration, health)?))
        .await?;
    Ok(Some(outcome))
}

/// Sends a message through a configuration, once.
pub(super) async fn send(
    state: &AppState,
    endpoint: EndpointType,
    configuration: &Configuration,
    message: &Message,
) -> Outcome {
    let (settings, secret) = (&configuration.settings, configuration.secret.as_deref());
    let outgoing = kinds::outgoing(endpoint, settings, secret, message)?;
    let verify = configuration.common.verify_tls;
    state.sender.send(outgoing, verify).await
}

/// A configuration of the account and the type.
///
/// # Errors
/// 404 when there is none.
fn known<K: Kind>(tx: &mut Transaction<'_>, account: &str, uuid: &str) -> ApiResult<Configuration> {
    store::get(tx, account, K::ENDPOINT, uuid)?.ok_or_else(unknown::<K>)
}

/// A selector of a configuration of the account and the type.
///
/// # Errors
/// 404 when there is no such selector, or no such configuration.
fn known_selector<K: Kind>(
    tx: &mut Transaction<'_>,
    account: &str,
    path: &SelectorPath,
) -> ApiResult<NotificationSelector> {
    known::<K>(tx, account, &path.configuration_uuid)?;
    store::selector(tx, &path.configuration_uuid, &path.selector_uuid)?
        .ok_or_else(|| ApiError::not_found("selector not found"))
}

fn unknown<K: Kind>() -> ApiError {
    ApiError::not_found(format!("{} configuration not found", K::ENDPOINT.as_str()))
}

fn disabled(endpoint: EndpointType) -> ApiError {
    ApiError::conflict(format!(
        "the notification endpoint `{}` is disabled; an administrator can enable it",
        endpoint.as_str()
    ))
}

/// Checks a selector that a caller sends.
///
/// # Errors
/// 400 when it does not fit, 403 when it asks for the events of others.
fn check(caller: &Caller, selector: &NotificationSelector) -> ApiResult<()> {
    selector.event.check()?;
    if selector.scope == Scope::Global && &*caller.account != ADMIN {
        return Err(ApiError::forbidden(format!(
            "Not authorized. Selectors with scope `global` are for configurations of the account {ADMIN}"
        )));
    }
    Ok(())
}

/// A new configuration as it is stored.
fn configuration<K: Kind>(state: &AppState, draft: Draft<K::Settings>) -> ApiResult<Configuration> {
    let now = state.now();
    Ok(Configuration {
        common: NotificationEndpointConfiguration {
            uuid: state.uuid().to_string(),
            description: draft.description,
            verify_tls: draft.verify_tls.unwrap_or(true),
            created_at: now,
            last_updated: now,
            selectors: Vec::new(),
        },
        settings: serde_json::to_string(&draft.settings).map_err(ApiError::internal)?,
        secret: draft.secret,
        version: 1,
    })
}

fn settings<K: Kind>(configuration: &Configuration) -> ApiResult<K::Settings> {
    serde_json::from_str(&configuration.settings).map_err(ApiError::internal)
}

fn answer<K: Kind>(configuration: Configuration) -> ApiResult<Answer<K>> {
    Ok(Answer {
        settings: settings::<K>(&configuration)?,
        common: configuration.common,
    })
}

fn result(outcome: Outcome) -> NotificationTestResult {
    let (status, response) = match outcome {
        Ok(answered) => ("success", answered),
        Err(reason) => ("failure", reason),
    };
    NotificationTestResult {
        status: status.to_owned(),
        response,
    }
}
