//! V2 requests reach the upstream as they were sent, and its answers come back as they were.

use crate::support::{FakeUpstream, Script, Signal, TestProxy, eventually};

#[test]
fn a_v2_request_arrives_as_it_was_sent_and_its_answer_comes_back_as_it_was() {
    let upstream = FakeUpstream::always(Script::json(200, r#"{"image_digest": "sha256:aa" }"#));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "POST /v2/images//a%2Fb:c/?x=%20y&x=2 HTTP/1.1\r\nHost: proxy.test\r\nX-Case: Kept\r\n\
         Authorization: Basic YWRtaW46Zm9vYmFy\r\nContent-Length: 5\r\n\r\n{\"a\"}",
    );
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), r#"{"image_digest": "sha256:aa" }"#);
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let request = upstream.only_request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, "/v2/images//a%2Fb:c/?x=%20y&x=2");
    assert_eq!(request.text(), "{\"a\"}");
    assert_eq!(request.header("host"), Some("proxy.test"));
    assert_eq!(request.header("x-case"), Some("Kept"));
    assert_eq!(
        request.header("authorization"),
        Some("Basic YWRtaW46Zm9vYmFy")
    );
    assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn v2_errors_of_the_upstream_are_left_alone() {
    let body = r#"{"message":"no","httpcode":404}"#;
    let upstream = FakeUpstream::always(Script::json(404, body));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v2/images/x");
    assert_eq!((answer.status, answer.text()), (404, body));
}

#[test]
fn the_first_chunk_arrives_before_the_upstream_sends_the_last() {
    let seen = Signal::default();
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk("first")
            .wait(&seen)
            .chunk("last")
            .send("0\r\n\r\n"),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v2/events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"first");
    seen.give();
    assert_eq!(client.chunk().unwrap(), b"last");
    assert_eq!(client.chunk().unwrap(), b"");
}

#[test]
fn a_client_of_http_1_0_gets_no_chunks() {
    let upstream = FakeUpstream::always(Script::chunked(["[1,", "2]"]));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v2/images HTTP/1.0\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(answer.text(), "[1,2]");
}

#[test]
fn a_connection_is_used_again_on_both_sides() {
    let upstream = FakeUpstream::always(Script::json(200, "[]"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..3 {
        assert_eq!(client.get("/v2/images").text(), "[]");
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn an_upstream_that_is_down_is_a_502_in_the_form_of_v2() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let proxy = TestProxy::start(nobody);
    let answer = proxy.client().get("/v2/images");
    assert_eq!(answer.status, 502);
    let body = answer.json();
    assert_eq!(body["httpcode"], 502);
    assert_eq!(body["code"], 502);
    assert_eq!(body["error_type"], "upstream_unreachable");
    assert!(body["detail"].is_object());
}

#[test]
fn an_upstream_that_breaks_off_is_seen_to_break_off() {
    for script in [
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .close(),
        Script::new()
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk("half")
            .close(),
    ] {
        let upstream = FakeUpstream::always(script);
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v2/images");
        assert_eq!(answer.text(), "half");
        assert!(!answer.is_complete);
        let records = proxy.records();
        assert_eq!(records[0].reason.as_deref(), Some("upstream cut off"));
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_names_the_limit() {
    let upstream = FakeUpstream::always(Script::json(200, "{}"));
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(windlass_proxy::Limits {
            max_body_bytes: 100,
            ..windlass_proxy::Limits::default()
        })
    });
    let body = "x".repeat(101);
    let answer = proxy.client().json("POST", "/v2/images", &body);
    assert_eq!(answer.status, 413);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("100 bytes (limit `max_body_bytes`)"),
        "{message}"
    );
}

#[test]
fn a_passed_through_request_leaves_a_record_without_path_or_secret() {
    let upstream = FakeUpstream::always(Script::json(200, "[]"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v2/images?full_tag=secret-tag HTTP/1.1\r\nHost: a\r\nUser-Agent: tests/1\r\n\
         X-Anchore-Account: acme\r\nAuthorization: Basic YWRtaW46Zm9vYmFy\r\n\r\n",
    );
    client.answer();
    let mut proxy = proxy;
    proxy.stop();
    let text = proxy.record_text();
    for secret in ["secret-tag", "foobar", "YWRtaW46Zm9vYmFy"] {
        assert!(!text.contains(secret), "{text}");
    }
    let records = proxy.records();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record.client.user.as_deref(), Some("admin"));
    assert_eq!(record.client.account.as_deref(), Some("acme"));
    assert_eq!(record.client.user_agent.as_deref(), Some("tests/1"));
    assert_eq!(record.client.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(record.downstream_status, Some(200));
    assert_eq!(record.upstream_status, Some(200));
    assert_eq!(record.response_bytes, 2);
}

#[test]
fn a_kept_connection_that_the_upstream_closed_costs_no_v2_request() {
    let upstream = FakeUpstream::always(Script::json(200, "[]").close());
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..20 {
        assert_eq!(client.get("/v2/images").text(), "[]");
    }
    assert_eq!(upstream.received().len(), 20);
}

#[test]
fn interim_answers_pass_to_clients_that_know_them() {
    let upstream = FakeUpstream::always(Script::new().send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    ));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v2/images HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.any_answer(false).status, 103);
    let answer = client.any_answer(false);
    assert_eq!((answer.status, answer.text()), (200, "[]"));
    let mut old = proxy.client();
    old.send("GET /v2/images HTTP/1.0\r\nHost: a\r\n\r\n");
    let answer = old.any_answer(false);
    assert_eq!((answer.status, answer.text()), (200, "[]"));
}

#[test]
fn answers_without_a_body_keep_their_header_and_the_connection() {
    let upstream = FakeUpstream::always(
        Script::new().send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n"),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send("HEAD /v2/images HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.head_answer();
        assert_eq!(answer.header("content-length"), Some("7"));
        assert_eq!(answer.header("etag"), Some("\"a\""));
    }
    assert_eq!(upstream.connections(), 1);

    let upstream = FakeUpstream::always(Script::new().send("HTTP/1.1 204 No Content\r\n\r\n"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send("DELETE /v2/images/x HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        assert_eq!(answer.header("transfer-encoding"), None);
    }
}

#[test]
fn an_answer_that_lasts_until_the_upstream_hangs_up_is_sent_in_chunks() {
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
            .close(),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        let answer = client.get("/v2/images");
        assert_eq!(answer.text(), "until the end");
        assert!(answer.is_complete);
        assert_eq!(answer.header("connection"), Some("keep-alive"));
    }
}

#[test]
fn a_large_answer_passes_whole_and_the_connections_are_kept() {
    let body = "0123456789abcdef".repeat(200_000);
    let upstream = FakeUpstream::always(Script::json(200, &body));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..2 {
        let answer = client.get("/v2/images");
        assert!(answer.is_complete);
        assert!(answer.text() == body, "the body has changed");
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn a_client_that_goes_away_ends_the_request_at_the_upstream() {
    let never = Signal::default();
    let upstream = FakeUpstream::always(Script::new().wait(&never));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v2/images HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request reaches the upstream", || {
        !upstream.received().is_empty()
    });
    client.hang_up();
    eventually("the request is over", || {
        proxy.proxy().requests_under_way() == 0
    });
    let records = proxy.records();
    assert_eq!(records[0].reason.as_deref(), Some("client gone"));
    never.give();
}
