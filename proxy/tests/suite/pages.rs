//! A V2 list that is had page by page, and is one list in V1.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use windlass_proxy::{Limits, Timeouts};
use windlass_transforms::exchange::Outcome;

use crate::support::{Answer, FakeUpstream, Received, Script, Signal, TestProxy, eventually};

/// Which page a request asks for.
fn page(request: &Received) -> u64 {
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let number = query.split('&').find_map(|m| m.strip_prefix("page="));
    number.expect("a page is asked for").parse().unwrap()
}

/// Things with these numbers.
fn things(numbers: std::ops::Range<u64>) -> String {
    let things = numbers.map(|n| format!(r#"{{"thing_id":"{n}","secret_sauce":1}}"#));
    format!(r#"{{"things":[{}]}}"#, things.collect::<Vec<_>>().join(","))
}

/// An upstream with a script for each page.
fn pages(scripts: impl IntoIterator<Item = (u64, Script)>) -> FakeUpstream {
    let scripts: BTreeMap<u64, Script> = scripts.into_iter().collect();
    FakeUpstream::start(move |request| {
        let page = page(request);
        let script = scripts.get(&page);
        script
            .unwrap_or_else(|| panic!("page {page} is not to be asked for"))
            .clone()
    })
}

fn numbers(answer: &Answer) -> Vec<u64> {
    let body = answer.json();
    let number = |thing: &Value| thing["thingId"].as_str().unwrap().parse().unwrap();
    body["things"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect()
}

fn assert_502(answer: &Answer, message: &str) {
    assert_eq!(answer.status, 502, "{:?}", answer.text());
    let body = answer.json();
    let text = body["message"].as_str().unwrap();
    assert!(text.contains(message), "{text}");
    assert_eq!(body["httpcode"], 502);
}

#[test]
fn pages_are_joined_in_order_until_one_is_not_full() {
    let upstream = pages([
        (1, Script::json(200, &things(0..3))),
        (2, Script::chunked(things(3..6).as_bytes().chunks(7))),
        (3, Script::json(200, &things(6..7))),
    ]);
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().get("/v1/paged?same=x");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(
        answer.header("content-length").is_some(),
        "a short list has its length"
    );
    assert_eq!(numbers(&answer), [0, 1, 2, 3, 4, 5, 6]);
    assert!(!answer.text().contains("secret_sauce"));
    let asked: Vec<String> = upstream.received().into_iter().map(|r| r.target).collect();
    assert_eq!(
        asked,
        [1, 2, 3].map(|n| format!("/v2/pages?same=x&page={n}&page_size=3"))
    );
    assert_eq!(upstream.connections(), 1, "the connection is kept");
    let record = &proxy.records()[0];
    assert_eq!(record.v2_operation.as_deref(), Some("GET /pages"));
    assert_eq!(
        (record.upstream_calls, record.outcome),
        (3, Outcome::Rewritten)
    );
    assert_eq!(record.response_bytes, answer.body.len() as u64);
}

#[test]
fn empty_lists_and_lists_that_end_with_a_full_page_are_whole() {
    let upstream = pages([(1, Script::json(200, r#"{"things":[]}"#))]);
    let proxy = TestProxy::start(upstream.address());
    assert_eq!(proxy.client().get("/v1/paged").text(), r#"{"things":[]}"#);
    let upstream = pages([
        (1, Script::json(200, &things(0..3))),
        (2, Script::json(200, r#"{"things":[]}"#)),
    ]);
    let proxy = TestProxy::start(upstream.address());
    assert_eq!(numbers(&proxy.client().get("/v1/paged")), [0, 1, 2]);
}

#[test]
fn credentials_and_account_go_with_every_page() {
    let upstream = pages([
        (1, Script::json(200, &things(0..3))),
        (2, Script::json(200, &things(3..4))),
    ]);
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(
        "GET /v1/paged HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nX-Anchore-Account: acme\r\n\r\n",
    );
    assert_eq!(client.answer().status, 200);
    for request in upstream.received() {
        assert_eq!(request.header("authorization"), Some("Basic YTpi"));
        assert_eq!(request.header("x-anchore-account"), Some("acme"));
        assert_eq!(request.method, "GET");
    }
}

#[test]
fn what_the_first_page_is_refused_the_list_is_refused() {
    for (status, body) in [
        (401, r#"{"code":401,"message":"no"}"#),
        (404, r#"{"code":404,"message":"no"}"#),
        (500, r#"{"code":500,"message":"no"}"#),
    ] {
        let upstream = pages([(1, Script::json(status, body))]);
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/paged");
        assert_eq!(answer.status, status);
        if status == 401 {
            assert_eq!(answer.text(), "Unauthorized");
        } else {
            assert_eq!(answer.json()["httpcode"], status, "rewritten as any error");
        }
    }
}

/// A page that cannot be used, behind a good one and as the first.
fn broken() -> Vec<(Script, &'static str)> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    vec![
        (Script::json(200, r#"{"other":[]}"#), "`things`"),
        (Script::json(200, r#"{"things":null}"#), "cannot be used"),
        (Script::json(200, r#"{"things":{"a":1}}"#), "no list"),
        (
            Script::json(200, r#"{"things":[1,2,3,4]}"#),
            "more than the 3 rows",
        ),
        (Script::json(200, r#"{"things":[1,2"#), "cannot be used"),
        (Script::json(200, ""), "an empty body"),
        (Script::answer(200, "text/html", "<html>"), "`text/html`"),
        (Script::answer(204, "application/json", ""), "answered 204"),
        (
            Script::new()
                .send(format!("{head}Content-Length: 99\r\n\r\n{{\"things\":[1"))
                .close(),
            "upstream",
        ),
        (
            Script::new()
                .send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"))
                .chunk(r#"{"things":[]}"#)
                .close(),
            "upstream",
        ),
        (Script::new().close(), "upstream closed the connection"),
    ]
}

#[test]
fn a_page_that_cannot_be_used_is_a_502_that_names_it_and_never_a_shorter_list() {
    for (script, message) in broken() {
        let upstream = pages([(1, script.clone())]);
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/paged");
        assert_502(&answer, message);
        assert_502(&answer, "(V2 call: GET /pages, page 1)");
        let upstream = pages([(1, Script::json(200, &things(0..3))), (2, script)]);
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/paged");
        assert_502(&answer, message);
        assert_502(&answer, "(V2 call: GET /pages, page 2)");
        assert_eq!(answer.json()["detail"]["v2_call"], "GET /pages, page 2");
        let record = &proxy.records()[0];
        assert_eq!(record.outcome, Outcome::Failed);
        assert_eq!(record.failed_call.as_deref(), Some("GET /pages, page 2"));
    }
}

#[test]
fn an_error_on_a_later_page_is_a_502_with_its_status() {
    for status in [401, 404, 500] {
        let upstream = pages([
            (1, Script::json(200, &things(0..3))),
            (2, Script::json(status, r#"{"code":1,"message":"no"}"#)),
        ]);
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get("/v1/paged");
        assert_502(&answer, &format!("answered {status} in place of a page"));
    }
}

#[test]
fn a_page_that_never_comes_is_a_504_that_names_it() {
    let never = Signal::default();
    let upstream = pages([
        (1, Script::json(200, &things(0..3))),
        (2, Script::new().wait(&never)),
    ]);
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.timeouts(Timeouts {
            upstream_read: Duration::from_millis(50),
            ..Timeouts::default()
        })
    });
    let answer = proxy.client().get("/v1/paged");
    assert_eq!(answer.status, 504);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`upstream_read_timeout`"), "{message}");
    assert!(message.contains("page 2"), "{message}");
    never.give();
}

#[test]
fn an_upstream_that_repeats_its_page_is_not_asked_for_ever() {
    let upstream = FakeUpstream::always(Script::json(200, &things(0..3)));
    let proxy = TestProxy::start(upstream.address());
    assert_502(&proxy.client().get("/v1/paged"), "the page before it");
    assert_eq!(upstream.received().len(), 2);
    let upstream = FakeUpstream::start(|request| {
        let first = page(request) * 3;
        Script::json(200, &things(first..first + 3))
    });
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(Limits {
            max_upstream_calls: 5,
            ..Limits::default()
        })
    });
    assert_502(
        &proxy.client().get("/v1/paged"),
        "limit `max_upstream_calls`",
    );
    assert_eq!(upstream.received().len(), 5);
}

/// A page too large to be held.
fn large(page: u64) -> String {
    let filler = "x".repeat(100_000);
    let things = (0..3).map(|n| {
        let number = (page - 1) * 3 + n;
        format!(r#"{{"thing_id":"{number}","filler":"{filler}"}}"#)
    });
    format!(r#"{{"things":[{}]}}"#, things.collect::<Vec<_>>().join(","))
}

#[test]
fn a_page_that_fails_behind_the_first_byte_breaks_the_answer_off() {
    for (script, _) in broken() {
        let go_on = Signal::default();
        let upstream = FakeUpstream::start({
            let go_on = go_on.clone();
            move |request| {
                if page(request) == 1 {
                    return Script::json(200, &large(1));
                }
                go_on.wait();
                script.clone()
            }
        });
        let proxy = TestProxy::start(upstream.address());
        let mut client = proxy.client();
        client.send("GET /v1/paged HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.head().status, 200);
        assert!(client.chunk().is_some_and(|chunk| !chunk.is_empty()));
        go_on.give();
        let end = std::iter::from_fn(|| client.chunk()).find(Vec::is_empty);
        assert_eq!(end, None, "nothing says that the list is whole");
        assert!(client.is_closed());
        let record = &proxy.records()[0];
        assert_eq!(record.outcome, Outcome::Failed);
        assert_eq!(record.failed_call.as_deref(), Some("GET /pages, page 2"));
    }
}

#[test]
fn the_next_page_is_asked_for_while_the_client_still_has_to_take_rows() {
    let asked = Arc::new(Mutex::new(0));
    let upstream = FakeUpstream::start({
        let asked = Arc::clone(&asked);
        move |request| {
            let page = page(request);
            let mut most = asked.lock().unwrap();
            *most = page.max(*most);
            Script::json(200, &if page < 3 { large(page) } else { things(6..7) })
        }
    });
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/paged HTTP/1.1\r\nHost: a\r\n\r\n");
    // Nothing of the answer was read.
    eventually("page 2 is asked for", || *asked.lock().unwrap() >= 2);
    assert_eq!(numbers(&client.answer()), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_long_list_leaves_before_its_last_page_has_come() {
    let go_on = Signal::default();
    let upstream = pages([
        (1, Script::json(200, &large(1))),
        (2, Script::new().wait(&go_on).send(raw(&things(3..4)))),
    ]);
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET /v1/paged HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head();
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    let first = client.chunk().unwrap();
    assert!(first.starts_with(br#"{"things":[{"thingId":"0""#));
    go_on.give();
    let mut body = first;
    while let Some(chunk) = client.chunk().filter(|chunk| !chunk.is_empty()) {
        body.extend(chunk);
    }
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(list["things"].as_array().unwrap().len(), 4);
}

/// An answer of JSON as it stands on the wire.
fn raw(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn the_list_may_have_its_other_name() {
    let stuff = things(0..1).replace("things", "stuff");
    let upstream = pages([(1, Script::json(200, &stuff))]);
    let proxy = TestProxy::start(upstream.address());
    assert_eq!(numbers(&proxy.client().get("/v1/paged")), [0]);
}

#[test]
fn head_asks_for_the_first_page_only() {
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"),
    );
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("HEAD /v1/paged HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.head_answer();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), None);
    let request = upstream.only_request();
    assert_eq!((request.method.as_str(), page(&request)), ("HEAD", 1));
}

#[test]
fn a_joined_list_is_compressed_for_clients_that_take_gzip() {
    let upstream = pages([
        (1, Script::json(200, &things(0..3))),
        (2, Script::json(200, &things(3..4))),
    ]);
    let proxy = TestProxy::with(upstream.address(), |builder| builder.gzip(true));
    let mut client = proxy.client();
    client.send("GET /v1/paged HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    let answer = client.answer();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["things"].as_array().unwrap().len(), 4);
}
