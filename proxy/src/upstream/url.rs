//! Where the V2 server is, as a setting says it.

use std::net::{SocketAddr, ToSocketAddrs};

/// The address of an upstream: `http://HOST:PORT` or `https://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUrl {
    pub(super) tls: bool,
    pub(super) host: String,
    port: u16,
}

impl UpstreamUrl {
    /// Reads a URL. Without a port it is 80, or 443 for `https`.
    ///
    /// # Errors
    /// What is wrong with it. The URL itself is not repeated: it may have a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (tls, rest) = if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else {
            return Err("it does not begin with `http://` or `https://`".to_owned());
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err("it has a path: requests bring their own".to_owned());
        }
        if authority.contains('@') {
            return Err("it has credentials: clients bring their own".to_owned());
        }
        let uri: http::uri::Authority = authority
            .parse()
            .map_err(|error| format!("it has no proper host and port: {error}"))?;
        if uri.host().is_empty() {
            return Err("it has no host".to_owned());
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
            (None, _) => return Err("it has no proper port".to_owned()),
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

    /// All addresses that its name has now.
    pub(super) fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl std::fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
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
            assert!(!error.contains("a:b"), "{error}");
        }
    }
}
