//! Subscriptions, called through the whole router.

use serde_json::{Value, json};

use crate::testing::{TestServer, is_error, is_problem};

fn request(key: &str, kind: &str) -> Value {
    json!({ "subscription_key": key, "subscription_type": kind })
}

async fn add(server: &TestServer, key: &str, kind: &str) -> Value {
    let answer = server
        .post("/v2/subscriptions")
        .json(request(key, kind))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body[0].clone()
}

fn path(subscription: &Value) -> String {
    format!(
        "/v2/subscriptions/{}",
        subscription["subscription_id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_new_subscription_is_inactive_and_has_a_stable_id() {
    let server = TestServer::start().await;
    let added = add(&server, "docker.io/library/app-a:1.0", "tag_update").await;
    let expected = json!({
        "subscription_key": "docker.io/library/app-a:1.0", "subscription_type": "tag_update",
        "subscription_value": null, "account_name": "admin", "active": false,
        "subscription_id": "2addaa52f6f5e7d864d212435a03f2c1",
    });
    assert_eq!(added, expected);
    assert_eq!(server.get(&path(&added)).await.body, json!([expected]));
    assert_eq!(
        server.get("/v2/subscriptions").await.body,
        json!([expected])
    );
}

#[tokio::test]
async fn value_and_activity_may_be_given_at_once() {
    let server = TestServer::start().await;
    let mut body = request("docker.io/app", "repo_update");
    body["subscription_value"] = json!("{\"tagcount\": 1}");
    body["active"] = json!(true);
    let added = server.post("/v2/subscriptions").json(body).await;
    assert_eq!(added.body[0]["subscription_value"], "{\"tagcount\": 1}");
    assert_eq!(added.body[0]["active"], true);
}

#[tokio::test]
async fn a_second_one_of_the_same_key_and_type_is_a_conflict() {
    let server = TestServer::start().await;
    add(&server, "a:1", "tag_update").await;
    add(&server, "a:1", "vuln_update").await;
    let again = server
        .post("/v2/subscriptions")
        .json(request("a:1", "tag_update"))
        .await;
    is_error(&again, 409, "subscription already exists in DB");
}

#[tokio::test]
async fn lists_are_filtered_by_key_and_type() {
    let server = TestServer::start().await;
    for (key, kind) in [
        ("a:1", "tag_update"),
        ("a:1", "vuln_update"),
        ("b:1", "tag_update"),
    ] {
        add(&server, key, kind).await;
    }
    for (query, count) in [
        ("", 3),
        ("subscription_key=a:1", 2),
        ("subscription_key=a%3A1&subscription_type=tag_update", 1),
        ("subscription_type=tag_update", 2),
        ("subscription_type=policy_eval", 0),
        ("subscription_key=nosuch", 0),
    ] {
        let answer = server.get(&format!("/v2/subscriptions?{query}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.as_array().unwrap().len(), count, "{query}");
    }
    let answer = server
        .get("/v2/subscriptions?subscription_type=nosuch")
        .await;
    is_error(&answer, 400, "nosuch is not a supported subscription type");
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    let server = TestServer::start().await;
    let added = add(&server, "a:1", "tag_update").await;
    let put = async |body: Value| server.put(&path(&added)).json(body).await.body[0].clone();
    let changed = put(json!({ "active": true })).await;
    assert_eq!(
        (&changed["active"], &changed["subscription_value"]),
        (&json!(true), &json!(null))
    );
    let changed = put(json!({ "subscription_value": "x" })).await;
    assert_eq!(
        (&changed["active"], &changed["subscription_value"]),
        (&json!(true), &json!("x"))
    );
    let changed = put(json!({ "subscription_value": null, "active": false })).await;
    assert_eq!(
        (&changed["active"], &changed["subscription_value"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(put(json!({})).await, changed);
    assert_eq!(server.get(&path(&added)).await.body[0], changed);
}

#[tokio::test]
async fn a_deleted_subscription_is_gone() {
    let server = TestServer::start().await;
    let added = add(&server, "a:1", "tag_update").await;
    assert_eq!(server.delete(&path(&added)).await.status, 204);
    let message = "subscription not found in DB";
    is_error(&server.get(&path(&added)).await, 404, message);
    is_error(
        &server
            .put(&path(&added))
            .json(json!({ "active": true }))
            .await,
        404,
        message,
    );
    is_error(&server.delete(&path(&added)).await, 404, message);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_and_store_nothing() {
    let server = TestServer::start().await;
    for body in [
        json!({ "subscription_type": "tag_update" }),
        json!({ "subscription_key": "a:1" }),
        json!({ "subscription_key": "  ", "subscription_type": "tag_update" }),
        json!({}),
    ] {
        let answer = server.post("/v2/subscriptions").json(body).await;
        is_error(
            &answer,
            400,
            "`subscription_key` and `subscription_type` are required",
        );
    }
    let answer = server
        .post("/v2/subscriptions")
        .json(request("a:1", "nosuch"))
        .await;
    is_error(&answer, 400, "nosuch is not a supported subscription type");
    let answer = server
        .post("/v2/subscriptions")
        .json(request("a:1", "tag_update"))
        .header("content-type", "text/plain")
        .await;
    is_problem(&answer, 415, "Invalid Content-type (text/plain)");
    let answer = server
        .post("/v2/subscriptions")
        .json(json!({ "subscription_key": 4 }))
        .await;
    is_problem(
        &answer,
        400,
        "`subscription_key`: invalid type: integer `4`, expected a string",
    );
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([]));
}

#[tokio::test]
async fn accounts_do_not_see_each_others_subscriptions() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let his = add(&server, "a:1", "tag_update").await;
    let hers = server
        .post("/v2/subscriptions")
        .as_user("alice")
        .json(request("a:1", "tag_update"))
        .await;
    assert_eq!(hers.status, 200);
    assert_eq!(
        server.get("/v2/subscriptions").as_user("alice").await.body,
        hers.body
    );
    is_error(
        &server.get(&path(&his)).as_user("alice").await,
        404,
        "subscription not found",
    );
    is_error(
        &server.delete(&path(&his)).as_user("alice").await,
        404,
        "subscription not found",
    );
    let answer = server
        .put(&path(&his))
        .as_user("alice")
        .json(json!({ "active": true }))
        .await;
    is_error(&answer, 404, "subscription not found");
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([his]));
}

#[tokio::test]
async fn reading_does_not_permit_changing() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "bob", "read-only").await;
    assert_eq!(
        server.get("/v2/subscriptions").as_user("bob").await.status,
        200
    );
    let answer = server
        .post("/v2/subscriptions")
        .as_user("bob")
        .json(request("a:1", "tag_update"))
        .await;
    is_error(
        &answer,
        403,
        "Not authorized. Requires permissions: domain=acme action=createSubscription",
    );
    is_error(
        &server
            .put("/v2/subscriptions/x")
            .as_user("bob")
            .json(json!({}))
            .await,
        403,
        "Not authorized",
    );
    is_error(
        &server.delete("/v2/subscriptions/x").as_user("bob").await,
        403,
        "Not authorized",
    );
}
