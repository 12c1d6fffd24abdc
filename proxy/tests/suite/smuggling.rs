//! What one side takes for the end of a request, the other side takes for it too.

use crate::support::{FakeUpstream, Script, TestProxy};

fn echo() -> FakeUpstream {
    FakeUpstream::always(Script::json(200, "{}"))
}

/// Requests whose framing can be read in two ways.
const AMBIGUOUS: [(&str, &str); 8] = [
    (
        "two lengths",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    ),
    (
        "a list of lengths",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 5\r\n\r\nabcde",
    ),
    (
        "a length with a sign",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
    ),
    (
        "a coding after chunked",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    ),
    (
        "an unknown coding",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunks in HTTP/1.0",
        "POST /v2/images HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a blank in front of the colon",
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
    ),
    (
        "two hosts",
        "GET /v2/images HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ),
];

#[test]
fn ambiguous_requests_are_refused_and_nothing_reaches_the_upstream() {
    for (what, request) in AMBIGUOUS {
        for request in [request.to_owned(), request.replace("/v2/", "/v1/")] {
            let upstream = echo();
            let proxy = TestProxy::start(upstream.address());
            let mut client = proxy.client();
            client.send(&request);
            let answer = client.answer();
            assert_eq!(answer.status, 400, "{what}");
            assert!(client.is_closed(), "{what}");
            assert!(upstream.received().is_empty(), "{what}");
        }
    }
}

#[test]
fn with_length_and_chunks_the_chunks_count_and_the_connection_ends() {
    let upstream = echo();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "POST /v2/images HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nab\r\n0\r\n\r\nGET /v2/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.answer().status, 200);
    assert!(client.is_closed());
    let request = upstream.only_request();
    assert_eq!(request.text(), "ab");
    assert_eq!(request.header("content-length"), None);
}

#[test]
fn broken_chunks_end_the_connection_and_are_not_forwarded_as_whole() {
    for body in [
        "zz\r\nab\r\n0\r\n\r\n",
        "2\r\nabcd\r\n0\r\n\r\n",
        "-1\r\n\r\n",
    ] {
        let upstream = echo();
        let proxy = TestProxy::start(upstream.address());
        let mut client = proxy.client();
        client.send(format!(
            "POST /v2/images HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        ));
        let answer = client.answer();
        assert_eq!(answer.status, 400, "{body:?}");
        assert!(client.is_closed());
        assert!(upstream.received().is_empty(), "{body:?}");
    }
}

#[test]
fn a_request_behind_a_request_is_not_taken_for_its_body() {
    let upstream = echo();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v2/first HTTP/1.1\r\nHost: a\r\n\r\nGET /v2/second HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.answer().status, 200);
    let request = upstream.only_request();
    assert_eq!((request.target.as_str(), request.text()), ("/v2/first", ""));
}

#[test]
fn hop_by_hop_fields_stay_behind() {
    let upstream = echo();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v2/images HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Private\r\nX-Private: 1\r\n\
         Keep-Alive: timeout=5\r\nProxy-Authorization: Basic YTpi\r\nTE: trailers\r\n\r\n",
    );
    assert_eq!(client.answer().status, 200);
    let request = upstream.only_request();
    for name in ["x-private", "keep-alive", "proxy-authorization", "te"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[test]
fn connect_is_not_proxied() {
    let upstream = echo();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    assert_eq!(client.answer().status, 405);
    assert!(upstream.received().is_empty());
}
