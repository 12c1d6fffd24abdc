//! Requests that cannot be served: each is refused with the right status in the form of the
//! caller's API version, nothing is stored, and what the proxy cannot read it does not forward.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use windlass_tests::facts::names;
use windlass_tests::world::{Answer, World};

use Form::{Api, Problem};

/// The members of an error of a V1 handler, of a V2 handler, and of a problem.
const V1_ERROR: &[&str] = &["detail", "httpcode", "message"];
const V2_ERROR: &[&str] = &["code", "detail", "error_type", "httpcode", "message"];
const PROBLEM: &[&str] = &["detail", "status", "title", "type"];

/// How a refusal looks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// What handlers answer: V1 `{"message", "httpcode", "detail"}`, V2 with `code` and `error_type`.
    Api,
    /// What the framework of V1 servers answered before any handler, and V2 likewise (RFC 7807).
    Problem,
}

/// One bad request, made over both versions.
struct Bad {
    what: &'static str,
    method: Method,
    v1: String,
    v2: String,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    form: Form,
    /// Whether the proxy can read it, so that the refusal is the V2 server's.
    forwarded: bool,
}

impl Bad {
    /// A request without a body that the V2 server refuses with 400 before any handler.
    fn get(what: &'static str, v1: &str, v2: &str) -> Self {
        Self {
            what,
            method: Method::GET,
            v1: v1.into(),
            v2: v2.into(),
            content_type: "",
            body: Vec::new(),
            status: 400,
            form: Problem,
            forwarded: true,
        }
    }

    /// The same, with a JSON body.
    fn post(what: &'static str, path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            content_type: "application/json",
            body: body.into(),
            ..Self::get(what, path, path)
        }
    }

    fn put(self) -> Self {
        Self {
            method: Method::PUT,
            ..self
        }
    }

    fn with(self, status: u16, form: Form) -> Self {
        Self {
            status,
            form,
            ..self
        }
    }

    fn sent_as(self, content_type: &'static str) -> Self {
        Self {
            content_type,
            ..self
        }
        .with(415, Problem)
    }

    /// The proxy has to read it, and cannot.
    fn kept_back(self) -> Self {
        Self {
            forwarded: false,
            ..self
        }
    }
}

/// Arrays in arrays.
fn deep() -> String {
    format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))
}

/// Bad bodies; `policy_id` is that of a policy that is there.
fn bodies(policy_id: &str) -> Vec<Bad> {
    let not_utf8 = |name: &str| [b"{\"".as_slice(), name.as_bytes(), b"\": \"\xff\xfe\"}"].concat();
    let state = |what, body: &str| Bad::post(what, "/accounts/quiet/state", body).put();
    let policy = json!({"id": "p", "name": "p", "version": "1_0", "policies": [], "mappings": [], "whitelists": []});
    let mut unknown_action = policy.clone();
    unknown_action["policies"] = json!([{"id": "r", "name": "r", "version": "1_0", "rules": [
        {"id": "r1", "gate": "always", "trigger": "always", "action": "MAYBE", "params": []}]}]);
    vec![
        Bad::post("JSON that ends early", "/accounts", "{\"name\": "),
        Bad::post("JSON that ends early", "/policies", "{\"id\": ").kept_back(),
        Bad::post("JSON that ends early", "/images", "{\"tag\": ").kept_back(),
        Bad::post(
            "JSON that ends early",
            &format!("/policies/{policy_id}"),
            "{\"policyId\": ",
        )
        .put()
        .kept_back(),
        Bad::post(
            "two documents",
            "/accounts",
            "{\"name\": \"first\"} {\"name\": \"second\"}",
        ),
        Bad::post("two documents", "/policies", format!("{policy} {policy}")).kept_back(),
        Bad::post("no document", "/accounts", ""),
        Bad::post(
            "a comment in JSON",
            "/registries",
            "{\"registry\": \"a\" /* b */}",
        ),
        Bad::post("text that is no UTF-8", "/accounts", not_utf8("name")),
        Bad::post("text that is no UTF-8", "/policies", not_utf8("id")).kept_back(),
        Bad::post("text that is no UTF-8", "/images", not_utf8("tag")).kept_back(),
        Bad::post(
            "a NUL in a text",
            "/accounts",
            "{\"name\": \"quiet\\u0000\"}",
        ),
        Bad::post(
            "half a surrogate pair",
            "/accounts",
            "{\"name\": \"quiet \\ud800\"}",
        ),
        Bad::post("a number for a text", "/accounts", "{\"name\": 1}"),
        Bad::post(
            "an object for a text",
            "/subscriptions",
            "{\"subscription_key\": {}, \"subscription_type\": \"tag_update\"}",
        ),
        Bad::post(
            "a text for a truth value",
            "/subscriptions",
            "{\"subscription_key\": \"a\", \"subscription_type\": \"tag_update\", \"active\": \"yes\"}",
        ),
        Bad::post("an array for an object", "/accounts", "[\"quiet\"]"),
        Bad::post("an array for an object", "/policies", "[]").kept_back(),
        Bad::post("an array for an object", "/registries", "[]"),
        Bad::post(
            "a name that is missing",
            "/accounts",
            "{\"email\": \"a@example.com\"}",
        ),
        Bad::post(
            "a name of strange letters",
            "/accounts",
            "{\"name\": \"a\\nb\"}",
        ),
        Bad::post(
            "an e-mail address that is none",
            "/accounts",
            "{\"name\": \"other\", \"email\": \"nobody\"}",
        ),
        Bad::post(
            "a short password",
            "/accounts/quiet/users",
            "{\"username\": \"maria\", \"password\": \"12345\"}",
        ),
        state("an unknown word", "{\"state\": \"asleep\"}"),
        Bad::post("an unknown word", "/policies", unknown_action.to_string()),
        Bad::post(
            "an unknown word",
            "/subscriptions",
            "{\"subscription_key\": \"a\", \"subscription_type\": \"none_such\"}",
        )
        .with(400, Api),
        Bad::post("no source", "/images", "{\"source\": {}}")
            .with(400, Api)
            .kept_back(),
        Bad::post(
            "deep nesting",
            "/accounts",
            format!("{{\"name\": {}}}", deep()),
        ),
        Bad::post(
            "deep nesting",
            "/policies",
            format!("{{\"id\": {}}}", deep()),
        )
        .kept_back(),
        Bad::post("deep nesting", "/images", deep()).kept_back(),
        Bad::post("too large a body", "/accounts", vec![b' '; 9 << 20]).with(413, Problem),
        Bad::post("too large a body", "/policies", vec![b' '; 17 << 20])
            .with(413, Api)
            .kept_back(),
        Bad::post("a form", "/accounts", "name=quiet").sent_as("application/x-www-form-urlencoded"),
        Bad::post("a form", "/policies", "id=p")
            .sent_as("application/x-www-form-urlencoded")
            .kept_back(),
        Bad::post("JSON called text", "/policies", policy.to_string())
            .sent_as("text/plain")
            .kept_back(),
    ]
}

fn targets() -> Vec<Bad> {
    let digest = format!("sha256:{}", "0".repeat(64));
    vec![
        Bad::get(
            "an unknown word",
            "/images?analysis_status=none_such",
            "/images?analysis_status=none_such",
        ),
        Bad::get(
            "an unknown word",
            "/accounts?state=none_such",
            "/accounts?state=none_such",
        ),
        Bad::get(
            "a truth value that is none",
            "/images?history=maybe",
            "/images?history=maybe",
        ),
        Bad::get(
            "a number that is none",
            "/events?page=first",
            "/events?page=first",
        ),
        Bad::get(
            "a number beyond any bounds",
            "/events?limit=99999999999999999999",
            "/events?limit=99999999999999999999",
        ),
        Bad::get(
            "a page before the first",
            "/events?page=0",
            "/events?page=0",
        )
        .with(400, Api),
        Bad::get(
            "a page that is too long",
            "/events?limit=1001",
            "/events?limit=1001",
        )
        .with(400, Api),
        Bad::get(
            "a time that is none",
            "/events?since=yesterday",
            "/events?since=yesterday",
        )
        .with(400, Api),
        Bad {
            method: Method::DELETE,
            ..Bad::get(
                "a parameter that is missing",
                "/accounts/admin/users/admin/credentials",
                "/accounts/admin/users/admin/credentials",
            )
        },
        Bad {
            method: Method::DELETE,
            ..Bad::get("a parameter that is missing", "/images", "/images")
        },
        Bad::get(
            "broken percent-encoding in a path",
            "/accounts/%zz",
            "/accounts/%zz",
        )
        .kept_back(),
        Bad::get("a path that is no UTF-8", "/accounts/%ff", "/accounts/%ff").kept_back(),
        Bad::get("an unknown operation", "/none-such", "/none-such")
            .with(404, Problem)
            .kept_back(),
        Bad::get(
            "an unknown operation",
            &format!("/images/{digest}/none/such"),
            &format!("/images/{digest}/none/such"),
        )
        .with(404, Problem)
        .kept_back(),
        Bad {
            method: Method::PATCH,
            ..Bad::get("a method that is not there", "/images", "/images")
        }
        .with(405, Problem)
        .kept_back(),
        Bad {
            method: Method::PUT,
            ..Bad::get("a method that is not there", "/policies", "/policies")
        }
        .with(405, Problem)
        .kept_back(),
        Bad::get(
            "something unknown",
            "/accounts/none-such",
            "/accounts/none-such",
        )
        .with(404, Api),
        Bad::get(
            "something unknown",
            "/registries/none.example.com",
            "/registries/none.example.com",
        )
        .with(404, Api),
    ]
}

/// All that a bad request might have left behind.
async fn stored(world: &World) -> Vec<Value> {
    let (_, v2) = world.admin();
    let mut stored = Vec::new();
    for path in [
        "/accounts",
        "/accounts/quiet/users",
        "/policies?detail=true",
        "/registries",
        "/subscriptions",
        "/images",
        "/imports/images",
        "/events",
    ] {
        stored.push(v2.get(path).await.ok());
    }
    stored
}

/// What is wrong with a refusal; `api` has the members of the form that handlers answer.
fn misfit(answer: &Answer, status: u16, form: Form, api: &[&str]) -> Option<String> {
    let wrong = |what: &str| Some(format!("{what}: {} {}", answer.status, answer.text()));
    if answer.status != status {
        return wrong(&format!("{status} is expected"));
    }
    let (content_type, members, number) = match form {
        Api => ("application/json", api, "httpcode"),
        Problem => ("application/problem+json", PROBLEM, "status"),
    };
    if answer.header("content-type") != content_type {
        return wrong(&format!("{form:?} is expected"));
    }
    let body = answer.json();
    if names(&body) != members || body[number] != status {
        return wrong(&format!("{members:?} with the status are expected"));
    }
    if form == Api
        && (!body["detail"].is_object() || body["message"].as_str().is_none_or(str::is_empty))
    {
        return wrong("a message and an object are expected");
    }
    None
}

/// The records of the V1 requests that came to the proxy, in order.
async fn records(world: &mut World) -> Vec<Value> {
    let text = fs::read_to_string(world.stop().await).expect("the proxy wrote records");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a record is JSON"))
        .collect()
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_form_of_their_version_and_leave_nothing_behind() {
    let mut world = World::start().await;
    world
        .admin()
        .1
        .post("/accounts", &json!({"name": "quiet"}))
        .await
        .ok();
    let before = stored(&world).await;
    let policies = world.admin().1.get("/policies").await.ok();
    let policy_id = policies[0]["policy_id"]
        .as_str()
        .expect("every account has a policy");
    let cases: Vec<Bad> = bodies(policy_id).into_iter().chain(targets()).collect();
    let mut misfits = Vec::new();
    for bad in &cases {
        let (v1, v2) = world.admin();
        let over_v1 = v1
            .send(
                bad.method.clone(),
                &bad.v1,
                bad.content_type,
                bad.body.clone(),
            )
            .await;
        let misfit_v1 = misfit(&over_v1, bad.status, bad.form, V1_ERROR);
        misfits.extend(
            misfit_v1
                .map(|misfit| format!("{} to V1 {} {}: {misfit}", bad.what, bad.method, bad.v1)),
        );
        let over_v2 = v2
            .send(
                bad.method.clone(),
                &bad.v2,
                bad.content_type,
                bad.body.clone(),
            )
            .await;
        // Of its own limits V2 speaks as of all that no handler has seen.
        let form = if bad.status == 413 { Problem } else { bad.form };
        let misfit_v2 = misfit(&over_v2, bad.status, form, V2_ERROR);
        misfits.extend(
            misfit_v2
                .map(|misfit| format!("{} to V2 {} {}: {misfit}", bad.what, bad.method, bad.v2)),
        );
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    assert_eq!(
        stored(&world).await,
        before,
        "a refused request left something behind"
    );
    let records = records(&mut world).await;
    assert_eq!(records.len(), cases.len());
    for (record, bad) in records.iter().zip(&cases) {
        let forwarded = record.get("upstream_status").is_some();
        let outcome = if bad.forwarded {
            "rewritten"
        } else {
            "refused"
        };
        if record["downstream_status"] != bad.status
            || forwarded != bad.forwarded
            || record["outcome"] != outcome
        {
            misfits.push(format!(
                "{} to V1 {} {}: {record}",
                bad.what, bad.method, bad.v1
            ));
        }
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[tokio::test]
async fn wrong_credentials_get_the_challenge_of_their_version_whatever_they_send() {
    let mut world = World::start().await;
    let secret = "not the password at all";
    let basic = |user: &str, password: &str| {
        format!(
            "Basic {}",
            windlass_tests::base64(&format!("{user}:{password}"))
        )
    };
    let credentials = [
        None,
        Some(basic("admin", secret)),
        Some(basic("nobody", secret)),
        Some("Basic not-base64!".to_owned()),
        Some(format!("Basic {}", windlass_tests::base64("no colon"))),
        Some(format!("Bearer {secret}").replace(' ', "")),
        Some("Bearer a.b.c".to_owned()),
        Some("Digest username=\"admin\"".to_owned()),
    ];
    let requests = [
        (Method::GET, "/images", ""),
        (Method::POST, "/accounts", "{\"name\": \"intruder\"}"),
        (Method::POST, "/accounts", "{\"name\": "),
        (Method::POST, "/policies", "{\"id\": "),
        (Method::DELETE, "/accounts/admin", ""),
    ];
    for credentials in &credentials {
        for (method, path, body) in &requests {
            let send = async |base: String| {
                let mut request = world.http().request(method.clone(), base + path);
                if let Some(credentials) = credentials {
                    request = request.header("authorization", credentials);
                }
                if !body.is_empty() {
                    request = request
                        .header("content-type", "application/json")
                        .body(*body);
                }
                world.send(request).await
            };
            let what = format!("{credentials:?} {method} {path} {body}");
            let over_v1 = send(format!("{}/v1", world.proxy_url())).await;
            let over_v2 = send(format!("{}/v2", world.server_url())).await;
            // A body that the proxy cannot read is refused for that, if anything was sent to be
            // checked as credentials: only the V2 server could tell that they are wrong.
            if *path == "/policies" && credentials.is_some() {
                assert_eq!(misfit(&over_v1, 400, Problem, V1_ERROR), None, "{what}");
            } else {
                assert_eq!(
                    (over_v1.status, over_v1.text().as_str()),
                    (401, "Unauthorized"),
                    "{what}"
                );
                assert_eq!(
                    over_v1.header("content-type"),
                    "text/html; charset=utf-8",
                    "{what}"
                );
                assert_eq!(
                    over_v1.header("www-authenticate"),
                    "basic realm=\"Authentication required\"",
                    "{what}"
                );
            }
            assert_eq!(misfit(&over_v2, 401, Api, V2_ERROR), None, "{what}");
            assert_eq!(
                over_v2.header("www-authenticate"),
                "basic realm=\"Authentication required\"",
                "{what}"
            );
        }
    }
    let (_, v2) = world.admin();
    assert_eq!(
        v2.get("/accounts").await.ok().as_array().map(Vec::len),
        Some(1)
    );
    let text = fs::read_to_string(world.stop().await).expect("the proxy wrote records");
    assert!(
        !text.contains(secret)
            && !text.contains(&secret.replace(' ', ""))
            && !text.contains("a.b.c"),
        "no credential is in a record"
    );
}
