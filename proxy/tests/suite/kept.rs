//! Look-ups that are drawn or remembered, bodies made of path values, and gzip files.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::GzDecoder;
use windlass_transforms::exchange::Outcome;

use crate::support::{Answer, Client, FakeUpstream, Received, Script, TestProxy};

const THING: &str = r#"{"thing_id":"7","secret_sauce":1}"#;

/// An upstream with one thing, that can be looked up in every way and deleted.
fn with_thing(deletion: Script) -> FakeUpstream {
    FakeUpstream::start(move |request| match request.method.as_str() {
        "DELETE" => deletion.clone(),
        _ => Script::json(200, THING),
    })
}

fn no_content() -> Script {
    Script::new().send("HTTP/1.1 204 No Content\r\n\r\n")
}

fn delete(proxy: &TestProxy) -> Answer {
    proxy.client().json("DELETE", "/v1/kept/7", "")
}

fn lines(upstream: &FakeUpstream) -> Vec<String> {
    let line = |request: Received| format!("{} {}", request.method, request.target);
    upstream.received().into_iter().map(line).collect()
}

#[test]
fn what_is_deleted_is_read_first_and_is_the_answer() {
    let upstream = with_thing(no_content());
    let proxy = TestProxy::start(upstream.address());
    let answer = delete(&proxy);
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"[{"thingId":"7"}]"#)
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        lines(&upstream),
        ["GET /v2/all-things/7", "DELETE /v2/all-things/7"]
    );
    let record = &proxy.records()[0];
    assert_eq!(
        record.v2_operation.as_deref(),
        Some("DELETE /all-things/{thing_id}")
    );
    assert_eq!(
        record.v2_operations,
        ["GET /all-things/{thingId}", "DELETE /all-things/{thing_id}"]
    );
    assert_eq!(record.upstream_calls, 2);
}

#[test]
fn a_deletion_that_is_refused_answers_with_the_refusal_and_not_with_the_record() {
    let upstream = with_thing(Script::json(409, r#"{"code":409,"message":"in use"}"#));
    let proxy = TestProxy::start(upstream.address());
    let answer = delete(&proxy);
    assert_eq!(
        (answer.status, answer.json()["message"].as_str()),
        (409, Some("in use"))
    );
}

#[test]
fn a_deletion_that_breaks_off_is_a_502_that_names_the_deletion() {
    let upstream = with_thing(Script::new().close());
    let proxy = TestProxy::start(upstream.address());
    let answer = delete(&proxy);
    assert_eq!(answer.status, 502);
    let body = answer.json();
    assert_eq!(body["detail"]["v2_call"], "DELETE /all-things/{thing_id}");
    let record = &proxy.records()[0];
    assert_eq!(record.outcome, Outcome::Failed);
    assert_eq!(
        record.failed_call.as_deref(),
        Some("DELETE /all-things/{thing_id}")
    );
}

#[test]
fn nothing_is_deleted_when_the_look_up_fails() {
    for (script, status) in [
        (
            Script::json(404, r#"{"code":404,"message":"unknown"}"#),
            404,
        ),
        (Script::json(200, "<html>"), 502),
        (Script::new().close(), 502),
    ] {
        let upstream = FakeUpstream::start(move |request| {
            assert_eq!(request.method, "GET", "nothing is deleted");
            script.clone()
        });
        let proxy = TestProxy::start(upstream.address());
        let answer = delete(&proxy);
        assert_eq!(answer.status, status);
        if status == 502 {
            let call = proxy.records()[0].failed_call.clone();
            assert_eq!(call.as_deref(), Some("GET /all-things/{thingId}"));
        }
    }
}

#[test]
fn a_state_in_the_path_becomes_a_body() {
    let upstream = FakeUpstream::always(Script::json(200, "{}"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for body in ["", r#"{"ignored":1}"#] {
        let answer = client.json("PUT", "/v1/things/7/state/off", body);
        assert_eq!(answer.status, 200);
    }
    for request in upstream.received() {
        assert_eq!(
            (request.method.as_str(), request.text()),
            ("PATCH", r#"{"state":"off"}"#)
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("content-length"), Some("15"));
    }
}

#[test]
fn a_state_that_is_not_allowed_is_a_400_and_no_call() {
    let upstream = FakeUpstream::always(Script::json(200, "{}"));
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().json("PUT", "/v1/things/7/state/loud", "");
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        answer.json()["detail"],
        "'loud' is not one of ['on', 'off']"
    );
    assert_eq!(upstream.received().len(), 0);
    let mut client = proxy.client();
    client.send("PUT /v1/things/7/state/loud HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        client.answer().status,
        401,
        "credentials are asked for first"
    );
}

#[test]
fn a_gzip_file_holds_the_document_byte_for_byte() {
    let document = format!(r#"{{ "name" : "{}", "n":1.0}}"#, "x".repeat(200_000));
    let upstream = FakeUpstream::always(Script::json(200, &document));
    for gzip in [false, true] {
        let proxy = TestProxy::with(upstream.address(), |builder| builder.gzip(gzip));
        let mut client = proxy.client();
        client.send("GET /v1/files/a:7 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/gzip"));
        assert_eq!(
            answer.header("content-disposition"),
            Some("attachment; filename=a:7.json.gzip")
        );
        assert_eq!(
            answer.header("content-encoding"),
            None,
            "a file, not a coding"
        );
        let mut text = String::new();
        GzDecoder::new(answer.body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, document);
    }
}

#[test]
fn errors_of_a_gzip_file_stay_json_and_what_is_no_json_is_no_file() {
    let get = |script: Script| {
        let upstream = FakeUpstream::always(script);
        TestProxy::start(upstream.address())
            .client()
            .get("/v1/files/7")
    };
    let unknown = get(Script::json(404, r#"{"code":404,"message":"unknown"}"#));
    assert_eq!(
        (unknown.status, unknown.json()["httpcode"].as_u64()),
        (404, Some(404))
    );
    assert_eq!(unknown.header("content-disposition"), None);
    for script in [
        Script::answer(200, "text/html", "<html>"),
        Script::json(200, ""),
        Script::new()
            .send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
            )
            .close(),
    ] {
        assert_eq!(get(script).status, 502);
    }
}

/// An upstream where a mark leads to a thing, as long as it does.
fn with_marks() -> FakeUpstream {
    FakeUpstream::start(|request| {
        if let Some((_, mark)) = request.target.split_once("?mark=") {
            return Script::json(200, &format!(r#"{{"items":[{{"thing_id":"{mark}"}}]}}"#));
        }
        Script::json(200, THING)
    })
}

fn get_as(client: &mut Client, path: &str, credentials: &str, account: &str) -> Answer {
    client.send(format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\n{credentials}X-Anchore-Account: {account}\r\n\r\n"
    ));
    client.answer()
}

fn look_ups(upstream: &FakeUpstream) -> usize {
    let received = upstream.received();
    received.iter().filter(|r| r.target.contains('?')).count()
}

const ADA: &str = "Authorization: Basic YWRhOng=\r\n";
const BOB: &str = "Authorization: Basic Ym9iOng=\r\n";

#[test]
fn what_never_changes_is_looked_up_once_for_each_caller_and_account() {
    let upstream = with_marks();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for (credentials, account, looked_up) in [
        (ADA, "acme", 1),
        (ADA, "acme", 1),
        (ADA, "other", 2),
        (BOB, "acme", 3),
        (BOB, "acme", 3),
        // Nobody: nothing is remembered for them.
        ("", "acme", 4),
        ("", "acme", 5),
    ] {
        let answer = get_as(&mut client, "/v1/marks/m", credentials, account);
        assert_eq!(
            (answer.status, answer.text()),
            (200, r#"[{"thingId":"7"}]"#)
        );
        assert_eq!(look_ups(&upstream), looked_up, "{credentials} {account}");
    }
    let calls: Vec<u64> = proxy.records().iter().map(|r| r.upstream_calls).collect();
    assert_eq!(calls, [2, 1, 2, 2, 1, 2, 2]);
}

#[test]
fn the_cache_can_be_switched_off_and_is_bounded() {
    let upstream = with_marks();
    let proxy = TestProxy::with(upstream.address(), |builder| builder.lookup_cache(0));
    let mut client = proxy.client();
    for _ in 0..2 {
        get_as(&mut client, "/v1/marks/m", ADA, "acme");
    }
    assert_eq!(look_ups(&upstream), 2);
    let proxy = TestProxy::with(upstream.address(), |builder| builder.lookup_cache(1));
    let mut client = proxy.client();
    for (mark, looked_up) in [("a", 3), ("a", 3), ("b", 4), ("a", 5)] {
        get_as(&mut client, &format!("/v1/marks/{mark}"), ADA, "acme");
        assert_eq!(look_ups(&upstream), looked_up, "{mark}");
    }
}

/// An upstream whose mark leads elsewhere from some moment on.
fn with_a_change(before: (&'static str, Script), after: (&'static str, Script)) -> Changing {
    let changed = Arc::new(AtomicBool::new(false));
    let upstream = FakeUpstream::start({
        let changed = Arc::clone(&changed);
        move |request| {
            let is_changed = changed.load(Ordering::SeqCst);
            let (thing, script) = if is_changed { &after } else { &before };
            if request.target.contains('?') {
                Script::json(200, &format!(r#"{{"items":[{{"thing_id":"{thing}"}}]}}"#))
            } else if request.target.ends_with(thing) {
                script.clone()
            } else {
                Script::json(404, r#"{"code":404,"message":"gone"}"#)
            }
        }
    });
    Changing { upstream, changed }
}

struct Changing {
    upstream: FakeUpstream,
    changed: Arc<AtomicBool>,
}

#[test]
fn a_remembered_look_up_grants_nothing() {
    let refusal = Script::json(403, r#"{"code":403,"message":"no"}"#);
    let change = with_a_change(("7", Script::json(200, THING)), ("7", refusal));
    let proxy = TestProxy::start(change.upstream.address());
    let mut client = proxy.client();
    assert_eq!(get_as(&mut client, "/v1/marks/m", ADA, "acme").status, 200);
    change.changed.store(true, Ordering::SeqCst);
    assert_eq!(get_as(&mut client, "/v1/marks/m", ADA, "acme").status, 403);
    assert_eq!(look_ups(&change.upstream), 1, "it was remembered");
}

#[test]
fn what_is_gone_is_looked_up_anew() {
    let good = || Script::json(200, THING);
    let change = with_a_change(("old", good()), ("new", good()));
    let proxy = TestProxy::start(change.upstream.address());
    let mut client = proxy.client();
    assert_eq!(get_as(&mut client, "/v1/marks/m", ADA, "acme").status, 200);
    change.changed.store(true, Ordering::SeqCst);
    assert_eq!(get_as(&mut client, "/v1/marks/m", ADA, "acme").status, 200);
    assert_eq!(
        lines(&change.upstream),
        [
            "GET /v2/all-things?mark=m",
            "GET /v2/all-things/old",
            "GET /v2/all-things/old",
            "GET /v2/all-things?mark=m",
            "GET /v2/all-things/new",
        ]
    );
}

#[test]
fn what_is_gone_for_good_is_a_404_after_one_more_look() {
    let gone = Script::json(404, r#"{"code":404,"message":"gone"}"#);
    let change = with_a_change(("a", Script::json(200, THING)), ("a", gone));
    let proxy = TestProxy::start(change.upstream.address());
    let mut client = proxy.client();
    get_as(&mut client, "/v1/marks/m", ADA, "acme");
    change.changed.store(true, Ordering::SeqCst);
    assert_eq!(get_as(&mut client, "/v1/marks/m", ADA, "acme").status, 404);
    assert_eq!(look_ups(&change.upstream), 2);
}
