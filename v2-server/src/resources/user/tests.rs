//! Callers on themselves.

use serde_json::json;

use crate::testing::{TestServer, is_problem};

#[tokio::test]
async fn no_role_is_needed_to_look_at_oneself() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    let user = server.get("/v2/user").as_user("alice").await;
    assert_eq!(
        (user.status, &user.body["username"]),
        (200, &json!("alice"))
    );
    let credentials = server
        .get("/v2/user/credentials")
        .as_user("alice")
        .await
        .body;
    assert_eq!(credentials[0]["value"], "******");
}

#[tokio::test]
async fn callers_change_their_own_password() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    let set = server
        .post("/v2/user/credentials")
        .as_user("alice")
        .json(json!({ "type": "password", "value": "my-new-one" }))
        .await;
    assert_eq!(set.status, 200);
    assert_eq!(set.body["value"], "******");
    assert_eq!(server.get("/v2/user").as_user("alice").await.status, 401);
    assert_eq!(
        server
            .get("/v2/user")
            .with_password("alice", "my-new-one")
            .await
            .status,
        200
    );
    let missing = server
        .post("/v2/user/credentials")
        .json(json!({ "type": "password" }))
        .await;
    is_problem(&missing, 400, "missing field `value`");
}
