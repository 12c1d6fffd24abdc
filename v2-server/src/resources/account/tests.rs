//! The caller's account.

use crate::testing::{TestServer, is_error};

#[tokio::test]
async fn it_is_the_own_one_or_the_one_of_the_header() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    assert_eq!(server.get("/v2/account").await.body["name"], "admin");
    assert_eq!(
        server.get("/v2/account").as_user("alice").await.body["name"],
        "acme"
    );
    let other = server
        .get("/v2/account")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(other.body["name"], "acme");
    // An empty header is no header.
    let own = server
        .get("/v2/account")
        .header("x-anchore-account", "")
        .await;
    assert_eq!(own.body["name"], "admin");
}

#[tokio::test]
async fn an_unknown_account_in_the_header_is_named() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let answer = server
        .get("/v2/account")
        .header("x-anchore-account", "nosuch")
        .await;
    is_error(&answer, 404, "User account not found");
    let answer = server
        .get("/v2/account")
        .as_user("alice")
        .header("x-anchore-account", "nosuch")
        .await;
    is_error(
        &answer,
        403,
        "Not authorized. Requires permissions: domain=nosuch action=getAccount target=*",
    );
}
