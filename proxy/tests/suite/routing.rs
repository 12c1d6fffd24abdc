//! Which requests are rewritten, passed through, answered or refused.

use windlass_proxy::Versionless;

use crate::support::{FakeUpstream, Script, TestProxy};

fn things() -> FakeUpstream {
    FakeUpstream::start(|request| match request.target.as_str() {
        "/v2/version" | "/version" => Script::json(200, r#"{"api":{"version":"2"},"db":{}}"#),
        _ => Script::json(200, r#"{"items":[{"thing_id":"a"}]}"#),
    })
}

fn enforcing(upstream: &FakeUpstream) -> TestProxy {
    TestProxy::with(upstream.address(), |builder| {
        builder.versionless(Versionless::Enforce)
    })
}

#[test]
fn every_way_to_write_a_v1_path_leads_to_the_same_operation() {
    for path in [
        "/v1/things",
        "/v1/things/",
        "/v1//things",
        "//v1/things",
        "/things",
        "/things/",
        "//things",
        "/v1/%74hings",
    ] {
        let upstream = things();
        let proxy = TestProxy::start(upstream.address());
        let answer = proxy.client().get(path);
        assert_eq!(
            (answer.status, answer.text()),
            (200, r#"[{"thingId":"a"}]"#)
        );
        assert_eq!(upstream.only_request().target, "/v2/all-things", "{path}");
    }
}

#[test]
fn an_absolute_target_is_routed_by_its_path() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("GET http://proxy.test/v1/things?same=1 HTTP/1.1\r\nHost: proxy.test\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    let request = upstream.only_request();
    assert_eq!(request.target, "/v2/all-things?same=1");
    assert_eq!(request.header("host"), Some("proxy.test"));
}

#[test]
fn unknown_paths_are_problems_even_without_credentials() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for path in ["/v1/nosuch", "/nosuch", "/v3/things", "/v1/v2/things"] {
        let mut client = proxy.client();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let body = answer.json();
        assert_eq!(body["status"], 404);
        assert_eq!(body["title"], "Not Found");
        assert_eq!(body["type"], "about:blank");
        let detail = body["detail"].as_str().unwrap();
        assert!(
            detail.contains("The requested URL was not found"),
            "{detail}"
        );
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let answer = proxy.client().json("PATCH", "/v1/things", "{}");
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    assert_eq!(answer.json()["detail"], "Method Not Allowed");
    assert_eq!(answer.json()["title"], "Method Not Allowed");
}

#[test]
fn options_tells_the_methods_of_a_path() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send("OPTIONS /v1/things HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.text()), (200, ""));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    client.send("OPTIONS /v1/nosuch HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.answer().status, 404);
    assert!(upstream.received().is_empty());
}

#[test]
fn paths_that_cannot_be_read_are_refused() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for path in [
        "/v1/things/%zz",
        "/v1/things/%ff",
        "/v1/things/..",
        "/v1/%2e%2e/v2/x",
        "/v1/things/a%00",
    ] {
        let answer = proxy.client().get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.json()["title"], "Bad Request");
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_and_never_forwarded_as_another() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.send(b"GET /v1/things/a\xff HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n\r\n");
    assert_eq!(client.answer().status, 400);
    assert!(upstream.received().is_empty());
}

#[test]
fn operations_that_v2_lacks_are_410_and_unmapped_ones_501_in_the_form_of_v1() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    let removed = client.json("POST", "/v1/things/a/fire", "{}");
    assert_eq!(removed.status, 410);
    let body = removed.json();
    assert_eq!(body["httpcode"], 410);
    assert_eq!(body["detail"]["v1_operation"], "burn_thing");
    assert_eq!(
        body["message"],
        "POST /v1/things/{thingId}/fire has no equivalent in the V2 API: fire was abolished; \
         instead: delete it"
    );
    let unmapped = client.json("POST", "/things/a/paint", "{}");
    assert_eq!(unmapped.status, 501);
    let body = unmapped.json();
    assert_eq!(body["httpcode"], 501);
    assert_eq!(body["detail"]["v1_operation"], "paint_thing");
    assert_eq!(body["detail"]["error_codes"], serde_json::json!([]));
    assert!(body["message"].as_str().unwrap().contains("`paint_thing`"));
    assert!(upstream.received().is_empty());
}

#[test]
fn without_credentials_a_refusal_asks_for_them_first() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for request in [
        "POST /v1/things/a/fire HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/things/a/paint HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
        "POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let mut client = proxy.client();
        client.send(request);
        let answer = client.answer();
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("basic realm=\"Authentication required\"")
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.text(), "Unauthorized");
        // Such clients repeat the request on the same connection.
        assert_eq!(client.get("/v1/things").status, 200);
    }
}

#[test]
fn an_answer_of_the_mapping_needs_no_upstream() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    for path in ["/", "/v1", "/v1/"] {
        let answer = client.get(path);
        assert_eq!((answer.status, answer.text()), (200, "\"v1\""));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    client.send("HEAD /v1/ HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.head_answer();
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("4"))
    );
    assert_eq!(client.get("/").text(), "\"v1\"");
    assert!(upstream.received().is_empty());
}

#[test]
fn the_version_without_a_version_is_that_of_v1() {
    let upstream = things();
    let proxy = TestProxy::start(upstream.address());
    for path in ["/version", "/v1/version"] {
        let answer = proxy.client().get(path);
        assert_eq!(answer.json()["api"], serde_json::json!({}), "{path}");
    }
    let answer = proxy.client().get("/v2/version");
    assert_eq!(answer.json()["api"]["version"], "2");
}

#[test]
fn with_enforcement_a_path_without_a_version_is_404_and_names_the_paths_to_use() {
    let upstream = things();
    let proxy = enforcing(&upstream);
    let answer = proxy.client().get("/things/a");
    assert_eq!(answer.status, 404);
    let body = answer.json();
    assert_eq!(body["httpcode"], 404);
    assert_eq!(
        body["message"],
        "paths without an API version are not served here: use `GET /v1/things/{thingId}`, or in \
         V2 `GET /v2/all-things/{thing_id}`"
    );
    assert_eq!(body["detail"]["v1_operation"], "get_thing");
    for path in ["/nosuch", "/"] {
        let answer = proxy.client().get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["message"].as_str().unwrap().contains("/v1"));
    }
    assert!(upstream.received().is_empty());
    assert_eq!(proxy.client().get("/v1/things").status, 200);
}

#[test]
fn with_enforcement_the_version_without_a_version_is_the_upstreams_own() {
    let upstream = things();
    let proxy = enforcing(&upstream);
    assert_eq!(proxy.client().get("/version").json()["api"]["version"], "2");
    assert_eq!(upstream.only_request().target, "/version");
}

#[test]
fn header_limits_are_refused_and_named() {
    let upstream = things();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.limits(windlass_proxy::Limits {
            max_uri_bytes: 100,
            max_header_bytes: 200,
            ..windlass_proxy::Limits::default()
        })
    });
    for version in ["v1", "v2"] {
        let mut client = proxy.client();
        let answer = client.get(&format!("/{version}/things?same={}", "x".repeat(100)));
        assert_eq!(answer.status, 414);
        let text = answer.json()["message"].to_string();
        assert!(text.contains("100 bytes (limit `max_uri_bytes`)"), "{text}");
        client.send(format!(
            "GET /{version}/things HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n",
            "x".repeat(200)
        ));
        let answer = client.answer();
        assert_eq!(answer.status, 431);
        let text = answer.json()["message"].to_string();
        assert!(
            text.contains("200 bytes (limit `max_header_bytes`)"),
            "{text}"
        );
    }
    assert!(upstream.received().is_empty());
}
