//! Registries, called through the whole router.

use serde_json::json;

use crate::testing::{TestServer, is_error, is_problem};

fn quay() -> serde_json::Value {
    json!({
        "registry": "quay.io:443", "registry_name": "quay", "registry_user": "bob",
        "registry_pass": "secret", "registry_type": "docker_v2", "registry_verify": true,
    })
}

#[tokio::test]
async fn what_is_added_is_listed_without_its_password() {
    let server = TestServer::start().await;
    let added = server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    assert_eq!(added.status, 200);
    let expected = json!([{
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
        "registry_user": "bob", "registry_type": "docker_v2", "account_name": "admin",
        "registry": "quay.io:443", "registry_name": "quay", "registry_verify": true,
    }]);
    assert_eq!(added.body, expected);
    assert_eq!(server.get("/v2/registries").await.body, expected);
    assert_eq!(
        server.get("/v2/registries/quay.io%3A443").await.body,
        expected
    );
    assert_eq!(
        server.get("/v2/registries/quay.io:443/").await.body,
        expected
    );
}

#[tokio::test]
async fn a_registry_may_be_a_repository_pattern_with_slashes() {
    let server = TestServer::start().await;
    let mut pattern = quay();
    pattern["registry"] = json!("quay.io/team/*");
    server
        .post("/v2/registries?validate=false")
        .json(pattern)
        .await;
    for path in ["quay.io%2Fteam%2F%2A", "quay.io/team/*"] {
        let found = server.get(&format!("/v2/registries/{path}")).await;
        assert_eq!(found.body[0]["registry"], "quay.io/team/*", "{path}");
    }
    let changed = server
        .put("/v2/registries/quay.io/team/*?validate=false")
        .json(json!({ "registry_user": "alice" }))
        .await;
    assert_eq!(changed.body[0]["registry_user"], "alice");
    assert_eq!(
        server
            .delete("/v2/registries/quay.io%2Fteam%2F*")
            .await
            .status,
        204
    );
    assert_eq!(server.get("/v2/registries").await.body, json!([]));
}

#[tokio::test]
async fn a_second_one_of_the_same_name_is_a_conflict_with_the_text_clients_know() {
    let server = TestServer::start().await;
    server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    let again = server
        .post("/v2/registries?validate=False")
        .json(quay())
        .await;
    is_error(&again, 409, "registry already exists in DB");
}

#[tokio::test]
async fn unknown_registries_are_404_but_may_be_deleted() {
    let server = TestServer::start().await;
    is_error(
        &server.get("/v2/registries/nosuch").await,
        404,
        "registry not found in DB",
    );
    let changed = server
        .put("/v2/registries/nosuch?validate=false")
        .json(quay())
        .await;
    is_error(&changed, 404, "could not find existing registry to update");
    assert_eq!(server.delete("/v2/registries/nosuch").await.status, 204);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_a_400_and_stores_nothing() {
    let server = TestServer::start().await;
    let mut missing = quay();
    missing.as_object_mut().unwrap().remove("registry_user");
    let answer = server
        .post("/v2/registries?validate=false")
        .json(missing)
        .await;
    is_error(&answer, 400, "`registry_user` is required");

    let mut wrong = quay();
    wrong["registry_verify"] = json!("yes");
    let answer = server.post("/v2/registries").json(wrong).await;
    is_problem(
        &answer,
        400,
        "`registry_verify`: invalid type: string \"yes\", expected a boolean",
    );

    let answer = server
        .post("/v2/registries?validate=perhaps")
        .json(quay())
        .await;
    is_problem(
        &answer,
        400,
        "query parameter `validate`: expected `true` or `false`, got `perhaps`",
    );
    assert_eq!(server.get("/v2/registries").await.body, json!([]));
}

#[tokio::test]
async fn accounts_do_not_see_each_others_registries() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    assert_eq!(
        server.get("/v2/registries").as_user("alice").await.body,
        json!([])
    );
    let answer = server
        .get("/v2/registries")
        .as_user("alice")
        .header("x-anchore-account", "admin")
        .await;
    is_error(
        &answer,
        403,
        "Not authorized. Requires permissions: domain=admin action=listRegistries target=*",
    );
    let answer = server
        .get("/v2/registries")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(answer.body, json!([]));
}

/// A registry without TLS that lets `bob` with `secret` in, by itself or through a token server.
async fn fake_registry(with_tokens: bool) -> String {
    use axum::extract::Request;
    use axum::routing::get;
    use axum::{Json, Router};
    use http::StatusCode;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let brings = |request: &Request, wanted: &str| {
        let brought = request.headers().get("authorization");
        brought.is_some_and(|value| value == wanted)
    };
    let basic = "Basic Ym9iOnNlY3JldA==";
    let (wanted, challenge) = if with_tokens {
        let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"test\"");
        ("Bearer abc", challenge)
    } else {
        (basic, "Basic realm=\"test\"".to_owned())
    };
    let base = async move |request: Request| {
        let status = if brings(&request, wanted) {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        (status, [("www-authenticate", challenge)])
    };
    let token = async move |request: Request| {
        if brings(&request, basic) && request.uri().query() == Some("service=test") {
            Ok(Json(json!({ "token": "abc" })))
        } else {
            Err(StatusCode::UNAUTHORIZED)
        }
    };
    let app = Router::new()
        .route("/v2/", get(base))
        .route("/token", get(token));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address.to_string()
}

#[tokio::test]
async fn a_login_is_tried_before_it_is_stored() {
    for with_tokens in [false, true] {
        let server = TestServer::start().await;
        let mut entry = quay();
        entry["registry"] = json!(fake_registry(with_tokens).await);
        entry["registry_verify"] = json!(false);
        entry["registry_pass"] = json!("wrong");
        let refused = server.post("/v2/registries").json(&entry).await;
        is_error(
            &refused,
            406,
            "cannot ping supplied registry with supplied credentials - ",
        );
        assert!(
            refused.text.contains("refuses the login"),
            "{}",
            refused.text
        );
        assert_eq!(server.get("/v2/registries").await.body, json!([]));

        entry["registry_pass"] = json!("secret");
        assert_eq!(server.post("/v2/registries").json(&entry).await.status, 200);
        let path = format!("/v2/registries/{}", entry["registry"].as_str().unwrap());
        // The stored password is tried when none is given.
        let renamed = server
            .put(&path)
            .json(json!({ "registry_name": "mine" }))
            .await;
        assert_eq!(renamed.body[0]["registry_name"], "mine");
        let refused = server
            .put(&path)
            .json(json!({ "registry_user": "eve" }))
            .await;
        is_error(&refused, 406, "cannot ping supplied registry");
        assert_eq!(server.get(&path).await.body[0]["registry_user"], "bob");
    }
}

#[tokio::test]
async fn registries_that_cannot_be_reached_or_tried_are_refused_with_the_reason() {
    let server = TestServer::start().await;
    let mut entry = quay();
    entry["registry"] = json!("127.0.0.1:1");
    let refused = server.post("/v2/registries").json(&entry).await;
    is_error(
        &refused,
        406,
        "cannot ping supplied registry with supplied credentials - 127.0.0.1:1 cannot be reached: ",
    );
    entry["registry"] = json!("no host");
    let refused = server.post("/v2/registries").json(&entry).await;
    is_error(
        &refused,
        406,
        "cannot ping supplied registry with supplied credentials - no host cannot be reached: ",
    );
    entry["registry_type"] = json!("awsecr");
    let refused = server.post("/v2/registries").json(&entry).await;
    is_error(
        &refused,
        406,
        "cannot ping supplied registry with supplied credentials - the login of a registry of type `awsecr` cannot be tried",
    );
}
