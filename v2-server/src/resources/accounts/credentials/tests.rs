//! Passwords of users, called through the whole router.

use serde_json::json;

use crate::testing::{PASSWORD, TestServer, is_error, is_problem};

const ALICE: &str = "/v2/accounts/acme/users/alice/credentials";

fn masked() -> serde_json::Value {
    json!({ "type": "password", "value": "******", "created_at": "2026-11-23T09:00:00Z" })
}

#[tokio::test]
async fn a_changed_password_counts_at_once_and_the_old_one_no_more() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    assert_eq!(server.get("/v2/user").as_user("alice").await.status, 200);
    let set = server
        .post(ALICE)
        .json(json!({ "type": "password", "value": "another-one" }))
        .await;
    assert_eq!((set.status, set.body), (200, masked()));
    assert_eq!(
        server
            .get("/v2/user")
            .with_password("alice", PASSWORD)
            .await
            .status,
        401
    );
    assert_eq!(
        server
            .get("/v2/user")
            .with_password("alice", "another-one")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_shown_is_a_mask() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    assert_eq!(server.get(ALICE).await.body, json!([masked()]));
    server
        .post("/v2/accounts/acme/users")
        .json(json!({ "username": "no-password" }))
        .await;
    let none = server
        .get("/v2/accounts/acme/users/no-password/credentials")
        .await;
    assert_eq!(none.body, json!([]));
}

#[tokio::test]
async fn without_a_password_nobody_gets_in() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    let removed = server
        .delete(&format!("{ALICE}?credential_type=password"))
        .await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    assert_eq!(server.get("/v2/user").as_user("alice").await.status, 401);
    assert_eq!(
        server
            .get("/v2/user")
            .with_password("alice", "")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    for (body, detail) in [
        (
            json!({ "type": "nosuch", "value": "x" }),
            "`type`: unknown variant `nosuch`, expected `password`",
        ),
        (json!({ "type": "password" }), "missing field `value`"),
    ] {
        is_problem(&server.post(ALICE).json(body).await, 400, detail);
    }
    let empty = server
        .post(ALICE)
        .json(json!({ "type": "password", "value": "" }))
        .await;
    is_error(&empty, 400, "`value` must not be empty");
    is_problem(
        &server.delete(ALICE).await,
        400,
        "missing query parameter `credential_type`",
    );
    is_problem(
        &server.delete(&format!("{ALICE}?credential_type=key")).await,
        400,
        "query parameter `credential_type`: expected one of `password`, got `key`",
    );
    let own = server
        .delete(&format!("{ALICE}?credential_type=password"))
        .as_user("alice")
        .await;
    is_error(&own, 400, "Users cannot remove their own credential");
    let unknown = server
        .get("/v2/accounts/acme/users/nosuch/credentials")
        .await;
    is_error(&unknown, 404, "User not found");
    assert_eq!(server.get("/v2/user").as_user("alice").await.status, 200);
}
