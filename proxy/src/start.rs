//! Starting and stopping a proxy.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use pingora::apps::HttpServerOptions;
use pingora::listeners::tls::TlsSettings;
use pingora::server::configuration::ServerConf;
use pingora::services::listening::Service;
use tokio::sync::oneshot;
use windlass_mappings::document::Documents;
use windlass_transforms::Mappings;

use crate::admin::Admin;
use crate::app::App;
use crate::drain::Gate;
use crate::limits::{Limits, Timeouts};
use crate::lookups::Lookups;
use crate::metrics::Metrics;
use crate::phases::Phases;
use crate::record::Recorder;
use crate::routing::Versionless;
use crate::serve::{self, Sockets};
use crate::upstream::{Upstream, UpstreamUrl};

/// How often pingora tries to pass a request through: again when another address of the upstream
/// is left to try, or when a kept connection was closed and the request may be repeated.
const TRIES: usize = 3;

/// A certificate and its key, both PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Tls {
    /// Reads both files. pingora reads them again later, and panics when it cannot.
    pub fn check(&self) -> Result<TlsSettings, StartError> {
        let certificate = self.certificate.to_string_lossy();
        let key = self.key.to_string_lossy();
        TlsSettings::intermediate(&certificate, &key)
            .and_then(|mut settings| {
                settings.set_certificate_chain_file(&certificate)?;
                settings.set_private_key_file(&key)?;
                Ok(settings)
            })
            .map_err(|error| StartError::Tls {
                tls: self.clone(),
                reason: error.to_string(),
            })
    }
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("failed to listen on `{address}`")]
    Listen {
        /// The address asked for.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("failed to read the TLS certificate `{}` and its key `{}`: {reason}", tls.certificate.display(), tls.key.display())]
    Tls {
        /// The files.
        tls: Tls,
        /// Why.
        reason: String,
    },
    /// The file for records cannot be opened.
    #[error("failed to open `{}` for records", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The threads cannot be started.
    #[error("failed to start threads")]
    Threads(#[source] std::io::Error),
    /// The mappings do not know a service whose port was asked for.
    #[error("no mapped operation belongs to the service `{0}`, for which a port is configured")]
    Service(String),
    /// A fault of this program.
    #[error("failed to set up the metrics")]
    Metrics(#[from] prometheus::Error),
}

/// How to start a proxy. Everything has a default but the upstream and the mappings.
#[derive(Debug, Clone)]
pub struct ProxyBuilder {
    upstream: UpstreamUrl,
    upstream_ca: Option<PathBuf>,
    upstream_pool: usize,
    mappings: Arc<Mappings>,
    documents: Option<Arc<Documents>>,
    listen: String,
    service_listen: Vec<(String, String)>,
    admin_listen: Option<String>,
    tls: Option<Tls>,
    h2c: bool,
    versionless: Versionless,
    gzip: bool,
    parallel_calls: usize,
    lookup_cache: usize,
    limits: Limits,
    timeouts: Timeouts,
    records: Option<PathBuf>,
    threads: Option<usize>,
}

impl ProxyBuilder {
    /// Where to listen: `HOST:PORT`; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// Answers with these V1 documents where a mapping says so; without them, with what the
    /// mapping itself says.
    #[must_use]
    pub fn documents(mut self, documents: Arc<Documents>) -> Self {
        self.documents = Some(documents);
        self
    }

    /// Where a V1 service is alone, as it was on a port of its own: the service by its name in the
    /// mappings, and `HOST:PORT`. Once for each service.
    #[must_use]
    pub fn service_listen(
        mut self,
        service: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        self.service_listen.push((service.into(), address.into()));
        self
    }

    /// Where metrics and probes are; nowhere without this.
    #[must_use]
    pub fn admin_listen(mut self, address: impl Into<String>) -> Self {
        self.admin_listen = Some(address.into());
        self
    }

    /// Speaks TLS to clients, HTTP/1.1 and HTTP/2.
    #[must_use]
    pub fn tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Speaks HTTP/2 without TLS too, to clients that begin with it. Connections that never
    /// send a byte are then kept without limit.
    #[must_use]
    pub fn h2c(mut self, on: bool) -> Self {
        self.h2c = on;
        self
    }

    /// Trusts the certificates in this PEM file when the upstream speaks TLS, instead of those
    /// of the system.
    #[must_use]
    pub fn upstream_ca(mut self, file: Option<PathBuf>) -> Self {
        self.upstream_ca = file;
        self
    }

    /// How many idle upstream connections are kept.
    #[must_use]
    pub fn upstream_pool(mut self, connections: usize) -> Self {
        self.upstream_pool = connections;
        self
    }

    /// What happens to V1 requests whose path has no version.
    #[must_use]
    pub fn versionless(mut self, policy: Versionless) -> Self {
        self.versionless = policy;
        self
    }

    /// Compresses rewritten answers for clients that take gzip. V1 servers did not.
    #[must_use]
    pub fn gzip(mut self, on: bool) -> Self {
        self.gzip = on;
        self
    }

    /// How many V2 calls of one request may be under way at a time; at least 1.
    #[must_use]
    pub fn parallel_calls(mut self, calls: usize) -> Self {
        self.parallel_calls = calls.max(1);
        self
    }

    /// How many look-ups are kept whose answer never changes; 0: none.
    #[must_use]
    pub fn lookup_cache(mut self, lookups: usize) -> Self {
        self.lookup_cache = lookups;
        self
    }

    /// Bounds on sizes.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Bounds on times.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Appends a line for every request to this file.
    #[must_use]
    pub fn records(mut self, file: Option<PathBuf>) -> Self {
        self.records = file;
        self
    }

    /// How many threads answer requests; one for each processor without this.
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Listens, and starts to answer requests.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(self) -> Result<Proxy, StartError> {
        let threads = self.threads.unwrap_or_else(processors);
        let recorder = match &self.records {
            Some(path) => Recorder::open(path).map_err(|source| StartError::Records {
                path: path.clone(),
                source,
            })?,
            None => Recorder::off(),
        };
        let ca = self
            .upstream_ca
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let upstream = Arc::new(Upstream::new(
            self.upstream,
            self.timeouts.clone(),
            self.upstream_pool,
            ca.as_deref(),
        ));
        let app = Arc::new(App {
            metrics: Metrics::new(&self.mappings)?,
            mappings: self.mappings,
            documents: self.documents,
            versionless: self.versionless,
            gzip: self.gzip,
            parallel_calls: self.parallel_calls,
            lookups: Lookups::new(self.lookup_cache),
            limits: self.limits,
            timeouts: self.timeouts,
            upstream,
            recorder,
            gate: Gate::default(),
        });
        let conf = Arc::new(ServerConf {
            threads,
            upstream_keepalive_pool_size: self.upstream_pool.div_ceil(threads),
            max_retries: TRIES,
            ca_file: ca,
            ..ServerConf::default()
        });

        let sockets = Sockets::default();
        let port = |listen: &str, service| {
            let address = sockets.bind(listen)?;
            let phases = Phases::new(Arc::clone(&app), service);
            let mut port = pingora::proxy::http_proxy_service(&conf, phases);
            port.add_listener(serve::listener(address, self.tls.as_ref())?);
            if let Some(logic) = port.app_logic_mut() {
                let mut options = HttpServerOptions::default();
                options.h2c = self.h2c;
                logic.server_options = Some(options);
            }
            Ok::<_, StartError>((address, port))
        };
        let (address, main) = port(&self.listen, None)?;
        let mut ports = vec![main];
        let mut service_addresses = Vec::new();
        for (service, listen) in &self.service_listen {
            if app.mappings.service_routes(service).is_none() {
                return Err(StartError::Service(service.clone()));
            }
            let (address, port) = port(listen, Some(service.as_str()))?;
            ports.push(port);
            service_addresses.push((service.clone(), address));
        }
        let admin_address = match &self.admin_listen {
            Some(text) => Some(sockets.bind(text)?),
            None => None,
        };
        let admin = admin_address.map(|address| {
            let mut service = Service::new("admin".to_owned(), Admin::new(Arc::clone(&app)));
            service.add_tcp(&address.to_string());
            service
        });

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("windlass-proxy")
            .enable_all()
            .build()
            .map_err(StartError::Threads)?;
        let (stop, stopped) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        let shared = Arc::clone(&app);
        thread::Builder::new()
            .name("windlass-proxy".to_owned())
            .spawn(move || {
                serve::run(&runtime, &shared, ports, admin, &sockets, stopped);
                shared.recorder.close();
                drop(runtime);
                // Whoever dropped the proxy does not wait.
                let _ = done.send(());
            })
            .map_err(StartError::Threads)?;
        Ok(Proxy {
            address,
            service_addresses,
            admin_address,
            app,
            stop,
            ended,
        })
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A running proxy. Dropping it stops it too, without waiting.
pub struct Proxy {
    address: SocketAddr,
    service_addresses: Vec<(String, SocketAddr)>,
    admin_address: Option<SocketAddr>,
    app: Arc<App>,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Proxy {
    /// A proxy in front of `upstream`.
    pub fn builder(upstream: UpstreamUrl, mappings: Arc<Mappings>) -> ProxyBuilder {
        ProxyBuilder {
            upstream,
            upstream_ca: None,
            upstream_pool: 512,
            mappings,
            documents: None,
            listen: "127.0.0.1:8228".to_owned(),
            service_listen: Vec::new(),
            admin_listen: None,
            tls: None,
            h2c: false,
            versionless: Versionless::default(),
            gzip: false,
            parallel_calls: 8,
            lookup_cache: 10_000,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            records: None,
            threads: None,
        }
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The services that have a port of their own, and where it is.
    pub fn service_addresses(&self) -> &[(String, SocketAddr)] {
        &self.service_addresses
    }

    /// Where metrics and probes are.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// How many requests are under way.
    pub fn requests_under_way(&self) -> usize {
        self.app.gate.under_way()
    }

    /// Waits until the proxy ends although nobody stopped it.
    pub async fn failed(&mut self) {
        let _ = (&mut self.ended).await;
    }

    /// Takes no more requests, lets those under way finish, writes the last records, and
    /// returns.
    pub async fn stop(self) {
        // Nobody listens when it has ended already.
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address)
            .field("service_addresses", &self.service_addresses)
            .field("admin_address", &self.admin_address)
            .finish_non_exhaustive()
    }
}
