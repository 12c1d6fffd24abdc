//! What becomes of upstream answers on rewritten routes: status, framing and body.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::support::{FakeUpstream, Script, Signal, TestProxy};

const V2: &str =
    r#"{"items":[{"thing_id":"a","account_name":"u","secret_sauce":1,"n":1.50},{"thing_id":"b"}]}"#;
const V1: &str = r#"[{"thingId":"a","userId":"u","n":1.50},{"thingId":"b"}]"#;

/// A list of so many things in both forms.
fn many(count: usize) -> (String, String) {
    let list = |name: &str| {
        let things: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"{name}":"{n:08}","note":"some text to fill the line"}}"#))
            .collect();
        format!("[{}]", things.join(","))
    };
    (
        format!(r#"{{"items":{}}}"#, list("thing_id")),
        list("thingId"),
    )
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, body: &[u8]) -> Script {
    Script::new()
        .send(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {coding}\r\n\
             Content-Length: {}\r\nETag: \"x\"\r\nAccept-Ranges: bytes\r\n\r\n",
            body.len()
        ))
        .send(body)
}

#[test]
fn a_small_answer_has_the_exact_length_of_what_it_became() {
    let upstream = FakeUpstream::always(Script::json(200, V2));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert_eq!(answer.text(), V1);
    assert_eq!(
        answer.header("content-length"),
        Some(&*V1.len().to_string())
    );
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn an_answer_that_comes_in_chunks_at_once_gets_a_length_too() {
    let upstream = FakeUpstream::always(Script::new().send(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{V2}\r\n0\r\n\r\n",
        V2.len()
    )));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert_eq!(answer.text(), V1);
    assert_eq!(
        answer.header("content-length"),
        Some(&*V1.len().to_string())
    );
}

#[test]
fn however_the_upstream_cuts_its_body_the_answer_is_the_same() {
    for size in [1, 2, 3, 7, 64, 1000] {
        let upstream = FakeUpstream::always(Script::chunked(V2.as_bytes().chunks(size)));
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/things");
        assert!(answer.is_complete);
        assert_eq!(answer.text(), V1, "cut every {size} bytes");
    }
}

#[test]
fn large_answers_stream_in_chunks_and_arrive_whole() {
    let (v2, v1) = many(40_000);
    let upstream = FakeUpstream::always(Script::json(200, &v2));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        let answer = client.get("/v1/things");
        assert!(answer.is_complete);
        assert!(answer.text() == v1);
        assert_eq!(answer.header("content-length"), None);
        assert!(answer.chunks.len() > 1);
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn the_first_items_leave_before_the_last_has_come() {
    let (v2, v1) = many(100);
    let (v2_head, v2_tail) = v2.split_at(v2.len() - 20);
    let seen = Signal::default();
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk(v2_head)
            .wait(&seen)
            .chunk(v2_tail)
            .send("0\r\n\r\n"),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/things HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().status, 200);
    let mut body = client.chunk().unwrap();
    assert!(body.starts_with(br#"[{"thingId":"00000000","note":"#));
    seen.give();
    while let Some(chunk) = client.chunk().filter(|chunk| !chunk.is_empty()) {
        body.extend(chunk);
    }
    assert_eq!(String::from_utf8(body).unwrap(), v1);
}

#[test]
fn a_client_of_http_1_0_gets_a_length_or_the_end_of_the_connection_but_no_chunks() {
    let (v2, v1) = many(10_000);
    for (v2, v1, has_length) in [(V2.to_owned(), V1.to_owned(), true), (v2, v1, false)] {
        let upstream = FakeUpstream::always(Script::json(200, &v2));
        let proxy = TestProxy::start(upstream.address());
        let mut client = proxy.client();
        client.send("GET /v1/things HTTP/1.0\r\n\r\n");
        let answer = client.answer();
        assert!(answer.text() == v1);
        assert_eq!(answer.header("transfer-encoding"), None);
        assert_eq!(answer.header("content-length").is_some(), has_length);
        assert!(client.is_closed());
    }
}

#[test]
fn a_body_that_lasts_as_long_as_the_connection_is_rewritten_to_its_end() {
    let upstream = FakeUpstream::always(
        Script::new()
            .send(format!(
                "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{V2}"
            ))
            .close(),
    );
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert_eq!((answer.version.as_str(), answer.text()), ("HTTP/1.1", V1));
}

#[test]
fn compressed_answers_are_unpacked_and_lose_what_described_them() {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(V2.as_bytes()).unwrap();
    for (coding, body) in [
        ("gzip", gzip(V2.as_bytes())),
        ("x-gzip", gzip(V2.as_bytes())),
        ("deflate", deflated.finish().unwrap()),
        ("identity", V2.as_bytes().to_vec()),
    ] {
        let upstream = FakeUpstream::always(coded(coding, &body));
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/things");
        assert_eq!(answer.text(), V1, "{coding}");
        for name in ["content-encoding", "etag", "accept-ranges"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
    }
}

#[test]
fn an_answer_in_an_unknown_coding_is_a_502() {
    let upstream = FakeUpstream::always(coded("br", b"\x0b\x02\x80"));
    let proxy = TestProxy::start(upstream.address());
    assert_eq!(proxy.client().get("/v1/things").status, 502);
}

#[test]
fn no_coding_and_no_range_is_asked_for_on_rewritten_routes() {
    let upstream = FakeUpstream::always(Script::json(200, V2));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v1/things HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nRange: bytes=0-9\r\n\
         If-None-Match: \"x\"\r\n\r\n",
    );
    let answer = client.answer();
    assert_eq!(
        (answer.text(), answer.header("content-encoding")),
        (V1, None)
    );
    let request = upstream.only_request();
    for name in ["accept-encoding", "range", "if-none-match"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[test]
fn rewritten_answers_are_compressed_where_that_is_switched_on_and_the_client_takes_it() {
    let (large_v2, large_v1) = many(20_000);
    for (v2, v1) in [(V2, V1), (&large_v2, &large_v1)] {
        let upstream = FakeUpstream::always(Script::json(200, v2));
        let proxy = TestProxy::with(upstream.address(), |builder| builder.gzip(true));
        let mut client = proxy.client();
        client.send("GET /v1/things HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        let answer = client.answer();
        assert!(answer.is_complete);
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        let mut plain = String::new();
        std::io::Read::read_to_string(
            &mut flate2::read::GzDecoder::new(answer.body.as_slice()),
            &mut plain,
        )
        .unwrap();
        assert!(plain == v1);
        let answer = client.get("/v1/things");
        assert_eq!(answer.header("content-encoding"), None);
        assert!(answer.text() == v1);
    }
}

#[test]
fn head_has_the_header_of_get_without_a_length_that_would_be_wrong() {
    let upstream =
        FakeUpstream::always(Script::new().send(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4711\r\n\r\n",
        ));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send("HEAD /v1/things HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.head_answer();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let received = upstream.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].method, "HEAD");
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn an_empty_success_becomes_what_v1_answered() {
    let upstream = FakeUpstream::always(Script::new().send("HTTP/1.1 204 No Content\r\n\r\n"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send("DELETE /v1/things/a HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.answer();
        assert_eq!((answer.status, answer.text()), (200, "true"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn a_held_layout_is_drawn_when_the_document_is_complete() {
    let upstream = FakeUpstream::always(Script::chunked([
        r#"{"checks":[1, 2],"#,
        r#""thing_id":"a"}"#,
    ]));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things/a/check");
    assert_eq!(answer.json(), serde_json::json!([{"a": [1, 2]}]));
    assert!(answer.header("content-length").is_some());
}

#[test]
fn an_operation_without_a_layout_passes_its_answer_in_pieces() {
    let upstream = FakeUpstream::start(|request| {
        if request.target.ends_with("/owner") {
            unreachable!("the V2 path has no owner")
        }
        if request.target.starts_with("/v2/owners/") {
            Script::new()
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nX-Kept: 1\r\nConnection: X-Dropped\r\nX-Dropped: 1\r\n\r\n")
                .chunk("plain ")
                .chunk("text")
                .send("0\r\n\r\n")
        } else {
            Script::json(200, r#"{"owner_id":"o/1"}"#)
        }
    });
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things/a/owner");
    assert_eq!(answer.text(), "plain text");
    assert_eq!(answer.header("x-kept"), Some("1"));
    assert_eq!(answer.header("x-dropped"), None);
    let received = upstream.received();
    assert_eq!(received[0].target, "/v2/all-things/a");
    assert_eq!(received[1].target, "/v2/owners/o%2F1");
}

#[test]
fn a_401_of_the_upstream_asks_for_credentials_as_v1_did() {
    let upstream = FakeUpstream::always(Script::json(401, r#"{"message":"no"}"#));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        let answer = client.get("/v1/things");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.text(), "Unauthorized");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some("basic realm=\"Authentication required\"")
        );
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn errors_of_the_upstream_keep_their_status_and_get_the_form_of_v1() {
    let upstream = FakeUpstream::always(Script::json(409, r#"{"code":409,"message":"taken"}"#));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert_eq!(answer.status, 409);
    assert_eq!(answer.text(), r#"{"httpcode":409,"message":"taken"}"#);
}

#[test]
fn interim_answers_are_not_taken_for_the_answer() {
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            .send(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{V2}",
                V2.len()
            )),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/things HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.any_answer(false);
    assert_eq!((answer.status, answer.text()), (200, V1));
}
