//! The V2 server: where it is, and how our own requests reach it.
//!
//! Passed-through requests use the connections of pingora's proxy; look-ups and rewritten
//! requests use a [`Connector`] of ours. Both take their peer, with its timeouts, from here.

mod peers;
mod url;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;

use crate::error::{Failure, Kind};
use crate::limits::Timeouts;
use peers::Peers;

pub use url::UpstreamUrl;

/// How often the name of an upstream is resolved again.
const RESOLVE_EVERY: Duration = Duration::from_secs(15);

/// The V2 server and the connections to it.
pub(crate) struct Upstream {
    url: UpstreamUrl,
    timeouts: Timeouts,
    connector: Connector,
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
        let mut options = ConnectorOptions::new(pool);
        options.ca_file = ca.map(str::to_owned);
        let upstream = Self {
            url,
            timeouts,
            connector: Connector::new(Some(options)),
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
            match self.connector.get_http_session(&*peer).await {
                Ok((mut session, is_reused)) => {
                    session.set_read_timeout(Some(self.timeouts.upstream_read));
                    session.set_write_timeout(Some(self.timeouts.upstream_write));
                    return Ok(Connection {
                        session,
                        is_reused,
                        is_spent: false,
                        peer,
                    });
                }
                Err(error) => {
                    tries = tries.saturating_sub(1);
                    if !self.leave(&peer) || tries == 0 {
                        return Err(Failure::upstream(error));
                    }
                }
            }
        }
    }

    /// Keeps a connection for the next request. Only for one whose request was sent and whose
    /// answer was read to the end.
    pub(crate) async fn release(&self, connection: Connection) {
        self.connector
            .release_http_session(
                connection.session,
                &*connection.peer,
                Some(self.timeouts.upstream_idle),
            )
            .await;
    }
}
