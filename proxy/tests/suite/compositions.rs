//! Images by vulnerability, with the mappings as they are: several V2 calls for one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};
use windlass_proxy::{Limits, ProxyBuilder, UpstreamUrl};
use windlass_transforms::Mappings;
use windlass_transforms::exchange::Outcome;

use crate::support::{Answer, FakeUpstream, Received, Script, Signal, TestProxy, eventually};

const CVE: &str = "CVE-2020-28928";

fn start(upstream: &FakeUpstream, set: impl FnOnce(ProxyBuilder) -> ProxyBuilder) -> TestProxy {
    static MAPPINGS: LazyLock<Arc<Mappings>> =
        LazyLock::new(|| Arc::new(windlass_mappings::compile().expect("the mappings are right")));
    let url = UpstreamUrl::plain(upstream.address());
    TestProxy::with_mappings(url, Arc::clone(&MAPPINGS), set)
}

fn digest(image: char) -> String {
    format!("sha256:{}", image.to_string().repeat(64))
}

fn image(image: char) -> Value {
    json!({"image": {"image_digest": digest(image), "image_id": image.to_string(),
                     "tag_history": [{"full_tag": format!("example.com/{image}:1")}]},
           "packages": []})
}

fn finding(id: &str, package: &str, severity: &str, namespace: &str) -> Value {
    json!({"vuln": id, "package_name": package, "package_version": "1", "package_type": "APKG",
           "severity": severity, "feed_group": namespace})
}

/// What the upstream knows. Images `a` to `d` have musl, `c` to `e` have musl-utils.
fn world(request: &Received) -> Script {
    let target = request.target.strip_prefix("/v2").expect("V2");
    let body = match target {
        _ if target.starts_with("/query/vulnerabilities?id=CVE-2020-28928") => json!({
            "vulnerabilities": [
                {"id": CVE, "affected_packages": [{"name": "musl"}, {"name": "musl-utils"}]},
            ],
            "next_page": null,
        }),
        _ if target.starts_with("/query/vulnerabilities") => {
            json!({"vulnerabilities": [], "next_page": null})
        }
        "/query/images/by-package?name=musl" => {
            json!({"images": [image('d'), image('b'), image('a')], "next_page": "2"})
        }
        "/query/images/by-package?name=musl&page=2" => json!({"images": [image('c')]}),
        "/query/images/by-package?name=musl-utils" => {
            json!({"images": [image('c'), image('d'), image('e')]})
        }
        _ if target.starts_with("/images/sha256:") => {
            let image = target.as_bytes()["/images/sha256:".len()];
            let rows = match image {
                b'a' => json!([finding(CVE, "musl", "Low", "alpine:3.12")]),
                b'b' => json!([finding("CVE-1", "musl", "Low", "alpine:3.12")]),
                b'c' => json!([
                    finding(CVE, "musl", "High", "alpine:3.12"),
                    finding(CVE, "musl-utils", "High", "alpine:3.12"),
                ]),
                b'd' => json!([finding(CVE, "musl", "Low", "alpine:3.13")]),
                _ => json!([]),
            };
            json!({"vulnerability_type": "all", "vulnerabilities": rows})
        }
        other => panic!("{other} is not asked for"),
    };
    Script::json(200, &body.to_string())
}

fn ask(proxy: &TestProxy, query: &str) -> Answer {
    let path = format!("/v1/query/images/by_vulnerability?vulnerability_id={CVE}{query}");
    proxy.client().get(&path)
}

/// Which images an answer has, and how many packages of each.
fn found(answer: &Answer) -> BTreeMap<String, usize> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let images = body["images"].as_array().unwrap().iter();
    images
        .map(|entry| {
            let image = entry["image"]["imageId"].as_str().unwrap();
            (
                image.to_owned(),
                entry["vulnerable_packages"].as_array().unwrap().len(),
            )
        })
        .collect()
}

fn images<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected
        .map(|(image, packages)| (image.to_owned(), packages))
        .into()
}

#[test]
fn images_are_found_by_way_of_packages_and_each_is_asked_about_once() {
    let upstream = FakeUpstream::start(world);
    let proxy = start(&upstream, |builder| builder);
    let answer = ask(&proxy, "");
    assert_eq!(found(&answer), images([("a", 1), ("c", 2), ("d", 1)]));
    let body = answer.json();
    assert_eq!(
        body["images"][0],
        json!({
            "image": {"imageDigest": digest('a'), "imageId": "a",
                      "tag_history": [{"fulltag": "example.com/a:1"}]},
            "vulnerable_packages": [{"name": "musl", "namespace": "alpine:3.12",
                                     "severity": "Low", "type": "APKG", "version": "1"}],
        })
    );
    assert_eq!(
        (&body["page"], &body["total_count"]),
        (&json!("1"), &json!(3))
    );
    assert_eq!(body.get("next_page"), None);
    let asked = upstream.received();
    let targets: BTreeSet<&str> = asked.iter().map(|r| r.target.as_str()).collect();
    assert_eq!((asked.len(), targets.len()), (9, 9), "{targets:?}");
    for request in &asked {
        assert_eq!(
            request.header("authorization"),
            Some("Basic YWRtaW46Zm9vYmFy")
        );
    }
    let record = &proxy.records()[0];
    assert_eq!(
        record.v1_operation.as_deref(),
        Some("query_images_by_vulnerability")
    );
    assert_eq!(
        record.v2_operations,
        [
            "GET /query/vulnerabilities?id={id}&namespace={namespace}&page={page}",
            "GET /query/images/by-package?name={package}&page={page}",
            "GET /images/{image_digest}/vuln/all?vendor_only={vendor_only}",
        ]
    );
    assert_eq!(
        (record.upstream_calls, record.outcome),
        (9, Outcome::Rewritten)
    );
    assert_eq!(record.v1_parameters, ["vulnerability_id"]);
}

#[test]
fn filters_choose_rows_and_go_on_to_v2_where_it_has_them() {
    let upstream = FakeUpstream::start(world);
    let proxy = start(&upstream, |builder| builder);
    for (query, expected) in [
        ("&namespace=alpine:3.12", images([("a", 1), ("c", 2)])),
        ("&severity=High", images([("c", 2)])),
        ("&affected_package=musl-utils", images([("c", 1)])),
        ("&namespace=debian:8", images([])),
    ] {
        assert_eq!(found(&ask(&proxy, query)), expected, "{query}");
    }
    let before = upstream.received().len();
    assert_eq!(
        found(&ask(&proxy, "&vendor_only=False&namespace=x%3A1")),
        images([])
    );
    let asked = &upstream.received()[before..];
    assert!(
        asked[0].target.ends_with("&namespace=x:1"),
        "{:?}",
        asked[0]
    );
    assert!(
        asked
            .iter()
            .any(|r| r.target.ends_with("/vuln/all?vendor_only=false"))
    );
}

#[test]
fn pages_are_cut_from_the_whole() {
    let upstream = FakeUpstream::start(world);
    let proxy = start(&upstream, |builder| builder);
    for (query, expected, next) in [
        ("&limit=2", images([("a", 1), ("c", 2)]), json!("2")),
        ("&limit=2&page=2", images([("d", 1)]), Value::Null),
        ("&limit=2&page=9", images([]), Value::Null),
        (
            "&limit=0",
            images([("a", 1), ("c", 2), ("d", 1)]),
            Value::Null,
        ),
    ] {
        let answer = ask(&proxy, query);
        assert_eq!(found(&answer), expected, "{query}");
        assert_eq!(answer.json()["next_page"], next, "{query}");
        assert_eq!(answer.json()["total_count"], 3, "{query}");
    }
}

#[test]
fn one_call_that_fails_fails_the_whole_and_is_named() {
    let whole = |part: &str| format!(r#"{{"{part}":[]}}"#);
    let cut = Script::new()
        .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
        .close();
    for (at, call) in [
        (
            "by-package?name=musl-utils",
            "GET /query/images/by-package?name={package}&page={page}",
        ),
        (
            "page=2",
            "GET /query/images/by-package?name={package}&page={page}",
        ),
        (
            "sha256:c",
            "GET /images/{image_digest}/vuln/all?vendor_only={vendor_only}",
        ),
    ] {
        for (script, message) in [
            (Script::json(500, "{}"), "answered 500"),
            (Script::json(404, "{}"), "answered 404"),
            (Script::answer(200, "text/html", "<html>"), "`text/html`"),
            (Script::json(200, &whole("other")), "cannot be used"),
            (
                Script::json(200, r#"{"images":[{}],"vulnerabilities":[{}]}"#),
                "has no",
            ),
            (cut.clone(), "upstream"),
        ] {
            let upstream = FakeUpstream::start(move |request| {
                if request.target.contains(at) {
                    script.clone()
                } else {
                    world(request)
                }
            });
            let proxy = start(&upstream, |builder| builder);
            let answer = ask(&proxy, "");
            assert_eq!(answer.status, 502, "{at}: {}", answer.text());
            let body = answer.json();
            let text = body["message"].as_str().unwrap();
            assert!(text.contains(message), "{at}: {text}");
            assert_eq!(body["detail"]["v2_call"], call, "{at}: {text}");
            let record = &proxy.records()[0];
            assert_eq!(record.outcome, Outcome::Failed);
            assert_eq!(record.failed_call.as_deref(), Some(call));
        }
    }
}

#[test]
fn what_the_first_call_is_refused_is_the_answer() {
    let upstream = FakeUpstream::always(Script::json(401, r#"{"code":401}"#));
    let proxy = start(&upstream, |builder| builder);
    let answer = ask(&proxy, "");
    assert_eq!((answer.status, answer.text()), (401, "Unauthorized"));
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn requests_that_v1_servers_refused_are_refused_without_a_call() {
    let upstream = FakeUpstream::start(world);
    let proxy = start(&upstream, |builder| builder);
    let missing = proxy
        .client()
        .get("/v1/query/images/by_vulnerability?limit=1");
    assert_eq!(missing.status, 400);
    assert_eq!(
        missing.json()["detail"],
        "Missing query parameter 'vulnerability_id'"
    );
    let severity = ask(&proxy, "&severity=nosuch");
    assert_eq!(severity.status, 400);
    let detail = severity.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("'nosuch' is not one of ['Unknown', 'Negligible'"),
        "{detail}"
    );
    assert_eq!(ask(&proxy, "&limit=x").status, 400);
    assert_eq!(upstream.received().len(), 0);
}

#[test]
fn calls_are_made_some_at_a_time() {
    let go_on = Signal::default();
    let waiting = Arc::new(AtomicUsize::new(0));
    let counted = Arc::new(Mutex::new(BTreeSet::new()));
    let upstream = FakeUpstream::start({
        let (go_on, waiting) = (go_on.clone(), Arc::clone(&waiting));
        move |request| {
            if !request.target.contains("/vuln/all") {
                return world(request);
            }
            // Scripts are asked for twice, before and after the body.
            if counted.lock().unwrap().insert(request.target.clone()) {
                waiting.fetch_add(1, Ordering::SeqCst);
            }
            let rows = r#"{"vulnerabilities":[]}"#;
            let length = rows.len();
            Script::new().wait(&go_on).send(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{rows}"
            ))
        }
    });
    let proxy = start(&upstream, |builder| builder.parallel_calls(3));
    let mut client = proxy.client();
    client.send(format!(
        "GET /v1/query/images/by_vulnerability?vulnerability_id={CVE} HTTP/1.1\r\nHost: a\r\n\r\n"
    ));
    eventually("three are under way", || {
        waiting.load(Ordering::SeqCst) >= 3
    });
    assert_eq!(waiting.load(Ordering::SeqCst), 3, "and no more than three");
    go_on.give();
    assert_eq!(found(&client.answer()), images([]));
    assert_eq!(waiting.load(Ordering::SeqCst), 5);
}

#[test]
fn limits_of_calls_and_of_rows_name_themselves() {
    let upstream = FakeUpstream::start(world);
    for (limits, message) in [
        (
            Limits {
                max_upstream_calls: 4,
                ..Limits::default()
            },
            "more than 4 V2 calls (limit `max_upstream_calls`)",
        ),
        (
            Limits {
                max_lookup_bytes: 10,
                ..Limits::default()
            },
            "(limit `max_lookup_bytes`)",
        ),
    ] {
        let proxy = start(&upstream, |builder| builder.limits(limits));
        let answer = ask(&proxy, "");
        assert_eq!(answer.status, 502);
        let text = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(text.contains(message), "{text}");
    }
}
