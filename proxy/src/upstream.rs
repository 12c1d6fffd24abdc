//! The V2 server: where it is, and how our own requests reach it.
//!
//! Passed-through requests use the connections of pingora's proxy; look-ups and rewritten
//! requests use a [`Connector`] of ours. Both take their peer, with its timeouts, from here.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;

use crate::error::Failure;
use crate::limits::Timeouts;

/// How often the name of an upstream is resolved again.
const RESOLVE_EVERY: Duration = Duration::from_secs(15);

/// The address of an upstream: `http://HOST:PORT` or `https://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUrl {
    tls: bool,
    host: String,
    port: u16,
}

impl UpstreamUrl {
    /// Reads a URL. Without a port it is 80, or 443 for `https`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (tls, rest) = if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else {
            return Err(format!(
                "`{text}` does not begin with `http://` or `https://`"
            ));
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(format!("`{text}` has a path: requests bring their own"));
        }
        if authority.contains('@') {
            return Err(format!("`{text}` has credentials: clients bring their own"));
        }
        let uri: http::uri::Authority = authority
            .parse()
            .map_err(|error| format!("`{text}` has no proper host and port: {error}"))?;
        if uri.host().is_empty() {
            return Err(format!("`{text}` has no host"));
        }
        let after_host = &authority[uri.host().len()..];
        let port = match (uri.port_u16(), after_host) {
            (Some(port), _) => port,
            (None, "") => {
                if tls {
                    443
                } else {
                    80
                }
            }
            (None, _) => return Err(format!("`{text}` has no proper port")),
        };
        Ok(Self {
            tls,
            host: uri.host().trim_matches(['[', ']']).to_owned(),
            port,
        })
    }

    /// The URL of a server at an address, without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            tls: false,
            host: address.ip().to_string(),
            port: address.port(),
        }
    }

    /// Host and port, as a `Host` header has them.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl std::fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// The V2 server and the connections to it.
pub(crate) struct Upstream {
    url: UpstreamUrl,
    timeouts: Timeouts,
    connector: Connector,
    /// Where the name led last; `None` while it never led anywhere.
    peer: RwLock<Option<Arc<HttpPeer>>>,
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
            peer: RwLock::new(None),
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
        let addresses = match self.url.resolve() {
            Ok(addresses) => addresses,
            Err(error) => {
                tracing::warn!("failed to resolve the upstream `{}`: {error}", self.url);
                return;
            }
        };
        let current = self.current().map(|peer| peer._address.clone());
        // As long as the address in use is among those that the name has, it stays.
        let still_there = addresses
            .iter()
            .any(|a| current.as_ref().and_then(|c| c.as_inet()) == Some(a));
        let Some(first) = addresses.first().filter(|_| !still_there) else {
            return;
        };
        let peer = Arc::new(self.peer_at(*first));
        *self.peer.write().unwrap_or_else(PoisonError::into_inner) = Some(peer);
    }

    fn current(&self) -> Option<Arc<HttpPeer>> {
        self.peer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
        self.current().ok_or_else(|| {
            Failure::new(
                crate::error::Kind::Unreachable,
                "the name of the upstream cannot be resolved",
            )
        })
    }

    /// A connection for a request of our own.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let peer = self.peer()?;
        let (mut session, is_reused) = self
            .connector
            .get_http_session(&*peer)
            .await
            .map_err(Failure::upstream)?;
        session.set_read_timeout(Some(self.timeouts.upstream_read));
        session.set_write_timeout(Some(self.timeouts.upstream_write));
        Ok(Connection {
            session,
            is_reused,
            is_spent: false,
            peer,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_urls_print_as_they_are_used() {
        for (text, printed) in [
            ("http://127.0.0.1:8228", "http://127.0.0.1:8228"),
            ("http://anchore.example/", "http://anchore.example:80"),
            ("https://anchore.example", "https://anchore.example:443"),
            ("http://[::1]:8228", "http://[::1]:8228"),
        ] {
            assert_eq!(UpstreamUrl::parse(text).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_reason() {
        for (text, reason) in [
            ("127.0.0.1:8228", "does not begin with"),
            ("ftp://x", "does not begin with"),
            ("http://x/v2", "has a path"),
            ("http://a:b@x", "has credentials"),
            ("http://", "has no"),
            ("http://x:99999", "port"),
            ("http://x:", "port"),
        ] {
            let error = UpstreamUrl::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
