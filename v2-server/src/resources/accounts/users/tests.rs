//! Users, called through the whole router.

use serde_json::json;

use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn a_user_is_made_found_and_removed() {
    let server = TestServer::start().await;
    server
        .post("/v2/accounts")
        .json(json!({ "name": "acme" }))
        .await;
    let alice = json!({
        "username": "alice", "type": "native",
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
    });
    let made = server
        .post("/v2/accounts/acme/users")
        .json(json!({ "username": "alice", "password": "alice-password" }))
        .await;
    assert_eq!((made.status, &made.body), (200, &alice));
    assert_eq!(
        server.get("/v2/accounts/acme/users").await.body,
        json!([alice])
    );
    assert_eq!(
        server.get("/v2/accounts/acme/users/alice").await.body,
        alice
    );
    let herself = server
        .get("/v2/user")
        .with_password("alice", "alice-password")
        .await;
    assert_eq!(herself.body, alice);

    assert_eq!(
        server.delete("/v2/accounts/acme/users/alice").await.status,
        204
    );
    is_error(
        &server.get("/v2/accounts/acme/users/alice").await,
        404,
        "User not found",
    );
    let gone = server
        .get("/v2/user")
        .with_password("alice", "alice-password")
        .await;
    assert_eq!(gone.status, 401);
}

#[tokio::test]
async fn user_names_are_taken_once_in_the_whole_system() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    for account in ["acme", "admin"] {
        let path = format!("/v2/accounts/{account}/users");
        let again = server
            .post(&path)
            .json(json!({ "username": "alice", "password": "123456" }))
            .await;
        is_error(&again, 409, "User already exists");
    }
    is_error(
        &server.get("/v2/accounts/admin/users/alice").await,
        404,
        "User not found",
    );
    let reserved = server
        .post("/v2/accounts/acme/users")
        .json(json!({ "username": "anchore-system" }))
        .await;
    is_error(&reserved, 400, "The user name `anchore-system` is reserved");
}

#[tokio::test]
async fn unknown_accounts_have_no_users() {
    let server = TestServer::start().await;
    let user = json!({ "username": "carol", "password": "carol-password" });
    is_error(
        &server.post("/v2/accounts/nosuch/users").json(user).await,
        404,
        "Account not found",
    );
    is_error(
        &server.get("/v2/accounts/nosuch/users").await,
        404,
        "Account not found",
    );
    is_error(
        &server.delete("/v2/accounts/nosuch/users/x").await,
        404,
        "Account not found",
    );
}

#[tokio::test]
async fn what_cannot_be_a_user_is_refused() {
    let server = TestServer::start().await;
    for (body, detail) in [
        (
            json!({ "username": "carol", "password": "abc" }),
            "`password`: invalid length 3, expected 6 to 128 characters",
        ),
        (
            json!({ "username": "a", "password": "123456" }),
            "`username`: invalid value: `a`, expected 3 to 128",
        ),
        (
            json!({ "username": "carol", "user_type": "internal" }),
            "`user_type`: unknown variant `internal`, expected `native` or `saml`",
        ),
        (json!({ "password": "123456" }), "missing field `username`"),
    ] {
        is_problem(
            &server.post("/v2/accounts/admin/users").json(body).await,
            400,
            detail,
        );
    }
    let saml = json!({ "username": "carol", "user_type": "saml", "idp_name": "okta" });
    is_error(
        &server.post("/v2/accounts/admin/users").json(saml).await,
        400,
        "the account `admin` is not for users of identity providers",
    );
    let mixed = json!({ "username": "carol", "idp_name": "okta" });
    is_error(
        &server.post("/v2/accounts/admin/users").json(mixed).await,
        400,
        "`idp_name` must not be given",
    );
    assert_eq!(
        server
            .get("/v2/accounts/admin/users")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn nobody_removes_themselves_or_the_first_administrator() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    is_error(
        &server.delete("/v2/accounts/admin/users/admin").await,
        400,
        "User not allowed to be deleted due to system constraints",
    );
    is_error(
        &server
            .delete("/v2/accounts/acme/users/alice")
            .as_user("alice")
            .await,
        400,
        "Users cannot delete themselves",
    );
}
