//! Recorded exchanges, run through the plans: what is read, what is found, and what is told of it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn windlass(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(words)
        .env_remove("WINDLASS_MAPPINGS")
        .output()
        .expect("windlass starts")
}

fn replay(words: &[&str]) -> Value {
    let output = windlass(&[&["replay", "--format", "json"], words].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {error}"))
}

/// A recorded exchange: method, path, request body, status, body of the answer.
type Exchange = (&'static str, &'static str, Option<&'static str>, u16, Value);

fn har(exchanges: &[Exchange]) -> String {
    let entries = exchanges
        .iter()
        .map(|(method, path, body, status, answer)| {
            let mut request = json!({
                "method": method, "url": format!("http://anchore.example.com:8228{path}"),
                "headers": [{"name": "user-agent", "value": "app/1"},
                            {"name": "content-type", "value": "application/json"}],
            });
            if let Some(body) = body {
                request["postData"] = json!({"mimeType": "application/json", "text": body});
            }
            json!({
                "startedDateTime": "2026-11-20T10:00:00Z",
                "request": request,
                "response": {"status": status, "content": {"text": answer.to_string()}},
            })
        });
    json!({"log": {"version": "1.2", "entries": entries.collect::<Vec<_>>()}}).to_string()
}

/// The same as flows of mitmproxy, with answers as servers zip them.
fn flows(exchanges: &[Exchange]) -> Vec<u8> {
    let net = |payload: &[u8], kind: char| -> Vec<u8> {
        let length = format!("{}:", payload.len());
        [length.as_bytes(), payload, kind.to_string().as_bytes()].concat()
    };
    let text = |text: &str| net(text.as_bytes(), ',');
    let member = |name: &str, value: Vec<u8>| [net(name.as_bytes(), ';'), value].concat();
    let headers = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| net(&[text(name), text(value)].concat(), ']'));
        net(&pairs.collect::<Vec<_>>().concat(), ']')
    };
    let flow = |(method, path, body, status, answer): &Exchange| {
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zipped
            .write_all(answer.to_string().as_bytes())
            .expect("memory");
        let sent = [
            ("User-Agent", "app/1"),
            ("Content-Type", "application/json"),
        ];
        let request = [
            member("method", text(method)),
            member("path", text(path)),
            member("headers", headers(&sent)),
            member("content", text(body.unwrap_or_default())),
            member("timestamp_start", net(b"1795168800.0", '^')),
        ];
        let response = [
            member("status_code", net(status.to_string().as_bytes(), '#')),
            member("headers", headers(&[("Content-Encoding", "gzip")])),
            member("content", net(&zipped.finish().expect("memory"), ',')),
        ];
        net(
            &[
                member("type", net(b"http", ';')),
                member("request", net(&request.concat(), '}')),
                member("response", net(&response.concat(), '}')),
            ]
            .concat(),
            '}',
        )
    };
    exchanges.iter().flat_map(flow).collect()
}

fn session() -> [Exchange; 6] {
    let subscription = json!({"subscription_id": "s1", "subscription_key": "k", "active": true, "userId": "admin"});
    [
        (
            "GET",
            "/v1/subscriptions/s1",
            None,
            200,
            json!([subscription]),
        ),
        ("GET", "/v1/", None, 200, "v1".into()),
        (
            "GET",
            "/v1/images/sha256:aa",
            None,
            404,
            json!({"message": "image not found"}),
        ),
        (
            "POST",
            "/v1/images",
            Some("{\"tag\": nonsense hunter2"),
            200,
            Value::Null,
        ),
        (
            "DELETE",
            "/v1/system/feeds/packages/gem",
            None,
            200,
            Value::Null,
        ),
        ("GET", "/v2/images", None, 200, json!({"items": []})),
    ]
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// Operation and verdict of each row.
fn verdicts(replayed: &Value) -> Vec<(&str, &str)> {
    let rows = replayed["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let (operation, verdict) = (&row["operation"], &row["verdict"]);
        (
            operation.as_str().expect("text"),
            verdict.as_str().expect("text"),
        )
    })
    .collect()
}

#[test]
fn archives_and_flows_of_one_session_get_the_same_verdicts() {
    let folder = tempfile::tempdir().expect("a folder");
    let flows = flows(&session());
    let zipped = zstd::encode_all(flows.as_slice(), 1).expect("memory");
    for file in [
        write(folder.path(), "session.har", har(&session())),
        write(folder.path(), "session.flows", &flows),
        write(folder.path(), "session.flows.zst", zipped),
    ] {
        let replayed = replay(&[&file]);
        assert_eq!(
            (&replayed["exchanges"], &replayed["others"]),
            (&5.into(), &1.into())
        );
        assert_eq!(
            verdicts(&replayed),
            [
                ("delete_feed_group", "not-served"),
                ("add_image", "refused"),
                ("get_image", "unchecked"),
                ("get_subscription", "right"),
                ("ping", "right"),
            ],
            "{file}: {replayed:#}"
        );
        assert_eq!(
            replayed["clients"],
            json!([{"client": "(no user) via app/1", "exchanges": 5, "right": 2, "unchecked": 1}])
        );
        assert_eq!(
            windlass(&["replay", "--fail", &file]).status.code(),
            Some(1)
        );
    }
}

#[test]
fn what_is_shown_names_shares_and_no_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "session.har", har(&session()));
    // As the option was called first, and as an input.
    for words in [["replay", "--har", &file].as_slice(), &["replay", &file]] {
        let shown = windlass(words);
        assert_eq!(shown.status.code(), Some(0));
        let text = String::from_utf8(shown.stdout).expect("UTF-8");
        assert!(
            text.contains("40 % of 5 exchanges would be served right, 20 % could not be compared"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
    let schema = windlass(&["schema", "replay"]).stdout;
    let schema: Value = serde_json::from_slice(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&replay(&[&file])));
}

#[test]
fn a_damaged_recording_counts_what_came_before_unless_that_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = flows(&session());
    for (name, damaged) in [
        ("cut.har", har(&session()).into_bytes()[..700].to_vec()),
        ("cut.flows", whole[..whole.len() - 100].to_vec()),
    ] {
        let file = write(folder.path(), name, damaged);
        let shown = windlass(&["replay", &file]);
        assert_eq!(shown.status.code(), Some(0), "{name}");
        assert!(String::from_utf8_lossy(&shown.stderr).contains("truncated or damaged"));
        let strict = windlass(&["replay", "--strict", &file]);
        assert_eq!(strict.status.code(), Some(2), "{name}");
    }
}

#[test]
fn sources_without_bodies_say_so_instead_of_nothing() {
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tour");
    for (name, told) in [
        ("records.jsonl", "never hold paths, bodies or answers"),
        ("access.log", "source without bodies"),
    ] {
        let file = tour.join(name);
        let refused = windlass(&["replay", file.to_str().expect("UTF-8")]);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            error.contains(told) && error.contains("mitmdump"),
            "{error}"
        );
    }
    // In a folder they are beside what can be replayed.
    let folder = windlass(&["replay", tour.to_str().expect("UTF-8")]);
    let text = String::from_utf8_lossy(&folder.stdout);
    assert!(text.contains("of 24 exchanges"), "{text}");
    let left_out = String::from_utf8_lossy(&folder.stderr);
    assert_eq!(left_out.matches("left out").count(), 2, "{left_out}");
}

/// The reasons of the only row.
fn reasons(exchange: Exchange) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "one.har", har(&[exchange]));
    let replayed = replay(&[&file]);
    let row = &replayed["rows"][0];
    let told = row["reasons"].as_array().expect("reasons").iter();
    let told = told.map(|reason| reason.as_str().expect("text").to_owned());
    (
        row["verdict"].as_str().expect("text").to_owned(),
        told.collect(),
    )
}

#[test]
fn requests_and_answers_must_fit_the_documents_of_their_version() {
    let nothing = Value::Null;
    for (exchange, told) in [
        (
            (
                "GET",
                "/v1/events?page=first",
                None,
                200,
                json!({"results": []}),
            ),
            "request: query parameter `page` is not of type integer",
        ),
        (
            (
                "POST",
                "/v1/registries",
                Some(r#"{"registry": 7, "registry_user": "hunter2"}"#),
                200,
                json!([]),
            ),
            "request: body `$.registry` is not of type",
        ),
        (
            ("POST", "/v1/registries", None, 200, json!([])),
            "request: the body is missing",
        ),
        (
            (
                "GET",
                "/v1/subscriptions/s1",
                None,
                200,
                json!([{"subscription_key": 7}]),
            ),
            "answer: `$[].subscription_key` is not of type string",
        ),
    ] {
        let (verdict, reasons) = reasons(exchange);
        assert_eq!(verdict, "misfit", "{reasons:?}");
        assert!(
            reasons.iter().any(|reason| reason.contains(told)),
            "{told}: {reasons:?}"
        );
        assert!(!reasons.concat().contains("hunter2"), "{reasons:?}");
    }
    // V1 refused these, and V2 will.
    let (verdict, _) = reasons(("POST", "/v1/images", Some("{"), 400, Value::Null));
    assert_eq!(verdict, "unchecked");
    let (verdict, _) = reasons(("GET", "/v1/events?page=first", None, 400, nothing));
    assert_eq!(verdict, "unchecked");
}

#[test]
fn another_v2_document_can_be_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "session.har", har(&session()[..1]));
    let empty = json!({"openapi": "3.0.3", "info": {"title": "x", "version": "1"},
        "servers": [{"url": "/v2"}], "paths": {}});
    let document = write(folder.path(), "v2.json", empty.to_string());
    let replayed = replay(&["--v2", &document, &file]);
    assert_eq!(verdicts(&replayed), [("get_subscription", "unchecked")]);
    assert_eq!(
        replayed["rows"][0]["reasons"][0],
        "request: `GET /v2/subscriptions/{subscription_id}` is not in the V2 document"
    );
}

#[test]
fn what_v2_lacks_but_v1_clients_get_all_the_same_is_no_loss() {
    const PATH: &str =
        "/v1/images/sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let digest = &PATH["/v1/images/".len()..];
    let image = json!([{"imageDigest": digest, "userId": "admin", "image_detail": [{
        "imageDigest": digest, "digest": digest, "fulltag": "docker.io/library/alpine:3.20"}]}]);
    let exchange = ("GET", PATH, None, 200, image.clone());
    let (verdict, told) = reasons(exchange);
    assert_eq!((verdict.as_str(), told.len()), ("right", 0), "{told:?}");
    let mut other = image;
    other[0]["image_detail"][0]["digest"] = "sha256:other".into();
    let (verdict, told) = reasons(("GET", PATH, None, 200, other));
    assert_eq!(verdict, "differs");
    assert!(told[0].contains("`$[].image_detail[].digest`"), "{told:?}");
}
