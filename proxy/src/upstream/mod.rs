//! The V2 server: where it is, and how our own requests reach it.
//!
//! Most requests use the connections that are made and kept here. Those that pingora's proxy
//! passes through use its own; they take their peer, with its timeouts, from here too.

mod peers;
mod pool;
mod url;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::connectors::{ConnectorOptions, TransportConnector};
use pingora::protocols::Stream;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;

use crate::error::{Failure, Kind};
use crate::limits::Timeouts;
use peers::Peers;
use pool::{Pool, TIDY_EVERY};

pub use url::UpstreamUrl;

/// How often the name of an upstream is resolved again.
const RESOLVE_EVERY: Duration = Duration::from_secs(15);

/// The V2 server and the connections to it.
pub(crate) struct Upstream {
    url: UpstreamUrl,
    timeouts: Timeouts,
    connector: TransportConnector,
    pool: Pool,
    peers: Peers,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A session with the upstream and where it leads.
pub(crate) struct Connection {
    /// The session.
    pub(crate) session: HttpSession,
    /// Whether it was used before: then it may turn out to be closed already.
    pub(crate) is_reused: bool,
    /// Whether the upstream answered before it had the whole request: it cannot be used again.
    pub(crate) is_spent: bool,
    peer: Arc<HttpPeer>,
}

impl Upstream {
    /// An upstream, resolved once.
    pub(crate) fn new(url: UpstreamUrl, timeouts: Timeouts, pool: usize, ca: Option<&str>) -> Self {
        // Connections are kept in a pool of ours.
        let mut options = ConnectorOptions::new(0);
        options.ca_file = ca.map(str::to_owned);
        let upstream = Self {
            url,
            connector: TransportConnector::new(Some(options)),
            pool: Pool::new(pool, timeouts.upstream_idle),
            timeouts,
            peers: Peers::default(),
        };
        upstream.resolve();
        upstream
    }

    /// Its URL.
    pub(crate) fn url(&self) -> &UpstreamUrl {
        &self.url
    }

    /// Resolves the name again, forever. Addresses need no resolving.
    pub(crate) async fn keep_resolving(self: Arc<Self>) {
        if self.url.host.parse::<std::net::IpAddr>().is_ok() {
            return;
        }
        loop {
            tokio::time::sleep(RESOLVE_EVERY).await;
            let upstream = Arc::clone(&self);
            // A resolver may block for seconds.
            let _ = tokio::task::spawn_blocking(move || upstream.resolve()).await;
        }
    }

    /// Closes kept connections that are not needed any more, forever.
    pub(crate) async fn keep_tidy(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            self.pool.tidy();
        }
    }

    fn resolve(&self) {
        match self.url.resolve() {
            Ok(addresses) => self
                .peers
                .update(&addresses, |address| self.peer_at(address)),
            Err(error) => {
                tracing::warn!("failed to resolve the upstream `{}`: {error}", self.url);
            }
        }
    }

    fn peer_at(&self, address: SocketAddr) -> HttpPeer {
        let mut peer = HttpPeer::new(address, self.url.tls, self.url.host.clone());
        let options = &mut peer.options;
        options.connection_timeout = Some(self.timeouts.upstream_connect);
        options.total_connection_timeout = Some(self.timeouts.upstream_connect);
        options.read_timeout = Some(self.timeouts.upstream_read);
        options.write_timeout = Some(self.timeouts.upstream_write);
        options.idle_timeout = Some(self.timeouts.upstream_idle);
        peer
    }

    /// Where requests go at the moment.
    pub(crate) fn peer(&self) -> Result<Arc<HttpPeer>, Failure> {
        self.peers.current().ok_or_else(|| {
            Failure::new(
                Kind::Unreachable,
                "the name of the upstream cannot be resolved",
            )
        })
    }

    /// Notes that no connection to a peer was possible. Says whether there is another to try.
    pub(crate) fn leave(&self, peer: &HttpPeer) -> bool {
        self.peers.leave(peer)
    }

    /// A connection for a request of our own, to the first peer that can be reached.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let mut tries = self.peers.count();
        loop {
            let peer = self.peer()?;
            if let Some(stream) = self.pool.take(&peer) {
                return Ok(self.connection(stream, peer, true));
            }
            // On the heap: connecting is rare, and its state would make that of every request
            // several times as large.
            match Box::pin(self.connector.new_stream(&*peer)).await {
                Ok(stream) => return Ok(self.connection(stream, peer, false)),
                Err(error) => {
                    tries = tries.saturating_sub(1);
                    if !self.leave(&peer) || tries == 0 {
                        return Err(Failure::upstream(error));
                    }
                }
            }
        }
    }

    fn connection(&self, stream: Stream, peer: Arc<HttpPeer>, is_reused: bool) -> Connection {
        let mut session = HttpSession::new_with_options(stream, &*peer);
        session.read_timeout = Some(self.timeouts.upstream_read);
        session.write_timeout = Some(self.timeouts.upstream_write);
        Connection {
            session,
            is_reused,
            is_spent: false,
            peer,
        }
    }

    /// Keeps a connection for the next request. Only for one whose request was sent and whose
    /// answer was read to the end.
    pub(crate) async fn release(&self, mut connection: Connection) {
        connection.session.respect_keepalive();
        if let Some(stream) = connection.session.reuse().await {
            self.pool.put(stream, connection.peer);
        }
    }
}
