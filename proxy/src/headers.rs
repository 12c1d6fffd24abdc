//! Which headers may cross the proxy on rewritten routes.
//!
//! Passed-through requests are cleaned by pingora; what we send ourselves is cleaned here by
//! the same rules: hop-by-hop fields and fields that `Connection` names stay behind, and a
//! `Connection` that tries to remove what routing depends on is refused.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, Version, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use crate::error::Failure;

/// Whether a field describes one connection only.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "keep-alive"
            | "http2-settings"
    )
}

/// Whether a field holds a digest of a body, on either side.
fn is_body_digest(name: &str) -> bool {
    matches!(
        name,
        "content-md5" | "digest" | "content-digest" | "repr-digest"
    )
}

/// Whether a field of a request describes the body or the answer as the client knows them; both
/// are others on the far side.
fn is_of_rewritten_request(name: &str) -> bool {
    matches!(
        name,
        "content-length"
            | "accept-encoding"
            | "expect"
            | "range"
            | "if-range"
            | "if-match"
            | "if-none-match"
            | "if-modified-since"
            | "if-unmodified-since"
    ) || is_body_digest(name)
}

/// Whether a field of an answer describes a body which the client does not get. `Link` and
/// `Location` hold V2 paths.
fn is_of_rewritten_response(name: &str) -> bool {
    matches!(
        name,
        "content-length"
            | "content-encoding"
            | "etag"
            | "last-modified"
            | "accept-ranges"
            | "content-range"
            | "link"
            | "location"
    ) || is_body_digest(name)
}

/// Fields that no `Connection` header may name: routing and audit depend on them.
const PROTECTED: [&str; 6] = [
    "host",
    "authorization",
    "x-anchore-account",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];
/// More names than this in one `Connection` header are an attack.
const MOST_NOMINATIONS: usize = 10;

/// The fields that match. Most headers have few of them, so that asking each field is cheaper
/// than removing every name that there could be.
fn matching(headers: &HeaderMap, is_meant: impl Fn(&str) -> bool) -> Vec<HeaderName> {
    headers
        .keys()
        .filter(|name| is_meant(name.as_str()))
        .cloned()
        .collect()
}

/// Cleans a request of its own for the upstream.
pub(crate) fn clean_request(head: &mut RequestHeader) -> Result<(), Failure> {
    for name in nominated(&head.headers)? {
        head.remove_header(&name);
    }
    let is_left = |name: &str| is_hop_by_hop(name) || is_of_rewritten_request(name);
    for name in matching(&head.headers, is_left) {
        head.remove_header(&name);
    }
    Ok(())
}

/// Removes from an answer what belongs to the upstream connection.
pub(crate) fn clean_response(head: &mut ResponseHeader) {
    // An upstream with a malformed `Connection` loses nothing but that header.
    for name in nominated(&head.headers).unwrap_or_default() {
        head.remove_header(&name);
    }
    for name in matching(&head.headers, is_hop_by_hop) {
        head.remove_header(&name);
    }
}

/// Removes from an answer what describes the body that is about to change.
pub(crate) fn clean_rewritten_response(head: &mut ResponseHeader) {
    for name in matching(&head.headers, is_of_rewritten_response) {
        head.remove_header(&name);
    }
}

/// Whether a request asks nothing of the proxy: no field but `Connection: keep-alive` or
/// `close` is about this connection, the target is a path, and there is one `Host`.
pub(crate) fn is_plain(head: &RequestHeader) -> bool {
    let mut hosts = 0;
    let fields_are_plain = head
        .headers
        .iter()
        .all(|(name, value)| match name.as_str() {
            "host" => {
                hosts += 1;
                true
            }
            "connection" => [&b"keep-alive"[..], b"close"]
                .iter()
                .any(|plain| value.as_bytes().eq_ignore_ascii_case(plain)),
            "expect" => false,
            other => !is_hop_by_hop(other),
        });
    fields_are_plain && hosts == 1 && head.raw_path().starts_with(b"/")
}

/// Corrects the framing of a passed-through answer for clients that cannot read chunks: its
/// body then lasts as long as the connection.
pub(crate) fn frame_passed_response(session: &Session, head: &mut ResponseHeader) {
    if session.req_header().version == Version::HTTP_10
        && head.headers.contains_key(header::TRANSFER_ENCODING)
    {
        head.remove_header(&header::TRANSFER_ENCODING);
    }
}

/// The fields that `Connection` names.
fn nominated(headers: &HeaderMap) -> Result<Vec<HeaderName>, Failure> {
    let mut names = Vec::new();
    let tokens = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty());
    for token in tokens {
        let name = HeaderName::from_bytes(token)
            .ok()
            .filter(|_| {
                token
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
            })
            .ok_or_else(|| Failure::malformed("the `Connection` header is malformed"))?;
        if PROTECTED.contains(&name.as_str()) {
            return Err(Failure::malformed(format!(
                "the `Connection` header must not name `{name}`"
            )));
        }
        names.push(name);
        if names.len() > MOST_NOMINATIONS {
            return Err(Failure::malformed(
                "the `Connection` header names too many fields",
            ));
        }
    }
    Ok(names)
}

/// Tells the upstream who asked, and how.
pub(crate) fn forwarded(head: &mut RequestHeader, session: &Session) -> pingora::Result<()> {
    let Some(address) = session.client_addr().and_then(|a| a.as_inet()) else {
        return Ok(());
    };
    let address = address_text(address.ip());
    let mut chain = Vec::with_capacity(address.len());
    for before in head.headers.get_all("x-forwarded-for") {
        chain.extend_from_slice(before.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(address.as_bytes());
    head.insert_header("x-forwarded-for", chain)
}

/// An address as text. Every request needs it twice, and formatting is slow.
pub(crate) fn address_text(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else {
        return address.to_string();
    };
    let mut text = String::with_capacity("255.255.255.255".len());
    for (at, byte) in address.octets().into_iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        if byte >= 100 {
            text.push(char::from(b'0' + byte / 100));
        }
        if byte >= 10 {
            text.push(char::from(b'0' + byte / 10 % 10));
        }
        text.push(char::from(b'0' + byte % 10));
    }
    text
}

/// The `Content-Length`, when there is one that can be read.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The media type of a body, in lower case and without parameters; empty when none is said.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .map(|text| text.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Whether a media type is JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type == "text/json" || media_type.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn request(fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build(Method::GET, b"/", None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    #[test]
    fn hop_by_hop_and_nominated_fields_stay_behind() {
        let mut head = request(&[
            ("connection", "keep-alive, X-Private"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic YTpi"),
            ("proxy-connection", "close"),
            ("accept-encoding", "gzip"),
            ("range", "bytes=0-1"),
            ("authorization", "Basic YTpi"),
            ("x-anchore-account", "acme"),
        ]);
        clean_request(&mut head).unwrap();
        let mut left: Vec<&str> = head.headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "x-anchore-account"]);
    }

    #[test]
    fn a_connection_header_cannot_remove_credentials_or_account() {
        for name in PROTECTED {
            let mut head = request(&[("connection", name)]);
            assert!(clean_request(&mut head).is_err(), "{name}");
        }
        let mut head = request(&[("connection", "\"host\"")]);
        assert!(clean_request(&mut head).is_err());
        let many = (0..20)
            .map(|n| format!("x-{n}"))
            .collect::<Vec<_>>()
            .join(",");
        let mut head = request(&[("connection", &many)]);
        assert!(clean_request(&mut head).is_err());
    }

    #[test]
    fn addresses_are_written_as_everywhere() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "10.20.100.255",
            "::1",
            "2001:db8::1",
        ] {
            assert_eq!(address_text(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn only_requests_that_ask_nothing_of_the_proxy_are_plain() {
        let plain = |fields: &[(&'static str, &str)]| is_plain(&request(fields));
        assert!(plain(&[("host", "a"), ("range", "bytes=0-1")]));
        assert!(plain(&[("host", "a"), ("connection", "Keep-Alive")]));
        assert!(plain(&[("host", "a"), ("connection", "close")]));
        assert!(!plain(&[]), "no host");
        assert!(!plain(&[("host", "a"), ("host", "b")]));
        for (name, value) in [
            ("connection", "keep-alive, x-private"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("te", "trailers"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic YTpi"),
        ] {
            assert!(!plain(&[("host", "a"), (name, value)]), "{name}: {value}");
        }
        let mut absolute = RequestHeader::build(Method::GET, b"http://a/v2", None).unwrap();
        absolute.append_header("host", "a").unwrap();
        assert!(!is_plain(&absolute));
    }

    #[test]
    fn media_types_are_compared_without_case_and_parameters() {
        let head = request(&[("content-type", "Application/JSON; charset=utf-8")]);
        assert_eq!(media_type(&head.headers), "application/json");
        assert!(is_json("application/json") && is_json("application/vnd.x+json"));
        assert!(!is_json("text/html") && !is_json(""));
    }
}
