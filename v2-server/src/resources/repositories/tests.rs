//! Watching repositories, called through the whole router; the registry is one of the test's own.

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

use crate::testing::{TestServer, is_error, is_problem};

/// A registry with one repository of these tags; gives its address.
async fn registry(tags: &'static str) -> String {
    let app = Router::new().route("/v2/team/app/tags/list", get(move || async move { tags }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address.to_string()
}

/// Lets the server ask the registry without a certificate.
async fn trust(server: &TestServer, registry: &str) {
    let login = json!({ "registry": registry, "registry_user": "bob", "registry_pass": "secret", "registry_verify": false });
    let added = server
        .post("/v2/registries?validate=false")
        .json(login)
        .await;
    assert_eq!(added.status, 200, "{}", added.text);
}

async fn add(server: &TestServer, registry: &str, more: &str) -> Value {
    let path = format!("/v2/repositories?repository={registry}/team/app{more}");
    let answer = server.post(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body[0].clone()
}

#[tokio::test]
async fn a_watched_repository_is_a_subscription_with_its_tags() {
    let server = TestServer::start().await;
    let registry = registry(r#"{"tags":["1.0","1.1"]}"#).await;
    trust(&server, &registry).await;
    let dry = add(&server, &registry, "&dry_run=True").await;
    assert_eq!(dry["active"], false);
    assert_eq!(
        server.get("/v2/subscriptions").await.body,
        json!([]),
        "nothing is stored"
    );

    let added = add(&server, &registry, "&lookuptag=1.0").await;
    assert_eq!(added["subscription_key"], format!("{registry}/team/app"));
    assert_eq!(added["subscription_type"], "repo_update");
    assert_eq!(
        (&added["active"], &added["account_name"]),
        (&json!(true), &json!("admin"))
    );
    assert_eq!(added["subscription_id"], dry["subscription_id"]);
    let value: Value = serde_json::from_str(added["subscription_value"].as_str().unwrap()).unwrap();
    assert_eq!(
        value,
        json!({ "autosubscribe": false, "lookuptag": "latest", "tagcount": 2, "repotags": ["1.0", "1.1"] })
    );
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([added]));
}

#[tokio::test]
async fn watching_again_updates_what_is_known_and_nothing_else() {
    let server = TestServer::start().await;
    let registry = registry(r#"{"tags":["1.0"]}"#).await;
    trust(&server, &registry).await;
    let added = add(&server, &registry, "").await;
    let path = format!(
        "/v2/subscriptions/{}",
        added["subscription_id"].as_str().unwrap()
    );
    server.put(&path).json(json!({ "active": false })).await;
    let again = add(&server, &registry, "&auto_subscribe=true").await;
    assert_eq!(again["active"], false);
    assert!(
        again["subscription_value"]
            .as_str()
            .unwrap()
            .contains("\"autosubscribe\":true")
    );
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([again]));
}

#[tokio::test]
async fn a_repository_that_cannot_be_read_is_404_and_an_event() {
    let server = TestServer::start().await;
    let answer = server
        .post("/v2/repositories?repository=127.0.0.1:1/none")
        .await;
    is_error(
        &answer,
        404,
        "no tags could be added from input regrepo (127.0.0.1:1/none)",
    );
    assert_eq!(
        answer.body["detail"]["error_codes"],
        json!(["REGISTRY_NOT_ACCESSIBLE"])
    );
    let event = server.get("/v2/events").await.body["results"][0]["event"].clone();
    assert_eq!(event["type"], "system.repository.list_tags_fail");
    assert_eq!(event["resource"]["id"], "127.0.0.1:1/none");

    let empty = registry(r#"{"tags":null}"#).await;
    trust(&server, &empty).await;
    let answer = server
        .post(&format!("/v2/repositories?repository={empty}/team/app"))
        .await;
    is_error(&answer, 404, "no tags could be added");
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([]));
}

#[tokio::test]
async fn what_is_no_repository_is_refused() {
    let server = TestServer::start().await;
    is_problem(
        &server.post("/v2/repositories").await,
        400,
        "missing query parameter `repository`",
    );
    for wrong in ["", "a%20b", "sha256:00"] {
        let answer = server
            .post(&format!("/v2/repositories?repository={wrong}"))
            .await;
        is_error(&answer, 400, "query parameter `repository`: ");
    }
    server.account_with_user("acme", "bob", "read-only").await;
    is_error(
        &server
            .post("/v2/repositories?repository=a")
            .as_user("bob")
            .await,
        403,
        "Not authorized",
    );
}
