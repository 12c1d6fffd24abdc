//! Starting and stopping a server.

mod admin;
mod protocol;
mod serve;
mod tls;

#[cfg(test)]
mod tests;

pub use tls::{Tls, TlsError};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::access::password::{PasswordCost, Passwords};
use crate::access::token::Tokens;
use crate::bootstrap;
use crate::distribution::Distribution;
use crate::http::guard::{Demands, UndeclaredDemand};
use crate::http::uri;
use crate::ids::{IdSource, RandomIds};
use crate::jobs;
use crate::metrics::Metrics;
use crate::openapi;
use crate::resources::inventories::InventorySettings;
use crate::resources::notifications::Sender;
use crate::resources::rbac_manager::saml::{Sso, SsoSettings};
use crate::resources::system::servers;
use crate::resources::system::servers::store::State;
use crate::router;
use crate::state::{AppState, Limits, Parts};
use crate::store::{self, Store};
use crate::time::{Clock, SystemClock};
use crate::webhooks::Webhooks;
use admin::Admin;
use serve::Door;
use tls::Certificate;

/// How long requests in flight may take once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Time from one check of watched tags to the next, unless a setting says otherwise.
const ALERTS_EVERY: Duration = Duration::from_secs(600);

/// How often events are told, unless a setting says otherwise.
const NOTIFICATIONS_EVERY: Duration = Duration::from_secs(30);

/// Bytes the key for access tokens must have: those of the digest it is used with.
const SHORTEST_KEY: usize = 32;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened or brought up to date.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The certificate or its key cannot be used.
    #[error("failed to set up TLS")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// An operation is not annotated as it must be; a fault of this program.
    #[error(transparent)]
    Document(#[from] UndeclaredDemand),
    /// A fault of this program.
    #[error("failed to set up the metrics")]
    Metrics(#[from] prometheus::Error),
    /// The key for access tokens is too short to be safe.
    #[error("the key that signs tokens must have at least {SHORTEST_KEY} bytes")]
    ShortKey,
    /// The first password could not be hashed.
    #[error("failed to hash the administrator's password: {0}")]
    Password(String),
}

/// How to start a server. Everything has a default but the data folder.
pub struct ServerBuilder {
    data_dir: PathBuf,
    database: Option<String>,
    listen: SocketAddr,
    tls: Option<Tls>,
    metrics_listen: Option<SocketAddr>,
    grace: Duration,
    admin_password: Option<String>,
    limits: Limits,
    password_cost: PasswordCost,
    token_lifetime: i64,
    refresh_lifetime: i64,
    token_key: Option<String>,
    host_id: String,
    base_url: Option<String>,
    webhooks: Webhooks,
    inventory: InventorySettings,
    alerts_every: Duration,
    notifications_every: Duration,
    sso: SsoSettings,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl ServerBuilder {
    /// Keeps everything in the PostgreSQL database at this address, which other servers may use
    /// too, and not in the data folder.
    #[must_use]
    pub fn database(mut self, url: impl Into<String>) -> Self {
        self.database = Some(url.into());
        self
    }

    /// Where to listen; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Speaks TLS, with this certificate. Its files are read again when they change.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Where metrics and probes are, without TLS; nowhere without this. Port 0 takes a free one.
    #[must_use]
    pub fn metrics_listen(mut self, address: SocketAddr) -> Self {
        self.metrics_listen = Some(address);
        self
    }

    /// How long requests in flight may take once the server is asked to stop.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The administrator's password, should this be the first start. Without one a random one is
    /// made: see [`Server::new_admin_password`].
    #[must_use]
    pub fn admin_password(mut self, password: impl Into<String>) -> Self {
        self.admin_password = Some(password.into());
        self
    }

    /// Sizes and times a request may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How much work password hashes are; tests want little.
    #[must_use]
    pub fn password_cost(mut self, cost: PasswordCost) -> Self {
        self.password_cost = cost;
        self
    }

    /// Seconds that access tokens and refresh tokens are good for.
    #[must_use]
    pub fn token_lifetimes(mut self, access_seconds: i64, refresh_seconds: i64) -> Self {
        self.token_lifetime = access_seconds;
        self.refresh_lifetime = refresh_seconds;
        self
    }

    /// The key that signs access tokens, at least 32 bytes. Without one it is made on the first
    /// start and kept in the database.
    #[must_use]
    pub fn token_key(mut self, key: impl Into<String>) -> Self {
        self.token_key = Some(key.into());
        self
    }

    /// The name of this server among those that share the database.
    #[must_use]
    pub fn host_id(mut self, name: impl Into<String>) -> Self {
        self.host_id = name.into();
        self
    }

    /// Where clients reach this server, for the records that tell them. Default: where it listens.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Addresses that are told what happens.
    #[must_use]
    pub fn webhooks(mut self, webhooks: Webhooks) -> Self {
        self.webhooks = webhooks;
        self
    }

    /// How long what runs somewhere is kept, and what a report does to what is there.
    #[must_use]
    pub fn inventory(mut self, settings: InventorySettings) -> Self {
        self.inventory = settings;
        self
    }

    /// How often the images of watched tags are checked for alerts.
    #[must_use]
    pub fn alerts_every(mut self, period: Duration) -> Self {
        self.alerts_every = period;
        self
    }

    /// How often new events are looked at, and notifications sent.
    #[must_use]
    pub fn notifications_every(mut self, period: Duration) -> Self {
        self.notifications_every = period;
        self
    }

    /// How users of identity providers log in.
    #[must_use]
    pub fn sso(mut self, settings: SsoSettings) -> Self {
        self.sso = settings;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of identifiers than chance.
    #[must_use]
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Opens the database, prepares it, and starts to answer requests.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(self) -> Result<Server, StartError> {
        let certificate = self.tls.clone().map(Certificate::read).transpose()?;
        let grace = self.grace;
        let (listener, address) = listen(self.listen).await?;
        let admin = match self.metrics_listen {
            Some(wanted) => Some(listen(wanted).await?),
            None => None,
        };
        let (state, new_admin_password) = self.prepare(address).await?;
        let (stop, stopped) = watch::channel(());
        let mut jobs = jobs::start(&state, &stopped);
        if let Some(certificate) = &certificate {
            let fresh = tls::keep_fresh(Arc::clone(certificate), tls::LOOK, stopped.clone());
            jobs.push(tokio::spawn(fresh));
        }
        let acceptor = certificate.as_ref().map(Certificate::acceptor);
        let door = Door::new(app(&state), acceptor, Some(state.clone()));
        let serving = tokio::spawn(serve::serve(listener, door, stopped, grace));
        let admin = admin.map(|(listener, address)| Admin::start(listener, address, &state));
        Ok(Server {
            address,
            new_admin_password,
            certificate,
            state,
            admin,
            stop,
            serving,
            jobs,
        })
    }

    /// All but the listening: for tests that call the router in process.
    pub(crate) async fn prepare(
        self,
        address: SocketAddr,
    ) -> Result<(AppState, Option<String>), StartError> {
        let store = match &self.database {
            Some(url) => Store::connect(url).await?,
            None => Store::open(&self.data_dir).await?,
        };
        let passwords = Passwords::new(self.password_cost);
        let now = self.clock.now();
        bootstrap::seed(&store, now).await?;
        let mut new_password = None;
        if !bootstrap::has_administrator(&store).await? {
            let password = self.admin_password.unwrap_or_else(|| {
                let random = bootstrap::random_password();
                new_password = Some(random.clone());
                random
            });
            let hash = passwords
                .hash(password)
                .await
                .map_err(|error| StartError::Password(error.to_string()))?;
            bootstrap::make_administrator(&store, &*self.ids, now, hash).await?;
        }
        let key = match self.token_key {
            Some(key) if key.len() < SHORTEST_KEY => return Err(StartError::ShortKey),
            Some(key) => key.into_bytes(),
            None => bootstrap::token_key(&store).await?,
        };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let request_key = bootstrap::request_key(&store).await?;
        let document = router::document();
        let state = AppState::new(Parts {
            demands: Demands::read(&document)?,
            metrics: Metrics::new(&document, &store)?,
            document: openapi::finish(document),
            document_yaml: OnceLock::new(),
            tokens: Tokens::new(&key, self.token_lifetime, self.refresh_lifetime),
            store,
            clock: self.clock,
            ids: self.ids,
            limits: self.limits,
            passwords,
            host_id: self.host_id,
            base_url: self
                .base_url
                .unwrap_or_else(|| format!("{scheme}://{address}")),
            distribution: Distribution::default(),
            webhooks: self.webhooks,
            inventory: self.inventory,
            alerts_every: self.alerts_every,
            notifications_every: self.notifications_every,
            sender: Sender::default(),
            sso: Sso::new(self.sso, &request_key),
            analysis_wanted: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        bootstrap::install_policies(&state).await?;
        servers::register(&state).await?;
        Ok((state, new_password))
    }
}

/// A running server. Dropping it without [`Server::stop`] leaves it running until the runtime ends.
pub struct Server {
    address: SocketAddr,
    new_admin_password: Option<String>,
    certificate: Option<Arc<Certificate>>,
    state: AppState,
    admin: Option<Admin>,
    stop: watch::Sender<()>,
    serving: JoinHandle<()>,
    jobs: Vec<JoinHandle<()>>,
}

impl Server {
    /// A server that keeps its data in `data_dir`.
    pub fn builder(data_dir: impl Into<PathBuf>) -> ServerBuilder {
        ServerBuilder {
            data_dir: data_dir.into(),
            database: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8228)),
            tls: None,
            metrics_listen: None,
            grace: GRACE,
            admin_password: None,
            limits: Limits::default(),
            password_cost: PasswordCost::Standard,
            token_lifetime: 3600,
            refresh_lifetime: 86_400,
            token_key: None,
            host_id: "localhost".to_owned(),
            base_url: None,
            webhooks: Webhooks::default(),
            inventory: InventorySettings::default(),
            alerts_every: ALERTS_EVERY,
            notifications_every: NOTIFICATIONS_EVERY,
            sso: SsoSettings::default(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics and probes are, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::address)
    }

    /// The administrator's password, when this start made it up. It is kept nowhere else.
    pub fn new_admin_password(&self) -> Option<&str> {
        self.new_admin_password.as_deref()
    }

    /// Where a browser would go: the scheme and the address it listens on.
    pub fn url(&self) -> String {
        let scheme = match self.certificate {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }

    /// Reads the certificate again, if there is one. Should it be no good, that is logged, and the
    /// one in use stays.
    pub async fn renew_certificate(&self) {
        let Some(certificate) = self.certificate.clone() else {
            return;
        };
        let renewed = tokio::task::spawn_blocking(move || certificate.renew()).await;
        if let Ok(Err(error)) = renewed {
            tls::tell(&error);
        }
    }

    /// Takes no more requests, lets those in flight finish (half a minute, unless
    /// [`ServerBuilder::grace`] says otherwise), and returns.
    pub async fn stop(self) {
        let Self {
            stop,
            serving,
            jobs,
            state,
            admin,
            ..
        } = self;
        state.begin_stopping();
        drop(stop);
        servers::tell_end(&state, State::Stopping).await;
        for task in jobs.into_iter().chain([serving]) {
            if task.await.is_err() {
                tracing::error!("a task of the server ended with a panic");
            }
        }
        servers::tell_end(&state, State::Stopped).await;
        if let Some(admin) = admin {
            admin.stop().await;
        }
    }
}

/// Listens at an address; gives the one that was taken, too.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let taken = listener.local_addr().map_err(refused)?;
    Ok((listener, taken))
}

/// The router, behind what must see a request before it is routed.
pub(crate) fn app(state: &AppState) -> Router {
    let routed = router::router(state);
    // A layer of the router itself would run after routing, too late to change the path.
    let cleaned = MapRequestLayer::new(uri::without_empty_segments).layer(routed);
    Router::new().fallback_service(cleaned)
}
