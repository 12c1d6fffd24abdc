//! What becomes of requests on rewritten routes: target, headers and body.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use windlass_proxy::Limits;

use crate::support::{FakeUpstream, Script, TestProxy, eventually};

fn things() -> FakeUpstream {
    FakeUpstream::start(|request| match request.method.as_str() {
        "GET" => Script::json(200, r#"{"items":[]}"#),
        _ => Script::json(200, r#"{"thing_id":"a"}"#),
    })
}

#[test]
fn path_and_query_are_renamed_and_keep_their_encoding() {
    let upstream = FakeUpstream::always(Script::json(200, "{}"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.get("/v1/things/sha256%3Aaa");
    client.get("/v1/things/a%2Fb:c");
    client.get("/v1/things?fullName=docker.io%2Fx:1&detail=True&undeclared=1&old=2&same=a+b");
    let targets: Vec<String> = upstream.received().into_iter().map(|r| r.target).collect();
    assert_eq!(
        targets,
        [
            "/v2/all-things/sha256%3Aaa",
            "/v2/all-things/a%2Fb:c",
            "/v2/all-things?full_name=docker.io%2Fx:1&detail=true&same=a+b",
        ]
    );
}

#[test]
fn credentials_and_account_are_sent_on_and_hop_by_hop_fields_are_not() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v1/things HTTP/1.1\r\nHost: proxy.test\r\nAuthorization: Bearer x\r\n\
         X-Anchore-Account: acme\r\nConnection: X-Private\r\nX-Private: 1\r\nUpgrade: h2c\r\n\
         X-Forwarded-For: 10.0.0.1\r\nUser-Agent: old/1\r\n\r\n",
    );
    assert_eq!(client.answer().status, 200);
    let request = upstream.only_request();
    for (name, value) in [
        ("authorization", Some("Bearer x")),
        ("x-anchore-account", Some("acme")),
        ("user-agent", Some("old/1")),
        ("host", Some("proxy.test")),
        ("x-forwarded-for", Some("10.0.0.1, 127.0.0.1")),
        ("x-private", None),
        ("upgrade", None),
        ("content-length", None),
        ("transfer-encoding", None),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
}

#[test]
fn a_connection_header_that_names_credentials_is_refused() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v1/things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\
         Connection: Authorization\r\n\r\n",
    );
    assert_eq!(client.answer().status, 400);
    assert!(upstream.received().is_empty());
}

#[test]
fn a_json_body_is_rewritten_and_sent_with_its_length() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    let answer = client.json("POST", "/v1/things", r#"{"thingId":"a","n":1.50}"#);
    assert_eq!(answer.text(), r#"{"thingId":"a"}"#);
    let request = upstream.only_request();
    assert_eq!(request.text(), r#"{"thing_id":"a","n":1.50}"#);
    assert_eq!(request.header("content-length"), Some("25"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[test]
fn a_chunked_json_body_is_rewritten_however_it_is_cut() {
    let body = r#"{"thingId":"ab","userId":"c"}"#;
    for size in [1, 5, 100] {
        let upstream = things();
        let proxy = TestProxy::start(upstream.address());
        let mut client = proxy.client();
        client.send(
            "POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
        );
        for piece in body.as_bytes().chunks(size) {
            client.send(format!("{:x}\r\n", piece.len()));
            client.send(piece);
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().status, 200);
        let request = upstream.only_request();
        assert_eq!(request.text(), r#"{"thing_id":"ab","account_name":"c"}"#);
        assert_eq!(request.header("transfer-encoding"), None);
    }
}

#[test]
fn a_body_that_is_not_json_is_refused_and_not_forwarded() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for body in [
        "{",
        "nonsense",
        "{\"a\":1}}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":01}",
    ] {
        let answer = client.json("POST", "/v1/things", body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(problem["title"], "Bad Request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("Request body is not valid JSON"),
            "{detail}"
        );
    }
    client.send(
        b"POST /v1/things HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nContent-Type: application/json\r\n\
          Content-Length: 9\r\n\r\n{\"a\":\"\xff\"}",
    );
    assert_eq!(client.answer().status, 400);
    assert!(upstream.received().is_empty());
}

#[test]
fn a_body_of_another_type_is_refused_as_v1_did() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for (content_type, shown) in [
        ("Content-Type: text/plain\r\n", "text/plain"),
        (
            "Content-Type: application/x-www-form-urlencoded\r\n",
            "application/x-www-form-urlencoded",
        ),
        ("", ""),
    ] {
        client.send(format!(
            "POST /v1/things HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n{content_type}Content-Length: 2\r\n\r\n{{}}"
        ));
        let answer = client.answer();
        assert_eq!(answer.status, 415);
        let problem = answer.json();
        assert_eq!(
            problem["title"],
            format!("Invalid Content-type ({shown}), expected JSON data")
        );
        assert!(problem["detail"].is_null());
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn an_empty_body_stays_empty() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().json("POST", "/v1/things", "");
    assert_eq!(answer.status, 200);
    let request = upstream.only_request();
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[test]
fn a_zipped_json_body_is_unpacked() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(br#"{"thingId":"a"}"#).unwrap();
    let body = encoder.finish().unwrap();
    let mut client = proxy.client();
    let send = |client: &mut crate::support::Client, coding: &str| {
        client.send(format!(
            "POST /v1/things HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nContent-Type: application/json\r\n\
             Content-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        client.send(&body);
        client.answer().status
    };
    assert_eq!(send(&mut client, "gzip"), 200);
    let request = upstream.only_request();
    assert_eq!(request.text(), r#"{"thing_id":"a"}"#);
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(send(&mut client, "br"), 415);
}

#[test]
fn a_json_body_beyond_the_limit_is_refused_and_names_the_limit() {
    let upstream = things();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(Limits {
            max_rewritten_body_bytes: 100,
            ..Limits::default()
        })
    });
    let body = format!(r#"{{"thingId":"{}"}}"#, "x".repeat(100));
    let mut client = proxy.client();
    let answer = client.json("POST", "/v1/things", &body);
    assert_eq!(answer.status, 413);
    let message = answer.json()["message"].to_string();
    assert!(
        message.contains("100 bytes (limit `max_rewritten_body_bytes`)"),
        "{message}"
    );
    // In chunks the size is only known in the end.
    client.send(format!(
        "POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    ));
    assert_eq!(client.answer().status, 413);
    assert!(upstream.received().is_empty());
}

#[test]
fn a_client_that_waits_to_be_invited_is_invited() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for path in ["/v1/things", "/v1/uploads/x"] {
        let mut client = proxy.client();
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        ));
        assert_eq!(client.any_answer(false).status, 100);
        client.send("{}");
        assert_eq!(client.any_answer(false).status, 200);
    }
    for request in upstream.received() {
        assert_eq!(request.text(), "{}");
        assert_eq!(request.header("expect"), None);
    }
}

#[test]
fn a_refused_client_that_waits_to_be_invited_need_not_send_its_body() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "POST /v1/nosuch HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    );
    let answer = client.any_answer(false);
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn the_body_of_a_get_stands_for_its_query_and_is_not_forwarded() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    assert_eq!(
        client.json("GET", "/v1/things", r#"{"name":"a b"}"#).status,
        200
    );
    assert_eq!(
        client
            .json("GET", "/v1/things?same=1", r#"{"name":"a"}"#)
            .status,
        200
    );
    assert_eq!(client.json("GET", "/v1/things/x", "no JSON").status, 200);
    let received = upstream.received();
    let targets: Vec<&str> = received.iter().map(|r| r.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/v2/all-things?full_name=a%20b",
            "/v2/all-things?same=1",
            "/v2/all-things/x"
        ]
    );
    for request in &received {
        assert_eq!(request.text(), "");
        assert_eq!(request.header("content-type"), None);
    }
    assert_eq!(client.json("GET", "/v1/things", "{").status, 400);
}

#[test]
fn an_upload_streams_with_its_length_or_in_chunks() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    let body = "x".repeat(300_000);
    client.send(format!(
        "POST /v1/uploads/a HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(client.answer().status, 200);
    client.send(format!(
        "POST /v1/uploads/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    ));
    assert_eq!(client.answer().status, 200);
    let received = upstream.received();
    assert_eq!(received[0].header("content-length"), Some("300000"));
    assert_eq!(received[0].header("content-type"), Some("text/plain"));
    assert_eq!(received[1].header("transfer-encoding"), Some("chunked"));
    for request in &received {
        assert!(request.text() == body);
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn an_upload_reaches_the_upstream_before_its_end() {
    let upstream = FakeUpstream::always(Script::json(200, "{}").early());
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("POST /v1/uploads/a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    eventually("the header arrives", || upstream.received().len() == 1);
    // It answered already; the rest of the body is read, so that the answer is.
    client.send(" done!");
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_client_that_sends_its_whole_body_before_it_reads_gets_the_early_401() {
    let upstream = FakeUpstream::always(Script::json(401, "{}").early());
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("POST /v1/uploads/a HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n");
    for _ in 0..8 {
        assert!(client.try_send(vec![b'x'; 1_000_000]));
    }
    let answer = client.answer();
    assert_eq!((answer.status, answer.text()), (401, "Unauthorized"));
}

#[test]
fn an_upload_beyond_the_limit_is_refused_and_never_looks_complete_to_the_upstream() {
    let upstream = things();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(Limits {
            max_body_bytes: 100,
            ..Limits::default()
        })
    });
    let body = "x".repeat(101);
    let mut client = proxy.client();
    client.send(format!(
        "POST /v1/uploads/a HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n{body}"
    ));
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    assert!(
        answer.json()["message"]
            .to_string()
            .contains("`max_body_bytes`")
    );
    client.send(format!(
        "POST /v1/uploads/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n{body}\r\n0\r\n\r\n"
    ));
    assert_eq!(client.answer().status, 413);
    assert!(upstream.received().is_empty());
}

#[test]
fn a_client_that_breaks_off_its_body_leaves_no_request_behind() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for path in ["/v1/things", "/v1/uploads/a", "/v2/things"] {
        let mut client = proxy.client();
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{{}}"
        ));
        client.hang_up();
    }
    eventually("all three are recorded", || {
        proxy.record_text().lines().count() == 3
    });
    let records = proxy.records();
    assert_eq!(records.len(), 3);
    for record in records {
        assert_eq!(record.reason.as_deref(), Some("client gone"));
        assert_eq!(record.downstream_status, None);
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn a_client_that_stops_in_its_body_is_a_408() {
    let upstream = things();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.timeouts(windlass_proxy::Timeouts {
            client_read: std::time::Duration::from_millis(50),
            ..windlass_proxy::Timeouts::default()
        })
    });
    let mut client = proxy.client();
    client.send(
        "POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
    );
    let answer = client.answer();
    assert_eq!(answer.status, 408);
    assert!(answer.text().contains("`client_read_timeout`"));
    assert!(client.is_closed());
}

#[test]
fn a_look_up_brings_what_the_v2_path_needs() {
    let upstream = FakeUpstream::start(|request| match request.target.as_str() {
        "/v2/all-things?name=x" => Script::json(200, r#"{"items":[{"thing_id":"id:1"}]}"#),
        _ => Script::json(200, r#"{"thing_id":"id:1"}"#),
    });
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    let answer = client.get("/v1/names/x");
    assert_eq!(answer.text(), r#"[{"thingId":"id:1"}]"#);
    let received = upstream.received();
    assert_eq!(received[0].target, "/v2/all-things?name=x");
    assert_eq!(
        received[0].header("authorization"),
        Some("Basic YWRtaW46Zm9vYmFy")
    );
    assert_eq!(received[1].target, "/v2/all-things/id:1");
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn what_stands_in_is_used_when_a_look_up_finds_nothing() {
    for nothing in [
        Script::json(200, r#"{"items":[]}"#),
        Script::json(404, "{}"),
    ] {
        let upstream = FakeUpstream::start(move |request| {
            if request.target.contains('?') {
                nothing.clone()
            } else {
                Script::json(200, r#"{"thing_id":"x"}"#)
            }
        });
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/names/x");
        assert_eq!(answer.text(), r#"[{"thingId":"x"}]"#);
        assert_eq!(upstream.received()[1].target, "/v2/all-things/x");
    }
}
