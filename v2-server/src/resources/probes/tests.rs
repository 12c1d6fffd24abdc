//! What monitors ask.

use serde_json::json;

use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn health_and_version_need_neither_login_nor_prefix() {
    let server = TestServer::start().await;
    for path in ["/health", "/v2/health", "/v2/health/"] {
        let health = server.get(path).anonymous().await;
        assert_eq!((health.status, health.text.as_str()), (200, ""), "{path}");
    }
    for path in ["/version", "/v2/version"] {
        let version = server.get(path).anonymous().await;
        assert_eq!(version.body["service"]["version"], "5.0.0", "{path}");
        assert_eq!(version.body["api"], json!({ "version": "2" }), "{path}");
        assert!(version.body["db"]["schema_version"].is_string(), "{path}");
    }
    for path in ["/v2", "/v2/"] {
        assert_eq!(server.get(path).anonymous().await.body, "v2", "{path}");
    }
}

#[tokio::test]
async fn the_status_is_for_those_who_log_in() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    is_error(
        &server.get("/v2/status").anonymous().await,
        401,
        "Unauthorized",
    );
    let status = server.get("/v2/status").as_user("alice").await.body;
    assert_eq!(status["available"], true);
    assert_eq!(status["message"], "all good");
    assert_eq!(status["detail"], json!({}));
}

#[tokio::test]
async fn nothing_else_is_served_without_the_prefix() {
    let server = TestServer::start().await;
    for path in [
        "/",
        "/images",
        "/registries",
        "/status",
        "/v1/images",
        "/v2/nosuch",
        "/v3/version",
        "/openapi.json",
    ] {
        is_problem(
            &server.get(path).await,
            404,
            "The requested URL was not found",
        );
        is_problem(
            &server.get(path).anonymous().await,
            404,
            "The requested URL was not found",
        );
    }
}
