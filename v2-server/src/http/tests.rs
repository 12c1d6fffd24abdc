//! What holds for every operation: routing, authentication, permissions, bad input.

mod roles;

use axum::body::{Body, Bytes};
use http::Method;
use serde_json::{Value, json};

use crate::access::action::{self, Domain};
use crate::access::role::Role;
use crate::state::Limits;
use crate::testing::{Call, TestServer, is_error, is_problem};

const CHALLENGE: &str = r#"basic realm="Authentication required""#;

/// An operation of the document: method, path with values for its parameters, the action it needs
/// (`None` for a login, nothing for what is public).
struct Operation {
    name: String,
    method: Method,
    path: String,
    action: Option<String>,
}

fn operations(server: &TestServer) -> Vec<Operation> {
    let document: Value = serde_json::from_str(&server.state.document).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_public = operation.get("security") == Some(&json!([{}]));
            let method: Method = method.to_uppercase().parse().unwrap();
            operations.push(Operation {
                name: format!("{method} {path}"),
                path: format!("/v2{}", with_values(path)),
                action: (!is_public).then(|| {
                    operation["x-anchore-authz-action"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                }),
                method,
            });
        }
    }
    operations
}

/// Accounts in paths are the one the test users belong to; everything else is made up.
fn with_values(path: &str) -> String {
    path.split('/')
        .map(|segment| match segment {
            "{account_name}" => "acme",
            segment if segment.starts_with('{') => "nosuch",
            segment => segment,
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn is_denied(answer: &crate::testing::Answer) -> bool {
    answer.status == 403
        && answer.body["message"]
            .as_str()
            .is_some_and(|message| message.contains("Requires permissions"))
}

#[tokio::test]
async fn every_operation_refuses_strangers_before_anything_else() {
    let server = TestServer::start().await;
    for operation in operations(&server) {
        let Operation {
            name,
            method,
            path,
            action,
        } = operation;
        let call = || server.call(method.clone(), &path).body("text/plain", "{");
        let answers = [
            call().anonymous().await,
            call().with_password("admin", "wrong").await,
            call().with_password("nobody", "wrong").await,
            call().header("authorization", "Bearer x.y.z").await,
            call().header("authorization", "Digest x").await,
        ];
        for answer in answers {
            if action.is_some() {
                assert_eq!(answer.status, 401, "{name}");
                assert_eq!(answer.body["message"], "Unauthorized", "{name}");
                assert_eq!(answer.headers["www-authenticate"], CHALLENGE, "{name}");
            } else {
                assert_ne!(answer.body["message"], "Unauthorized", "{name}");
            }
        }
    }
}

/// Every operation × every role: refused exactly when the catalogue says so.
#[tokio::test]
async fn permissions_are_those_of_the_catalogue() {
    let server = TestServer::start().await;
    for role in Role::ALL {
        server
            .account_with_user("acme", &format!("user-{role}"), role.name())
            .await;
    }
    server.account_with_user("acme", "nobody", "").await;
    let mut faults = Vec::new();
    for Operation {
        name,
        method,
        path,
        action,
    } in operations(&server)
    {
        let Some(action) = action.filter(|action| action != "None") else {
            continue;
        };
        let action = action::find(&action).unwrap();
        if action.domain == Domain::Named {
            // The domain is in the body or the query; tested with the operation.
            continue;
        }
        // No body is read before the permission is checked, so a bad one tells the two apart.
        let call = |user: &str| {
            server
                .call(method.clone(), &path)
                .as_user(user)
                .body("text/plain", "{")
        };
        let mut expect = |user: &str, allowed: bool, answer: crate::testing::Answer| {
            if is_denied(&answer) == allowed {
                faults.push(format!("{name} for {user}: {}", answer.text));
            }
        };
        for role in Role::ALL {
            let user = format!("user-{role}");
            let allowed = match action.domain {
                Domain::Global => false,
                Domain::Everyone => true,
                _ => action.is_allowed_to(role),
            };
            expect(&user, allowed, call(&user).await);
        }
        expect(
            "nobody",
            action.domain == Domain::Everyone,
            call("nobody").await,
        );
        expect("admin", true, call("admin").await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn other_methods_are_405_and_say_which_there_are() {
    let server = TestServer::start().await;
    for call in [
        server.call(Method::PATCH, "/v2/registries"),
        server.delete("/v2/registries"),
    ] {
        let answer = call.anonymous().await;
        is_problem(&answer, 405, "Method Not Allowed");
        assert_eq!(answer.body["detail"], "Method Not Allowed");
        assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
    }
    is_problem(&server.post("/version").await, 405, "Method Not Allowed");
}

#[tokio::test]
async fn head_answers_as_get_does_without_a_body() {
    let server = TestServer::start().await;
    let answer = server.call(Method::HEAD, "/v2/registries").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(
        server
            .call(Method::HEAD, "/v2/registries")
            .anonymous()
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn urls_that_are_no_utf_8_are_refused() {
    let server = TestServer::start().await;
    for (path, detail) in [
        (
            "/v2/registries/%zz",
            "a `%` at byte 15 that two hexadecimal digits do not follow",
        ),
        ("/v2/registries/%ff", "the path of the URL is not UTF-8"),
        ("/v2/registries/a%00b", "the path of the URL has a NUL"),
        (
            "/v2/registries?validate=%c3%28",
            "the query of the URL is not UTF-8",
        ),
    ] {
        is_problem(&server.get(path).await, 400, detail);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let server = TestServer::start().await;
    let post = |body: &[u8]| {
        server
            .post("/v2/accounts")
            .body("application/json; charset=utf-8", body.to_vec())
    };
    for (body, detail) in [
        (&b""[..], "Request body is empty, expected a JSON document"),
        (b"  \n", "Request body is empty"),
        (
            b"{\"name\": ",
            "Request body is not valid JSON: EOF while parsing a value",
        ),
        (
            b"{'name': 'acme'}",
            "Request body is not valid JSON: key must be a string",
        ),
        (
            b"{\"name\": \"ac\xffme\"}",
            "Request body is not valid JSON: no UTF-8 at byte 12",
        ),
        (
            b"{\"name\": \"acme\", \"unread\": \"\xff\"}",
            "Request body is not valid JSON: no UTF-8 at byte 28",
        ),
        (
            b"{\"name\": \"acme\"} {}",
            "Request body is not valid JSON: trailing characters",
        ),
        (
            b"null",
            "invalid type: null, expected an object, AccountCreationRequest",
        ),
        (
            b"[\"acme\", null]",
            "invalid type: array, expected an object, AccountCreationRequest",
        ),
        (
            b"{\"name\": \"acme\", \"name\": \"beta\"}",
            "duplicate field `name`",
        ),
    ] {
        is_problem(&post(body).await, 400, detail);
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let answer = server
            .post("/v2/accounts")
            .body(kind, r#"{"name":"acme"}"#)
            .await;
        is_problem(
            &answer,
            415,
            &format!("Invalid Content-type ({kind}), expected JSON data"),
        );
    }
    assert_eq!(
        server
            .get("/v2/accounts")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let problem = crate::http::body::parse::<Value>(deep.as_bytes()).unwrap_err();
    let problem = serde_json::to_value(problem).unwrap();
    assert_eq!(problem["status"], 400);
    assert_eq!(
        problem["detail"],
        "Request body is not valid JSON: recursion limit exceeded at line 1 column 128"
    );
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_413_whether_announced_or_not() {
    let limits = Limits {
        body_bytes: 1000,
        ..Limits::default()
    };
    let server = TestServer::start_with(|builder| builder.limits(limits)).await;
    let body = format!(
        "{{\"name\": \"acme\", \"email\": \"{}\"}}",
        "x".repeat(1000)
    );
    let announced = server
        .post("/v2/accounts")
        .body("application/json", body.clone())
        .await;
    let chunks = Body::from_stream(in_chunks(body));
    let streamed = server
        .post("/v2/accounts")
        .body("application/json", chunks)
        .await;
    for answer in [announced, streamed] {
        is_problem(
            &answer,
            413,
            "the request body is longer than 1000 bytes (setting `max_body_bytes`)",
        );
    }
}

/// A body whose length nobody knows beforehand.
fn in_chunks(text: String) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let mut rest = Bytes::from(text);
    futures_util::stream::poll_fn(move |_| {
        let next = (!rest.is_empty()).then(|| Ok(rest.split_to(rest.len().min(100))));
        std::task::Poll::Ready(next)
    })
}

#[tokio::test]
async fn a_client_that_stops_in_mid_body_is_told_so() {
    let limits = Limits {
        request_seconds: 0,
        ..Limits::default()
    };
    let server = TestServer::start_with(|builder| builder.limits(limits)).await;
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = server
        .post("/v2/accounts")
        .body("application/json", never)
        .await;
    is_problem(&answer, 408, "the request took longer than 0 seconds");
}

#[tokio::test]
async fn requests_have_an_id_that_clients_may_choose() {
    let server = TestServer::start().await;
    let call = || -> Call { server.get("/v2/version") };
    let made = call().await.headers["x-request-id"].clone();
    assert_ne!(made, call().await.headers["x-request-id"]);
    let chosen = call().header("x-request-id", "my-id-7").await;
    assert_eq!(chosen.headers["x-request-id"], "my-id-7");
    let unfit = call().header("x-request-id", "two words").await;
    assert_ne!(unfit.headers["x-request-id"], "two words");
}

#[tokio::test]
async fn events_tell_which_request_they_come_from() {
    let server = TestServer::start().await;
    let account = server
        .post("/v2/accounts")
        .json(json!({ "name": "acme" }))
        .header("x-request-id", "my-id-7");
    assert_eq!(account.await.status, 200);
    let events = server
        .get("/v2/events")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(
        events.body["results"][0]["event"]["source"]["request_id"],
        "my-id-7"
    );
}

#[tokio::test]
async fn the_document_and_its_browser_need_no_login_and_nothing_from_elsewhere() {
    let server = TestServer::start().await;
    let document = server.get("/v2/openapi.json").anonymous().await;
    assert_eq!(document.body["info"]["version"], "2.0.0");
    let yaml = server.get("/v2/openapi.yaml").anonymous().await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    let read: Value = serde_saphyr::from_str(&yaml.text).unwrap();
    assert!(read == document.body);
    for path in ["/v2/ui", "/v2/ui/"] {
        let page = server.get(path).anonymous().await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("openapi.json") && page.text.contains("openapi.yaml"));
        assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    }
}

#[tokio::test]
async fn an_account_header_that_is_no_text_is_a_bad_request() {
    let server = TestServer::start().await;
    let answer = server
        .get("/v2/registries")
        .header("x-anchore-account", "\u{e9}")
        .await;
    is_problem(
        &answer,
        400,
        "header `x-anchore-account`: expected an account name",
    );
    let answer = server
        .get("/v2/registries")
        .header("x-anchore-account", "nosuch")
        .await;
    is_error(&answer, 404, "User account not found");
}
