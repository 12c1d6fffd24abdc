//! `/rbac-manager/saml`: identity providers, and logins at them.
//!
//! A login begins with `GET …/login/{idp_name}`, which answers the address the browser must go to, with a request for
//! the identity provider in it. What the identity provider then posts to the assertion consumer service of the front
//! end is relayed to `POST …/sso/{idp_name}` and exchanged for a bearer token. The grant of RFC 7522 at
//! `POST /oauth/token` does the same for an assertion that a program has got by other means. What makes a message
//! trusted is told in [`crate::saml`].
//!
//! Choices where no published behaviour is known:
//!
//! - `token` in the answer that begins a login is that address: the schema has no other member. The relay state is the
//!   id of the request, so that a front end can see that what comes back belongs to the browser that began.
//! - Only answers to requests of this server are taken, each once. A login that the identity provider begins is
//!   refused: whoever can make a browser post somebody else's assertion could log its user in as that one. An assertion
//!   for the grant answers no request, and is for the recipient `POST /oauth/token`; neither kind does as the other.
//! - What is signed: each of response and assertion that the configuration demands, and at least one of them whatever
//!   it says.
//! - `acs_https_port` belongs to an `acs_url` with `https` that has no port of its own.
//! - Metadata by address is read when the configuration is made, then every hour, and when a message is signed with a key
//!   that is not in it, at most once a minute. Should that fail, it is read again every minute, while the old counts for
//!   a day. The address is one of HTTPS, or of this machine, and so are those it redirects to.
//! - An attribute that the configuration names must be there in every login, not only in the first one. A user name
//!   and, without a default account, an account must have one value.
//! - A subject that is another in every login (`transient`) is no user name.
//! - An account that is not enabled, and a role that does not exist, refuse the first login.
//! - The administrators' account is for nobody of an identity provider, whether made beforehand or by logging in.
//! - A user that was made for the identity provider beforehand has the account and roles it was given.
//! - An assertion that proves nothing is answered with 401, one whose user may not log in with 403; both say why.
//! - Deleting an identity provider deletes its users, and with them their tokens. Disabling one ends no tokens; they
//!   are over soon, since these logins give no refresh tokens.

mod fetch;
mod handlers;
mod login;
mod logins;
mod provider;
pub(crate) mod store;
mod types;

#[cfg(test)]
mod tests;

use std::fmt;

use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::ApiResult;
use crate::saml::RequestIds;
use crate::saml::message::CLOCK_SKEW;
use crate::state::AppState;

pub(crate) use login::{LoginError, with_assertion};

/// The operations of this resource.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list_idps, handlers::add_idp))
        .routes(routes!(
            handlers::get_idp,
            handlers::update_idp,
            handlers::delete_idp
        ))
        .routes(routes!(logins::saml_login))
        .routes(routes!(logins::saml_sso))
}

/// How users of identity providers log in.
#[derive(Debug, Clone, Copy, Default)]
pub struct SsoSettings {
    /// Users must have been made beforehand; nobody becomes one by logging in.
    pub require_existing_users: bool,
}

/// What logins share.
pub(crate) struct Sso {
    settings: SsoSettings,
    requests: RequestIds,
    /// Held while metadata is fetched: one fetch is enough.
    fetching: Mutex<()>,
}

impl Sso {
    /// Logins by these settings. Servers with the same key know each other's requests.
    pub(crate) fn new(settings: SsoSettings, key: &[u8]) -> Self {
        Self {
            settings,
            requests: RequestIds::new(key),
            fetching: Mutex::default(),
        }
    }
}

impl fmt::Debug for Sso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sso")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Forgets the used ids that are over: their messages are refused for that, also by a server whose clock is behind.
pub(crate) async fn forget_used(state: AppState) -> ApiResult<()> {
    let moment = state.now().plus_seconds(-CLOCK_SKEW);
    state
        .write(move |tx| Ok(store::forget_used(tx, moment)?))
        .await
}
