//! What a database needs before the first request: roles, the administrator, the signing key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::access::role;
use crate::ids::IdSource;
use crate::params;
use crate::resources::events::Origin;
use crate::resources::{notifications, policies, system};
use crate::state::AppState;
use crate::store::{Error, Store};
use crate::time::Timestamp;

/// Name of the account, and of its first user, that may do everything.
pub(crate) const ADMIN: &str = "admin";
/// The address servers of this API have always given the administrator.
const ADMIN_EMAIL: &str = "admin@myanchore";
/// Name of the key that signs access tokens, among the secrets.
const TOKEN_KEY: &str = "access-token-key";
/// Name of the key behind the ids of requests to identity providers, among the secrets.
const REQUEST_KEY: &str = "saml-request-key";

/// Writes the roles, feeds and types of notification endpoints of this program.
pub(crate) async fn seed(store: &Store, now: Timestamp) -> Result<(), Error> {
    store
        .write(move |tx| {
            role::seed(tx, now)?;
            system::store::seed_feeds(tx, now)?;
            notifications::seed(tx, now)
        })
        .await
}

/// Whether the administrator is there already.
pub(crate) async fn has_administrator(store: &Store) -> Result<bool, Error> {
    store
        .read(|tx| {
            tx.query_value(
                "SELECT EXISTS (SELECT 1 FROM accounts WHERE name = $1)",
                params![ADMIN],
            )
        })
        .await
}

/// Makes the administrator's account and user, unless another server was faster.
pub(crate) async fn make_administrator(
    store: &Store,
    ids: &dyn IdSource,
    now: Timestamp,
    password_hash: String,
) -> Result<(), Error> {
    let uuid = ids.uuid();
    store
        .write(move |tx| {
            let is_new = tx.execute(
                "INSERT INTO accounts (name, type, state, email, created_at, last_updated)
                 VALUES ($1, 'admin', 'enabled', $2, $3, $3) ON CONFLICT DO NOTHING",
                params![ADMIN, ADMIN_EMAIL, now],
            )? == 1;
            if is_new {
                tx.execute(
                    "INSERT INTO users (username, uuid, account_name, type, created_at, last_updated)
                     VALUES ($1, $2, $1, 'native', $3, $3)",
                    params![ADMIN, uuid, now],
                )?;
                tx.execute(
                    "INSERT INTO credentials (username, hash, created_at) VALUES ($1, $2, $3)",
                    params![ADMIN, password_hash, now],
                )?;
            }
            Ok(())
        })
        .await
}

/// Gives every account without policies the default one: the administrator's, on the first start.
pub(crate) async fn install_policies(state: &AppState) -> Result<(), Error> {
    let origin = Origin::of(state, "catalog");
    state
        .store
        .write(move |tx| policies::store::install_missing_defaults(tx, &origin))
        .await
}

/// The key that signs access tokens.
pub(crate) async fn token_key(store: &Store) -> Result<Vec<u8>, Error> {
    secret(store, TOKEN_KEY).await
}

/// The key that tells which requests to identity providers were made here.
pub(crate) async fn request_key(store: &Store) -> Result<Vec<u8>, Error> {
    secret(store, REQUEST_KEY).await
}

/// A key that is made on the first start, then shared by all servers.
async fn secret(store: &Store, name: &'static str) -> Result<Vec<u8>, Error> {
    let fresh = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let key: String = store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                params![name, fresh],
            )?;
            tx.query_value("SELECT value FROM secrets WHERE name = $1", params![name])
        })
        .await?;
    Ok(key.into_bytes())
}

/// A password nobody has thought of.
pub(crate) fn random_password() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>())
}
