//! Runs pingora's services on a runtime of the proxy's own.
//!
//! pingora's `Server` owns its process: it takes the signals, sleeps a fixed time before it
//! ends, and there is one of it. Here several proxies live in one process, each is stopped when
//! its last request is over, and whoever starts one decides when.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

use parking_lot::Mutex;
use pingora::apps::ServerApp;
use pingora::listeners::ListenerConfig;
use pingora::protocols::l4::stream::L4BufferSettings;
use pingora::server::{Fds, ListenFds, ShutdownWatch};
use pingora::services::Service as _;
use pingora::services::listening::Service;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::app::App;
use crate::start::{StartError, Tls};

/// Up to this size header and body of an answer leave together. pingora's own 1460 bytes cost a
/// second system call for every answer that is larger; pieces of body that are larger than this
/// leave without being copied first.
const WRITE_BUFFER: usize = 16 << 10;

/// Sockets that are listened on. Clones share them.
#[derive(Clone)]
pub(crate) struct Sockets(ListenFds);

impl Default for Sockets {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Fds::new())))
    }
}

impl Sockets {
    /// Listens on an address, at once and not when a service gets round to it: then the port is
    /// known, and an address that is taken is an error here.
    pub(crate) fn bind(&self, address: &str) -> Result<SocketAddr, StartError> {
        let failed = |source| StartError::Listen {
            address: address.to_owned(),
            source,
        };
        let candidates: Vec<SocketAddr> = address.to_socket_addrs().map_err(failed)?.collect();
        let socket = TcpListener::bind(candidates.as_slice()).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        // The service finds it under its address, and closes it.
        self.0.lock().add(bound.to_string(), socket.into_raw_fd());
        Ok(bound)
    }
}

/// How a service listens on an address, with TLS where there is a certificate.
pub(crate) fn listener(
    address: SocketAddr,
    tls: Option<&Tls>,
) -> Result<ListenerConfig, StartError> {
    let buffers = L4BufferSettings::default().write(WRITE_BUFFER);
    let config = ListenerConfig::tcp(address.to_string()).l4_buffer(buffers);
    let Some(tls) = tls else {
        return Ok(config);
    };
    let mut settings = tls.check()?;
    settings.enable_h2();
    Ok(config.tls(settings))
}

/// Runs the services until told to stop, then lets requests under way finish.
pub(crate) fn run<A, B>(
    runtime: &Runtime,
    app: &App,
    ports: Vec<Service<A>>,
    admin: Option<Service<B>>,
    sockets: &Sockets,
    stopped: oneshot::Receiver<()>,
) where
    A: ServerApp + Send + Sync + 'static,
    B: ServerApp + Send + Sync + 'static,
{
    let (stop_main, main_stops) = watch::channel(false);
    // Probes and metrics stay until the last request is over.
    let (stop_admin, admin_stops) = watch::channel(false);
    runtime.block_on(async {
        let mut serving = JoinSet::new();
        for port in ports {
            serving.spawn(listen(port, sockets, main_stops.clone()));
        }
        drop(main_stops);
        let administering =
            admin.map(|service| tokio::spawn(listen(service, sockets, admin_stops)));
        let resolving = tokio::spawn(Arc::clone(&app.upstream).keep_resolving());
        let tidying = tokio::spawn(Arc::clone(&app.upstream).keep_tidy());
        tokio::select! {
            // An error means that the proxy was dropped, which stops it too.
            _ = stopped => {}
            // Listening and certificates were tried before; there is nothing else to do.
            _ = serving.join_next() => tracing::error!("the proxy stopped listening"),
        }
        app.gate.stop();
        stop_main.send_replace(true);
        // The listeners are closed when this ends, and idle connections with them.
        while serving.join_next().await.is_some() {}
        let left = app.gate.drained(app.timeouts.drain).await;
        if left > 0 {
            tracing::warn!("stopped with {left} requests under way (limit `drain_timeout`)");
        }
        stop_admin.send_replace(true);
        if let Some(administering) = administering {
            let _ = administering.await;
        }
        resolving.abort();
        tidying.abort();
    });
}

/// A service at work, until it is told to stop.
fn listen<A>(
    mut service: Service<A>,
    sockets: &Sockets,
    stops: ShutdownWatch,
) -> impl Future<Output = ()> + use<A>
where
    A: ServerApp + Send + Sync + 'static,
{
    let sockets = Arc::clone(&sockets.0);
    async move { service.start_service(Some(sockets), stops, 1).await }
}
