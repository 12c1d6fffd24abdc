//! The gate before every operation: who calls, and may they.
//!
//! What an operation demands is read from its place in the OpenAPI document, so the document always
//! says what is enforced: `x-anchore-authz-action` names the action (`None` when a login is enough),
//! and `security(())` marks what needs no login at all. Handlers only receive the [`Caller`].
//!
//! The order of refusals is fixed: 401 unknown caller, 403 own account not enabled, 403 permission
//! missing, 403 or 404 account named in `x-anchore-account`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use super::{ApiError, ApiResult, Problem, auth};
use crate::access::action::{self, Action, Domain, GLOBAL_DOMAIN};
use crate::access::grants;
use crate::access::identity::{AccountState, Identity};
use crate::state::AppState;
use crate::store::Transaction;

/// Header in which a caller asks to act in another account.
pub(crate) const ACCOUNT_HEADER: &str = "x-anchore-account";

/// Extension of an operation in the document: the action it needs.
pub(crate) const ACTION_EXTENSION: &str = "x-anchore-authz-action";

/// Who calls an operation, and in which account.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is.
    pub(crate) identity: Arc<Identity>,
    /// The account the operation acts in: the one of `x-anchore-account`, else the caller's own.
    pub(crate) account: Arc<str>,
}

impl Caller {
    /// The name of the user.
    pub(crate) fn username(&self) -> &str {
        &self.identity.username
    }

    /// The account the operation acts in, for a closure to keep.
    pub(crate) fn account(&self) -> String {
        self.account.to_string()
    }

    /// Checks a permission that depends on the body or the query, such as an account named there.
    ///
    /// # Errors
    /// 403 when the caller lacks it.
    pub(crate) async fn require(
        &self,
        state: &AppState,
        action: &str,
        domain: &str,
    ) -> ApiResult<()> {
        let action = action::find(action)
            .ok_or_else(|| ApiError::internal(format!("unknown action `{action}`")))?;
        let (identity, domain) = (Arc::clone(&self.identity), domain.to_owned());
        state
            .peek(move |tx| match permit(tx, &identity, action, &domain)? {
                // Whether there is such an account is the handler's business.
                Permit::Granted | Permit::UnknownAccount => Ok(()),
            })
            .await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ApiError::internal("an operation without login asks for its caller"))
    }
}

/// What an operation demands of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    Nothing,
    Login,
    Permission(&'static Action),
}

/// What every operation demands, by method and path template.
pub(crate) struct Demands(HashMap<String, Vec<(Method, Demand)>>);

/// An operation in the document does not say what it demands.
#[derive(Debug, thiserror::Error)]
#[error("operation `{operation}`: {reason}")]
pub struct UndeclaredDemand {
    operation: String,
    reason: String,
}

impl Demands {
    /// Reads the demands of all operations of `document`, whose paths are as the router has them.
    ///
    /// # Errors
    /// An operation declares no action, or one that the catalogue does not know.
    pub(crate) fn read(document: &OpenApi) -> Result<Self, UndeclaredDemand> {
        let mut demands = HashMap::new();
        for (path, item) in &document.paths.paths {
            let mut methods = Vec::new();
            for (method, operation) in operations(item) {
                let demand = demand_of(operation).map_err(|reason| UndeclaredDemand {
                    operation: format!("{method} {path}"),
                    reason,
                })?;
                methods.push((method, demand));
            }
            demands.insert(path.clone(), methods);
        }
        Ok(Self(demands))
    }

    /// The demand of a method on a path, if there is such an operation.
    fn find(&self, path: &str, method: &Method) -> Option<Demand> {
        // Every GET answers HEAD too.
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let methods = self.0.get(path)?;
        let (_, demand) = methods.iter().find(|(known, _)| known == method)?;
        Some(*demand)
    }
}

/// The operations of a path with their methods.
pub(crate) fn operations(
    item: &utoipa::openapi::PathItem,
) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn demand_of(operation: &Operation) -> Result<Demand, String> {
    let is_public = operation.security.as_ref().is_some_and(|schemes| {
        schemes
            .iter()
            .any(|scheme| *scheme == utoipa::openapi::SecurityRequirement::default())
    });
    let name = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(ACTION_EXTENSION))
        .and_then(serde_json::Value::as_str)
        .ok_or_else(|| format!("declares no `{ACTION_EXTENSION}`"))?;
    match (name, is_public) {
        ("None", true) => Ok(Demand::Nothing),
        ("None", false) => Ok(Demand::Login),
        (_, true) => Err(format!(
            "needs `{name}` but declares that no login is needed"
        )),
        (name, false) => action::find(name)
            .map(Demand::Permission)
            .ok_or_else(|| format!("the catalogue has no action `{name}`")),
    }
}

/// The gate itself, around every routed operation.
pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&state, &mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal,
    }
}

async fn admit(state: &AppState, parts: &mut Parts) -> Result<(), Response> {
    let path = parts
        .extensions
        .get::<MatchedPath>()
        .cloned()
        .ok_or_else(|| Problem::unknown_path().into_response())?;
    let demand = match state.demands.find(path.as_str(), &parts.method) {
        Some(Demand::Nothing) => return Ok(()),
        Some(demand) => demand,
        // The router adds which methods there are.
        None => return Err(Problem::wrong_method().into_response()),
    };
    let caller = check(state, parts, demand)
        .await
        .map_err(IntoResponse::into_response)?;
    parts.extensions.insert(caller);
    Ok(())
}

async fn check(state: &AppState, parts: &mut Parts, demand: Demand) -> ApiResult<Caller> {
    let identity = Arc::new(auth::authenticate(state, &parts.headers).await?);
    if identity.account_state != AccountState::Enabled {
        return Err(ApiError::account_not_enabled(&identity.account_name));
    }
    let wanted = wanted_account(&parts.headers)?;
    let account: Arc<str> = wanted.unwrap_or(&identity.account_name).into();
    let caller = Caller {
        identity: Arc::clone(&identity),
        account: Arc::clone(&account),
    };
    let Demand::Permission(action) = demand else {
        // Nobody has checked whether the caller may act elsewhere.
        let account = if identity.is_administrator {
            account
        } else {
            identity.account_name.as_str().into()
        };
        return Ok(Caller { identity, account });
    };
    let domain: Arc<str> = match action.domain {
        Domain::Global => GLOBAL_DOMAIN.into(),
        Domain::Account => account_in_path(parts, state).await?.unwrap_or(account),
        // The handler knows the domain, or every login is enough.
        Domain::Named | Domain::Everyone => return Ok(caller),
    };
    let is_own = *domain == *identity.account_name;
    if identity.is_administrator && (is_own || action.domain == Domain::Global) {
        return Ok(caller);
    }
    let is_in_path = *domain != *caller.account;
    state
        .peek(move |tx| match permit(tx, &identity, action, &domain)? {
            Permit::Granted => Ok(()),
            // What the path names is the handler's business.
            Permit::UnknownAccount if is_in_path => Ok(()),
            Permit::UnknownAccount => Err(ApiError::not_found(format!(
                "User account not found: {domain}"
            ))),
        })
        .await?;
    Ok(caller)
}

/// What a permission check found, when it did not refuse.
enum Permit {
    Granted,
    /// Nobody refuses administrators, but there is no such account.
    UnknownAccount,
}

/// Checks that the roles of a user allow an action in a domain, and that the account there is one to
/// act in.
///
/// # Errors
/// 403: a role is missing, or the account is not enabled.
fn permit(
    tx: &mut Transaction<'_>,
    identity: &Identity,
    action: &Action,
    domain: &str,
) -> ApiResult<Permit> {
    let is_administrator = identity.is_administrator;
    if !is_administrator && !grants::holds(tx, &identity.username, action, domain)? {
        return Err(ApiError::lacks_permission(domain, action.name));
    }
    // The caller's own account was looked at before.
    if action.domain == Domain::Global || domain == identity.account_name {
        return Ok(Permit::Granted);
    }
    match grants::account_state(tx, domain)? {
        Some(AccountState::Enabled) => Ok(Permit::Granted),
        Some(_) if is_administrator => Ok(Permit::Granted),
        Some(_) => Err(ApiError::account_not_enabled(domain)),
        None => Ok(Permit::UnknownAccount),
    }
}

/// The account asked for in the header. An empty header is no header.
fn wanted_account(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    headers
        .get(ACCOUNT_HEADER)
        .map(|value| {
            value.to_str().map(str::trim).map_err(|_| {
                Problem::bad_request(format!("header `{ACCOUNT_HEADER}`: expected an account name, got bytes that are no text"))
            })
        })
        .transpose()
        .map(|name| name.filter(|name| !name.is_empty()))
}

async fn account_in_path(parts: &mut Parts, state: &AppState) -> ApiResult<Option<Arc<str>>> {
    let values = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|rejection| {
            Problem::bad_request(format!("path parameter: {}", rejection.body_text()))
        })?;
    Ok(values
        .iter()
        .find(|(name, _)| *name == "account_name")
        .map(|(_, value)| value.into()))
}
