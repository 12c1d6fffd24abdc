//! Upstreams that are down, slow, cut off, or answer what cannot be rewritten: a clean error in
//! the form of V1, or a connection that is seen to break, and never half an answer that looks
//! whole.

use std::time::Duration;

use windlass_proxy::{Limits, Timeouts, UpstreamUrl};

use crate::support::{Answer, FakeUpstream, Script, Signal, TestProxy};

/// An error in the form of V1, whose message contains this.
fn assert_v1_error(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{:?}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert_eq!(body["httpcode"], status);
    assert!(body["detail"].is_object());
    let text = body["message"].as_str().unwrap();
    assert!(text.contains(message), "{text}");
}

/// After such an answer the connection to the client is good for more.
fn assert_recovers(script: Script, check: impl Fn(&Answer)) {
    let good = Script::json(200, r#"{"items":[]}"#);
    let upstream = FakeUpstream::start(move |request| {
        if request.target.ends_with("?same=good") {
            good.clone()
        } else {
            script.clone()
        }
    });
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    check(&client.get("/v1/things"));
    let answer = client.get("/v1/things?same=good");
    assert_eq!((answer.status, answer.text()), (200, "[]"));
}

/// The beginning of an answer too large to be held.
fn long_beginning() -> String {
    let things: Vec<String> = (0..5000)
        .map(|n| format!(r#"{{"thing_id":"{n:08}"}}"#))
        .collect();
    format!(r#"{{"items":[{}"#, things.join(","))
}

fn in_chunks() -> Script {
    Script::new().send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
}

#[test]
fn an_upstream_that_is_down_is_a_502() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let proxy = TestProxy::start(nobody);
    let mut client = proxy.client();
    for _ in 0..2 {
        assert_v1_error(&client.get("/v1/things"), 502, "cannot be reached");
    }
    let records = proxy.records();
    assert_eq!(records[0].reason.as_deref(), Some("upstream unreachable"));
    assert_eq!(records[0].upstream_status, None);
}

#[test]
fn another_address_of_the_upstream_is_tried_when_one_is_down() {
    let upstream = FakeUpstream::always(Script::json(200, r#"{"items":[]}"#));
    // `localhost` may lead to `::1` first, where nobody listens.
    let url = format!("http://localhost:{}", upstream.address().port());
    for path in ["/v1/things", "/v2/things"] {
        let proxy = TestProxy::in_front_of(UpstreamUrl::parse(&url).unwrap(), |builder| builder);
        assert_eq!(proxy.client().get(path).status, 200, "{path}");
    }
}

#[test]
fn an_upstream_that_does_not_answer_is_a_504_that_names_the_limit() {
    let never = Signal::default();
    let upstream = FakeUpstream::always(Script::new().wait(&never));
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.timeouts(Timeouts {
            upstream_read: Duration::from_millis(50),
            ..Timeouts::default()
        })
    });
    let mut client = proxy.client();
    assert_v1_error(&client.get("/v1/things"), 504, "`upstream_read_timeout`");
    let passed = client.get("/v2/things");
    assert_eq!(passed.status, 504);
    assert_eq!(passed.json()["error_type"], "upstream_timeout");
    never.give();
}

#[test]
fn an_upstream_that_stops_in_the_middle_of_a_small_body_is_a_504() {
    let never = Signal::default();
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"items\":[")
            .wait(&never),
    );
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.timeouts(Timeouts {
            upstream_read: Duration::from_millis(50),
            ..Timeouts::default()
        })
    });
    assert_v1_error(
        &proxy.client().get("/v1/things"),
        504,
        "`upstream_read_timeout`",
    );
    never.give();
}

#[test]
fn a_small_answer_that_breaks_off_is_a_502() {
    for script in [
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"items\":[")
            .close(),
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":[")
            .close(),
        Script::new().send("HTTP/1.1 200 OK\r\nContent-T").close(),
        Script::new().close(),
    ] {
        assert_recovers(script, |answer| assert_v1_error(answer, 502, "upstream"));
    }
}

#[test]
fn a_long_answer_that_breaks_off_is_seen_to_break_off() {
    let upstream = FakeUpstream::always(in_chunks().chunk(long_beginning()).close());
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert_eq!(answer.status, 200);
    assert!(!answer.is_complete);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    let records = proxy.records();
    assert_eq!(records[0].reason.as_deref(), Some("upstream cut off"));
}

#[test]
fn an_old_client_cannot_take_half_an_answer_for_a_whole_one() {
    let upstream = FakeUpstream::always(in_chunks().chunk(long_beginning()).close());
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/things HTTP/1.0\r\n\r\n");
    let answer = client.answer();
    // Without chunks and length only the JSON itself can tell.
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
}

#[test]
fn small_answers_that_are_not_json_are_a_502() {
    for body in [
        "{\"items\":[}",
        "{\"items\":[]",
        "",
        "nonsense",
        "{\"items\":[]} trailing",
        "{\"items\":[\"\u{1}\"]}",
    ] {
        assert_recovers(Script::json(200, body), |answer| {
            assert_v1_error(answer, 502, "the upstream");
        });
        let chunks = Script::new().send(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
            if body.is_empty() { String::new() } else { format!("{:x}\r\n{body}\r\n", body.len()) }
        ));
        assert_recovers(chunks, |answer| {
            assert_v1_error(answer, 502, "the upstream");
        });
    }
}

#[test]
fn a_long_answer_that_turns_out_not_to_be_json_is_seen_to_break_off() {
    let upstream = FakeUpstream::always(
        in_chunks()
            .chunk(long_beginning())
            .chunk(",nonsense]}")
            .send("0\r\n\r\n"),
    );
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things");
    assert!(!answer.is_complete);
    let records = proxy.records();
    assert_eq!(records[0].reason.as_deref(), Some("wrong upstream answer"));
    assert_eq!(records[0].downstream_status, Some(200));
}

#[test]
fn a_list_that_is_missing_is_never_an_empty_list() {
    assert_recovers(Script::json(200, r#"{"items":{"no":"list"}}"#), |answer| {
        assert!(answer.status == 200 || answer.status == 502);
        assert_ne!(answer.text(), "[]");
    });
}

#[test]
fn what_is_not_json_by_its_type_is_a_502_and_an_error_keeps_its_status() {
    assert_recovers(
        Script::answer(200, "text/html", "<html>login</html>"),
        |answer| {
            assert_v1_error(answer, 502, "`text/html`");
        },
    );
    assert_recovers(
        Script::answer(503, "text/html", "<html>busy</html>"),
        |answer| {
            assert_v1_error(answer, 503, "`text/html`");
        },
    );
    assert_recovers(Script::answer(503, "application/json", ""), |answer| {
        assert_v1_error(answer, 503, "empty body");
    });
    assert_recovers(
        Script::new()
            .send("HTTP/1.1 302 Found\r\nLocation: /v2/login\r\nContent-Length: 0\r\n\r\n"),
        |answer| {
            assert_v1_error(answer, 502, "redirection (302)");
            assert_eq!(answer.header("location"), None);
        },
    );
}

#[test]
fn a_success_without_a_body_where_the_mapping_wants_one_is_a_502() {
    let upstream = FakeUpstream::always(Script::new().send("HTTP/1.1 204 No Content\r\n\r\n"));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/things/a/check");
    assert_v1_error(&answer, 502, "204 without a body");
}

#[test]
fn answers_that_are_not_http_are_a_502() {
    for bytes in [
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ] {
        assert_recovers(Script::new().send(bytes).close(), |answer| {
            assert_v1_error(answer, 502, "the upstream");
        });
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused_and_named() {
    let deep = format!("{{\"items\":[{}1{}]}}", "[".repeat(200), "]".repeat(200));
    assert_recovers(Script::json(200, &deep), |answer| {
        assert_v1_error(answer, 502, "`max_depth`");
    });
}

#[test]
fn holding_more_than_the_limit_is_refused_and_named() {
    let body = format!(r#"{{"thing_id":"a","checks":["{}"]}}"#, "x".repeat(2000));
    let upstream = FakeUpstream::always(Script::json(200, &body));
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(Limits {
            max_held_bytes: 1000,
            ..Limits::default()
        })
    });
    let answer = proxy.client().get("/v1/things/a/check");
    assert_v1_error(&answer, 502, "`max_held_bytes`");
}

#[test]
fn a_broken_gzip_is_a_502() {
    let upstream = FakeUpstream::always(Script::new().send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip",
    ));
    let proxy = TestProxy::start(upstream.address());
    assert_v1_error(&proxy.client().get("/v1/things"), 502, "content coding");
}

#[test]
fn a_look_up_that_is_refused_is_the_answer() {
    let upstream = FakeUpstream::always(Script::json(403, r#"{"code":403,"message":"no"}"#));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/names/x");
    assert_eq!(answer.status, 403);
    assert_eq!(answer.text(), r#"{"httpcode":403,"message":"no"}"#);
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn a_look_up_that_is_not_json_or_too_large_is_a_502() {
    let upstream = FakeUpstream::always(Script::json(200, "nonsense"));
    let proxy = TestProxy::start(upstream.address());
    assert_v1_error(&proxy.client().get("/v1/names/x"), 502, "look-up `thing`");

    let upstream = FakeUpstream::always(Script::json(200, r#"{"items":[]}"#));
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(Limits {
            max_lookup_bytes: 5,
            ..Limits::default()
        })
    });
    let answer = proxy.client().get("/v1/names/x");
    assert_v1_error(&answer, 502, "5 bytes (limit `max_lookup_bytes`)");
}

#[test]
fn a_kept_connection_that_the_upstream_closed_costs_no_request() {
    // It promises to keep the connection and closes it.
    let upstream = FakeUpstream::always(Script::json(200, r#"{"items":[]}"#).close());
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for _ in 0..20 {
        assert_eq!(client.get("/v1/things").status, 200);
    }
}

#[test]
fn a_client_that_goes_away_is_recorded_and_the_proxy_goes_on() {
    let go_on = Signal::default();
    let upstream = FakeUpstream::start({
        let go_on = go_on.clone();
        move |request| {
            if request.target.ends_with("?same=slow") {
                let (head, tail) = (long_beginning(), long_beginning());
                in_chunks()
                    .chunk(head)
                    .wait(&go_on)
                    .chunk(format!(",{}", &tail[10..]))
                    .chunk("]}")
                    .send("0\r\n\r\n")
            } else {
                Script::json(200, r#"{"items":[]}"#)
            }
        }
    });
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/things?same=slow HTTP/1.1\r\nHost: a\r\n\r\n");
    client.head();
    client.hang_up();
    go_on.give();
    assert_eq!(proxy.client().get("/v1/things").status, 200);
    let records = proxy.records();
    assert_eq!(records.len(), 2);
    assert!(
        records
            .iter()
            .any(|record| record.reason.as_deref() == Some("client gone"))
    );
}
