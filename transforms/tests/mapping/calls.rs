//! The V2 call of a request: path, query, look-ups, answers.

use std::sync::Arc;

use crate::set;
use http::Method;
use serde_json::{Map, Value, json};
use windlass_transforms::Mappings;
use windlass_transforms::plan::body::Strategy;
use windlass_transforms::plan::call::{CallError, CallPlan, RequestBody, UpstreamCall};
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::route::{PathValues, Route};

const BUNDLE: &str = r#"
#--- operations/images/list_images.toml
summary = "List images."
v1 = "GET /images"
v2 = "GET /images"

[query]
fulltag = "full_tag"
history = "history as bool"
digest  = "digest"
force   = "none: V2 always does"

[query_default]
detail = "true"
history = "false"

[body_query]
tag     = "full_tag"
history = "history"

#--- operations/images/get_image.toml
summary = "Get an image."
v1 = "GET /images/{imageDigest}/{kind}"
v2 = "GET /images/{image_digest}/content?type={type}&all=yes"

[path]
imageDigest = "image_digest"
kind        = "type"

[query]
x = "y"

[response.200]
layout = "[ $ ]"

[response.204]
status = 200
layout = '"deleted"'

[response.2xx]
status = 202

[response.404]
status       = 200
layout       = "[]"
content_type = "application/x"

[response.4xx]

#--- operations/images/get_check.toml
summary = "Check an image by id."
v1 = "GET /images/by_id/{imageId}/check"
v2 = "GET /images/{image_digest}/check"

[query]
detail = "detail as bool"

[lookup.image]
v2        = "GET /images?image_id={imageId}"
take      = { image_digest = "$.items[0].image_digest", account = "$.items[0].account" }
otherwise = { image_digest = "{imageId}", account = "nobody" }

[lookup.record]
v2     = "GET /images/{image_digest}/record?for={account}"
take   = { record = "$" }
unless = { detail = "false" }

#--- operations/registries/get_registry.toml
summary = "Get a registry."
v1 = "GET /registries/{registry...}"
v2 = "GET /registries/{registry}"

[path]
registry = "registry"

#--- operations/system/ping.toml
summary = "Ping."
v1 = "GET /"

[answer]
body = { a = 1.50, b = { json = "null" }, c = [true, "x"] }

#--- operations/system/gone.toml
summary = "Gone."
v1 = "GET /gone"
v2 = "none"
reason = "V2 has no such thing"
instead = "use another thing"
loss = ["everything"]

#--- unmapped.toml
later = "POST /later"

#--- defaults.toml
[response.401]
text = "Unauthorized"

[response.4xx]
layout = '{ "message": $.title }'

[response.503]
status = 502
"#;

fn mappings() -> Mappings {
    set::compiled(BUNDLE)
}

struct Request {
    operation: Arc<Operation>,
    values: PathValues,
}

fn request(path: &str) -> Request {
    match mappings().routes().find(&Method::GET, path) {
        Route::Found { operation, values } => Request { operation, values },
        other => panic!("{path}: {other:?}"),
    }
}

impl Request {
    fn plan(&self) -> &CallPlan {
        match &self.operation.kind {
            Kind::Call(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    fn call(&self, query: Option<&str>, looked_up: &Value) -> Result<UpstreamCall, CallError> {
        let looked_up = looked_up.as_object().expect("an object");
        self.plan().call(&self.values, query, None, looked_up)
    }
}

fn list(query: &str) -> UpstreamCall {
    request("/images").call(Some(query), &json!({})).unwrap()
}

#[test]
fn declared_query_parameters_are_renamed_and_others_dropped() {
    let call = list("fulltag=docker.io%2Fa:1&digest=sha256:ab&nonsense=1");
    assert_eq!(
        call.path_and_query,
        "/v2/images?full_tag=docker.io%2Fa:1&digest=sha256:ab&detail=true&history=false"
    );
    assert_eq!(call.method, Method::GET);
    assert_eq!(call.v1_parameters, ["fulltag"]);
}

#[test]
fn repeated_parameters_stay_repeated_and_are_told_once() {
    let call = list("fulltag=a&fulltag=b&force=1");
    assert_eq!(
        call.path_and_query,
        "/v2/images?full_tag=a&full_tag=b&detail=true&history=false"
    );
    assert_eq!(call.v1_parameters, ["force", "fulltag"]);
}

#[test]
fn any_spelling_of_a_boolean_becomes_the_one_v2_reads() {
    for (sent, leaves) in [
        ("True", "true"),
        ("FALSE", "false"),
        ("t%72ue", "true"),
        ("maybe", "maybe"),
        ("", ""),
    ] {
        let call = list(&format!("history={sent}"));
        assert_eq!(
            call.path_and_query,
            format!("/v2/images?history={leaves}&detail=true")
        );
    }
}

#[test]
fn values_leave_with_the_encoding_they_came_with() {
    let call = list("digest=a+b%20c%2Bd%c3%a9=é[]");
    assert_eq!(
        call.path_and_query,
        "/v2/images?digest=a+b%20c%2Bd%c3%a9=%C3%A9[]&detail=true&history=false"
    );
}

#[test]
fn a_query_value_that_cannot_be_decoded_is_refused() {
    for query in ["digest=%", "digest=%zz", "digest=%ff"] {
        let error = request("/images")
            .call(Some(query), &json!({}))
            .unwrap_err();
        assert_eq!(error, CallError::MalformedQuery("digest".into()));
    }
    // Nobody reads the others.
    assert_eq!(
        list("x=%zz&%zz=1").path_and_query,
        "/v2/images?detail=true&history=false"
    );
}

#[test]
fn a_json_body_stands_for_the_query_only_when_there_is_none() {
    let request = request("/images");
    assert!(request.plan().reads_body_query());
    let call = |query: Option<&str>, body: &Value| {
        request
            .plan()
            .call(&request.values, query, Some(body), &Map::new())
    };
    let body = json!({"tag": "docker.io/a b:1", "history": true, "other": 1});
    let sent = call(None, &body).unwrap();
    assert_eq!(
        sent.path_and_query,
        "/v2/images?full_tag=docker.io/a%20b:1&history=true&detail=true"
    );
    assert_eq!(sent.v1_parameters, ["history", "tag"]);
    assert_eq!(call(Some(""), &body).unwrap(), sent);
    let defaults = "detail=true&history=false";
    assert_eq!(
        call(Some("digest=a"), &body).unwrap().path_and_query,
        format!("/v2/images?digest=a&{defaults}")
    );
    for body in [json!([]), json!("x"), json!({"tag": null})] {
        let sent = call(None, &body).unwrap();
        assert_eq!(sent.path_and_query, format!("/v2/images?{defaults}"));
    }
    assert_eq!(
        call(None, &json!({"tag": ["a"]})).unwrap_err(),
        CallError::BodyQuery("tag".into())
    );
}

#[test]
fn path_values_move_to_a_segment_or_a_query() {
    let call = request("/images/sha256%3Aab/a%26b+c")
        .call(Some("x=1"), &json!({}))
        .unwrap();
    assert_eq!(
        call.path_and_query,
        "/v2/images/sha256%3Aab/content?type=a%26b%2Bc&all=yes&y=1"
    );
}

#[test]
fn slashes_of_a_rest_leave_encoded() {
    let call = request("/registries/host:5000/a%20b/c")
        .call(None, &json!({}))
        .unwrap();
    assert_eq!(call.path_and_query, "/v2/registries/host:5000%2Fa%20b%2Fc");
}

#[test]
fn look_ups_feed_each_other_and_the_call() {
    let request = request("/images/by_id/a%2Fb/check");
    let [image, record] = request.plan().lookups() else {
        panic!("two look-ups are written");
    };
    let mut looked_up = Map::new();
    let call = image.call(&request.values, &looked_up).unwrap();
    assert_eq!(call.path_and_query, "/v2/images?image_id=a/b");
    let answer = json!({"items": [{"image_digest": "sha256:ab", "account": "a&b"}, {}]});
    image
        .take(&answer, &request.values, &mut looked_up)
        .unwrap();
    let call = record.call(&request.values, &looked_up).unwrap();
    assert_eq!(call.path_and_query, "/v2/images/sha256:ab/record?for=a%26b");
    record
        .take(&json!({"a": [1]}), &request.values, &mut looked_up)
        .unwrap();
    assert_eq!(looked_up["record"], json!({"a": [1]}));
    let call = request.plan().call(&request.values, None, None, &looked_up);
    assert_eq!(call.unwrap().path_and_query, "/v2/images/sha256:ab/check");
}

#[test]
fn a_look_up_that_finds_nothing_takes_what_stands_in() {
    let request = request("/images/by_id/7/check");
    let [image, record] = request.plan().lookups() else {
        panic!("two look-ups are written");
    };
    for answer in [json!({"items": []}), json!({}), json!([]), json!(null)] {
        let mut looked_up = Map::new();
        image
            .take(&answer, &request.values, &mut looked_up)
            .unwrap();
        assert_eq!(
            Value::from(looked_up),
            json!({"image_digest": "7", "account": "nobody"})
        );
    }
    let error = record
        .take(&json!(null), &request.values, &mut Map::new())
        .unwrap_err();
    assert_eq!(error.to_string(), "look-up `record` found nothing at `$`");
}

#[test]
fn a_look_up_is_left_out_for_the_query_value_it_names() {
    let request = request("/images/by_id/7/check");
    let record = &request.plan().lookups()[1];
    for (query, wanted) in [
        (None, true),
        (Some("detail=true"), true),
        (Some("detail=False"), false),
        (Some("other=false"), true),
    ] {
        let context = request.plan().context(&request.values, query, Map::new());
        assert_eq!(record.wanted(&context), wanted, "{query:?}");
    }
}

#[test]
fn a_looked_up_value_cannot_climb_out_of_its_segment() {
    let request = request("/images/by_id/7/check");
    let call = |digest: Value| request.call(None, &json!({"image_digest": digest}));
    assert_eq!(
        call(json!("a/../b?c#d")).unwrap().path_and_query,
        "/v2/images/a%2F..%2Fb%3Fc%23d/check"
    );
    assert_eq!(call(json!(7)).unwrap().path_and_query, "/v2/images/7/check");
    for digest in [json!(".."), json!("."), json!(""), json!(null), json!({})] {
        assert_eq!(
            call(digest).unwrap_err(),
            CallError::NotLookedUp("image_digest".into())
        );
    }
    assert!(request.call(None, &json!({})).is_err());
}

#[test]
fn the_most_specific_response_is_used() {
    let request = request("/images/a/b");
    let response = |status| request.plan().response(status);
    assert_eq!(response(200).status, 200);
    assert!(matches!(response(200).body.strategy, Strategy::Stream(_)));
    assert_eq!(response(201).status, 202);
    assert!(response(201).passes());
    assert_eq!(response(204).status, 200);
    let Strategy::Fixed(text) = &response(204).body.strategy else {
        panic!("the body is fixed");
    };
    assert_eq!(&**text, "\"deleted\"");
    assert_eq!(
        response(204).content_type.as_deref(),
        Some("application/json")
    );
    assert_eq!(response(404).status, 200);
    assert_eq!(response(404).content_type.as_deref(), Some("application/x"));
    // The operation's class goes before what all operations say.
    assert!(response(401).passes());
    assert!(response(400).passes());
    assert_eq!(response(503).status, 502);
    assert_eq!(response(500).status, 500);
    assert!(response(500).passes());
}

#[test]
fn common_responses_serve_every_other_operation() {
    let request = request("/images");
    let response = |status| request.plan().response(status);
    let Strategy::Fixed(text) = &response(401).body.strategy else {
        panic!("the body is fixed");
    };
    assert_eq!(&**text, "Unauthorized");
    assert_eq!(
        response(401).content_type.as_deref(),
        Some("text/plain; charset=utf-8")
    );
    assert!(matches!(response(400).body.strategy, Strategy::Stream(_)));
    assert!(matches!(request.plan().request_body(), RequestBody::Opaque));
}

#[test]
fn the_context_of_steps_has_decoded_values_the_first_of_each_name() {
    let request = request("/images/sha256%3Aab/k");
    let context = request
        .plan()
        .context(&request.values, Some("x=1+2&x=3&y=%zz&z"), Map::new());
    assert_eq!(
        Value::from(context.path),
        json!({"imageDigest": "sha256:ab", "kind": "k"})
    );
    assert_eq!(Value::from(context.query), json!({"x": "1 2", "z": ""}));
}

#[test]
fn operations_without_a_call_say_what_they_answer() {
    let ping = request("/").operation;
    let Kind::Answer(answer) = &ping.kind else {
        panic!("{:?}", ping.kind);
    };
    assert_eq!(answer.status, 200);
    assert_eq!(&*answer.body, r#"{"a":1.50,"b":null,"c":[true,"x"]}"#);
    let gone = request("/gone").operation;
    assert!(matches!(&gone.kind, Kind::None { instead, .. } if instead == "use another thing"));
    assert_eq!(gone.losses, ["everything"]);
    let mappings = mappings();
    let later = mappings.operation("later").unwrap();
    assert!(matches!(later.kind, Kind::Unmapped));
    assert_eq!(later.v1.to_string(), "POST /later");
}
