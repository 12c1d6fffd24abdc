//! From a message of an identity provider to a user of this server.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;

use super::provider::{self, Provider};
use super::store;
use super::types::RbacManagerSamlConfiguration;
use crate::access::identity::{self, AccountState, Identity};
use crate::http::{ApiError, ApiResult};
use crate::resources::accounts::types::{Account, AccountType, Name};
use crate::resources::accounts::users::types::{User, UserType};
use crate::resources::accounts::{self, is_protected, users};
use crate::resources::events::Origin;
use crate::resources::rbac_manager;
use crate::saml::message::{self, Expected};
use crate::saml::{Proof, Refusal};
use crate::state::AppState;
use crate::store::{Error, Transaction};
use crate::time::Timestamp;

/// Longest message, in bytes.
const LONGEST: usize = 256 << 10;

/// Why somebody is not logged in.
#[derive(Debug)]
pub(crate) enum LoginError {
    /// What was given proves nothing.
    Untrusted(String),
    /// It proves who it is, but they may not log in.
    Denied(String),
    /// Anything else.
    Other(ApiError),
}

impl From<Refusal> for LoginError {
    /// In short: names in a message are as long as whoever made it wants.
    fn from(refusal: Refusal) -> Self {
        const LONGEST: usize = 300;
        Self::Untrusted(refusal.to_string().chars().take(LONGEST).collect())
    }
}

impl From<ApiError> for LoginError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<Error> for LoginError {
    fn from(error: Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Untrusted(reason) => {
                Self::untrusted(format!("the SAML response is not accepted: {reason}"))
            }
            LoginError::Denied(reason) => {
                Self::forbidden(format!("the login is refused: {reason}"))
            }
            LoginError::Other(error) => error,
        }
    }
}

/// The XML that was sent in base64, as forms have it or as RFC 7522 does.
pub(super) fn text(encoded: &str) -> Option<String> {
    let plain: String = encoded.split_ascii_whitespace().collect();
    if plain.len() > LONGEST {
        return None;
    }
    let bytes = STANDARD
        .decode(&plain)
        .or_else(|_| URL_SAFE_NO_PAD.decode(plain.trim_end_matches('=')))
        .ok()?;
    String::from_utf8(bytes).ok()
}

/// Logs in whoever a response is about, which answers a request of this server.
pub(super) async fn with_response(
    state: &AppState,
    idp_name: &str,
    text: &str,
) -> Result<Identity, LoginError> {
    let verify = |provider: &Provider| {
        let expected = Expected {
            provider: &provider.metadata,
            audience: &provider.configuration.sp_entity_id,
            recipient: &provider.acs_url,
            signed_response: provider.configuration.require_signed_response,
            signed_assertion: provider.configuration.require_signed_assertions,
            now: state.now(),
        };
        message::response(text, &expected)
    };
    let (provider, proof) = verified(state, idp_name, verify).await??;
    let Some(request) = &proof.in_response_to else {
        return Err(LoginError::Untrusted(
            "it answers no request; a login begins at this server".to_owned(),
        ));
    };
    let request_ends = state
        .sso
        .requests
        .end_of(request, idp_name, state.now())
        .ok_or_else(|| {
            LoginError::Untrusted(
                "the request that it answers was not made here, or took too long".to_owned(),
            )
        })?;
    let used = vec![
        (request.clone(), request_ends),
        (proof.assertion_id.clone(), proof.ends_at),
    ];
    log_in(state, &provider, &proof, used).await
}

/// Logs in whoever an assertion is about, which a program brings by the grant of RFC 7522.
pub(crate) async fn with_assertion(
    state: &AppState,
    encoded: &str,
) -> Result<Identity, LoginError> {
    let text = text(encoded)
        .ok_or_else(|| LoginError::Untrusted("expected an assertion in base64url".to_owned()))?;
    let issuer = message::claimed_issuer(&text)?;
    let names = state
        .store
        .read({
            let issuer = issuer.clone();
            move |tx| store::of_issuer(tx, &issuer)
        })
        .await?;
    let recipient = Url::parse(&format!("{}/v2/oauth/token", state.base_url))
        .map_err(|error| LoginError::Other(ApiError::internal(error)))?;
    // Several may be the same one, each with a name of its own for this service.
    let mut refusal = Refusal::Issuer(issuer);
    for name in names {
        let verify = |provider: &Provider| {
            let expected = Expected {
                provider: &provider.metadata,
                audience: &provider.configuration.sp_entity_id,
                recipient: &recipient,
                signed_response: false,
                signed_assertion: true,
                now: state.now(),
            };
            message::assertion(&text, &expected)
        };
        match verified(state, &name, verify).await? {
            Ok((_, proof)) if proof.in_response_to.is_some() => {
                return Err(LoginError::Untrusted(
                    "it answers a request for a login of a browser".to_owned(),
                ));
            }
            Ok((provider, proof)) => {
                let used = vec![(proof.assertion_id.clone(), proof.ends_at)];
                return log_in(state, &provider, &proof, used).await;
            }
            Err(error) => refusal = error,
        }
    }
    Err(refusal.into())
}

/// Holds a message against the metadata of a provider. A key that is not there may be a new one: then
/// the metadata is read anew, and the message held against that.
///
/// # Errors
/// Those of [`provider::load`].
async fn verified(
    state: &AppState,
    idp_name: &str,
    verify: impl Fn(&Provider) -> Result<Proof, Refusal>,
) -> ApiResult<Result<(Provider, Proof), Refusal>> {
    let mut provider = provider::load(state, idp_name).await?;
    let mut outcome = verify(&provider);
    if outcome.as_ref().is_err_and(Refusal::is_unknown_key)
        && let Some(reloaded) = provider::reload(state, idp_name).await?
    {
        outcome = verify(&reloaded);
        provider = reloaded;
    }
    Ok(outcome.map(|proof| (provider, proof)))
}

/// Makes the user, should this be the first login, and uses up what must not be brought again.
async fn log_in(
    state: &AppState,
    provider: &Provider,
    proof: &Proof,
    used: Vec<(String, Timestamp)>,
) -> Result<Identity, LoginError> {
    let login = Login::read(&provider.configuration, proof).map_err(LoginError::Denied)?;
    let origin = Origin::of(state, "rbac_manager");
    let may_be_new = !state.sso.settings.require_existing_users;
    let (user, issuer) = (state.uuid(), proof.issuer.clone());
    let idp_name = provider.configuration.name.clone();
    state
        .store
        .write(move |tx| {
            // It may have been disabled or deleted while the message was read.
            let idp = store::get(tx, &idp_name)?.filter(|idp| idp.configuration.enabled);
            if idp.is_none() {
                return Err(LoginError::Other(provider::unknown()));
            }
            let known = users::store::get(tx, &login.username)?;
            match &known {
                Some(known) => login.check_known(known, &idp_name)?,
                None if may_be_new => login.check_new(tx)?,
                None => {
                    return Err(LoginError::Denied(format!(
                        "there is no user `{}`, and users are not made by logging in",
                        login.username
                    )));
                }
            }
            for (id, ends_at) in &used {
                if !store::use_up(tx, &issuer, id, *ends_at)? {
                    return Err(LoginError::Untrusted("it was used before".to_owned()));
                }
            }
            if known.is_none() {
                let now = origin.now();
                let user = User {
                    username: login.username.clone(),
                    kind: UserType::Saml,
                    source: Some(issuer.clone()),
                    created_at: now,
                    last_updated: now,
                    idp_name: Some(idp_name.clone()),
                    uuid: user,
                    account_name: login.owner.clone(),
                };
                login.make(tx, &user, &origin)?;
            }
            identity::by_username(tx, &login.username)?
                .map(|(identity, _)| identity)
                .ok_or_else(|| ApiError::internal("a user of a login is not there").into())
        })
        .await
}

/// Who logs in, and what they get should they be new.
#[derive(Debug, PartialEq, Eq)]
struct Login {
    username: String,
    /// The account the user is of.
    owner: String,
    /// The accounts the roles are for.
    accounts: Vec<String>,
    roles: Vec<String>,
}

impl Login {
    /// What a configuration makes of a message, or why that is nothing.
    fn read(configuration: &RbacManagerSamlConfiguration, proof: &Proof) -> Result<Self, String> {
        let username = match &configuration.idp_username_attribute {
            None => proof.name_id.clone().ok_or(
                "the subject has no name that lasts; `idp_username_attribute` can say which attribute has one",
            )?,
            Some(attribute) => match values(proof, attribute)?.as_slice() {
                [only] => only.clone(),
                _ => {
                    return Err(format!(
                        "the attribute `{attribute}` has several values, and a user has one name"
                    ));
                }
            },
        };
        if !Name::is_valid(&username) {
            return Err(format!("`{username}` cannot be the name of a user"));
        }
        let default = configuration.default_account.clone();
        let (owner, accounts) = match &configuration.idp_account_attribute {
            None => (default.clone(), Vec::from_iter(default)),
            Some(attribute) => {
                let accounts = values(proof, attribute)?;
                let owner = match accounts.as_slice() {
                    [only] => Some(only.clone()),
                    _ => default,
                };
                (owner, accounts)
            }
        };
        let owner = owner.ok_or("several accounts are given, and there is no default account")?;
        for account in accounts.iter().chain([&owner]) {
            if is_protected(account) {
                return Err(format!(
                    "the account `{account}` is not for users of identity providers"
                ));
            }
            if !Name::is_valid(account) {
                return Err(format!("`{account}` cannot be the name of an account"));
            }
        }
        let roles = match &configuration.idp_role_attribute {
            None => Vec::from_iter(configuration.default_role.clone()),
            Some(attribute) => values(proof, attribute)?,
        };
        Ok(Self {
            username,
            owner,
            accounts,
            roles,
        })
    }

    /// Whether the user that is there is the one of this identity provider.
    fn check_known(&self, known: &User, idp_name: &str) -> Result<(), LoginError> {
        let reason = if known.kind == UserType::Native {
            "logs in with a password"
        } else if known.idp_name.as_deref() != Some(idp_name) {
            "belongs to another identity provider"
        } else {
            return Ok(());
        };
        Err(LoginError::Denied(format!(
            "the user `{}` {reason}",
            self.username
        )))
    }

    /// Whether all is there that the user needs, or can be made.
    fn check_new(&self, tx: &mut Transaction<'_>) -> Result<(), LoginError> {
        if is_protected(&self.username) {
            return Err(LoginError::Denied(format!(
                "the user name `{}` is reserved",
                self.username
            )));
        }
        for role in &self.roles {
            if !rbac_manager::store::has_role(tx, role)? {
                return Err(LoginError::Denied(format!("there is no role `{role}`")));
            }
        }
        for name in self.accounts.iter().chain([&self.owner]) {
            let known = accounts::store::get(tx, name)?;
            if known.is_some_and(|account| account.state != AccountState::Enabled) {
                return Err(ApiError::account_not_enabled(name).into());
            }
        }
        Ok(())
    }

    /// Makes the user, and the accounts that are missing.
    fn make(
        &self,
        tx: &mut Transaction<'_>,
        user: &User,
        origin: &Origin,
    ) -> Result<(), LoginError> {
        let now = origin.now();
        for name in self.accounts.iter().chain([&self.owner]) {
            let account = Account {
                name: name.clone(),
                kind: AccountType::User,
                state: AccountState::Enabled,
                email: None,
                created_at: now,
                last_updated: now,
            };
            // One that is there stays as it is.
            accounts::add(tx, &account, origin)?;
        }
        users::store::insert(tx, user)?;
        for account in &self.accounts {
            for role in &self.roles {
                rbac_manager::store::add_member(tx, role, &user.username, account, now)?;
            }
        }
        Ok(())
    }
}

/// The values of an attribute, each once; there must be one.
fn values(proof: &Proof, attribute: &str) -> Result<Vec<String>, String> {
    let mut values = proof.values(attribute);
    values.sort_unstable();
    values.dedup();
    if values.is_empty() {
        return Err(format!("the attribute `{attribute}` is missing or empty"));
    }
    Ok(values)
}
