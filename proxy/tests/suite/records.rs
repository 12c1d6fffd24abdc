//! What the records say about V1 requests.

use windlass_transforms::exchange::{Generation, Outcome};

use crate::support::{FakeUpstream, Script, TestProxy};

#[test]
fn a_rewritten_request_is_recorded_with_what_it_used() {
    let upstream = FakeUpstream::always(Script::json(200, r#"{"thing_id":"a"}"#));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.json(
        "POST",
        "/things?undeclared=1",
        r#"{"thingId":"hidden","other":1}"#,
    );
    client.get("/v1/things?fullName=hidden&same=hidden&old=hidden");
    let records = proxy.records();
    let post = &records[0];
    assert_eq!(post.generation, Generation::V1);
    assert_eq!(post.v1_operation.as_deref(), Some("add_thing"));
    assert_eq!(post.v2_operation.as_deref(), Some("POST /all-things"));
    assert!(post.versionless);
    assert_eq!(post.method, "POST");
    assert_eq!(post.v1_fields, ["Thing.thingId"]);
    assert_eq!(post.outcome, Outcome::Rewritten);
    assert_eq!(post.request_bytes, 30);
    assert_eq!(post.response_bytes, 15);
    assert_eq!(post.client.user.as_deref(), Some("admin"));
    let get = &records[1];
    assert!(!get.versionless);
    assert_eq!(get.v1_parameters, ["fullName", "old"]);
}

#[test]
fn refusals_are_recorded_with_their_reason() {
    let upstream = FakeUpstream::always(Script::json(200, "{}"));
    let proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.get("/v1/nosuch");
    client.json("POST", "/v1/things/a/fire", "{}");
    client.json("POST", "/v1/things/a/paint", "{}");
    client.json("POST", "/v1/things", "{");
    client.json("BREW", "/v1/things", "{}");
    let seen: Vec<_> = proxy
        .records()
        .into_iter()
        .map(|r| {
            assert_eq!(r.outcome, Outcome::Refused);
            (
                r.method,
                r.v1_operation,
                r.downstream_status.unwrap(),
                r.reason.unwrap(),
            )
        })
        .collect();
    let expected = [
        ("GET", None, 404, "unknown route"),
        ("POST", Some("burn_thing"), 410, "removed operation"),
        ("POST", Some("paint_thing"), 501, "unmapped operation"),
        ("POST", Some("add_thing"), 400, "malformed request"),
        ("other", None, 405, "wrong method"),
    ]
    .map(|(method, operation, status, reason)| {
        (
            method.to_owned(),
            operation.map(str::to_owned),
            status,
            reason.to_owned(),
        )
    });
    assert_eq!(seen, expected);
}

#[test]
fn no_record_holds_a_value_a_body_or_a_secret() {
    let upstream = FakeUpstream::always(Script::json(200, r#"{"thing_id":"secret-1"}"#));
    let mut proxy = TestProxy::start(upstream.address());
    let mut client = proxy.client();
    client.json(
        "POST",
        "/v1/things?same=secret-2",
        r#"{"thingId":"secret-3"}"#,
    );
    client.json("POST", "/v1/things", r#"{"thingId":"secret-4""#);
    client.get("/v1/things/secret-5");
    client.get("/v1/secret-6");
    proxy.stop();
    let text = proxy.record_text();
    assert_eq!(text.lines().count(), 4);
    for secret in ["secret", "foobar", "YWRtaW46Zm9vYmFy"] {
        assert!(!text.contains(secret), "{text}");
    }
}
