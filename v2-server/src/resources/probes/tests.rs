//! What monitors ask.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::readiness::database_answers;
use crate::http::ApiResult;
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

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let server = TestServer::start().await;
    server.state.begin_stopping();
    for path in ["/health", "/v2/health"] {
        let health = server.get(path).anonymous().await;
        is_error(&health, 503, "the server is stopping");
    }
    let status = server.get("/v2/status").await.body;
    assert_eq!(
        (&status["up"], &status["available"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(status["message"], "stopping: requests in flight may finish");
    let services = server.get("/v2/system/services").await.body;
    assert_eq!(services[0]["status"], false);
    assert_eq!(services[0]["status_message"], "unavailable");
}

#[tokio::test]
async fn a_database_that_does_not_answer_in_time_is_noticed() {
    /// More than there are connections.
    const MANY: usize = 40;
    let server = TestServer::start().await;
    let soon = Duration::from_millis(50);
    assert!(database_answers(&server.state, Duration::from_secs(60)).await);
    assert!(!server.state.store.is_busy());
    let (let_go, held) = mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let readers: Vec<_> = (0..MANY)
        .map(|_| {
            let (state, held) = (server.state.clone(), held.clone());
            tokio::spawn(async move {
                let hold = move |_: &mut crate::store::Transaction<'_>| -> ApiResult<()> {
                    let _ = held.lock().unwrap().recv();
                    Ok(())
                };
                state.read(hold).await.unwrap();
            })
        })
        .collect();
    while !server.state.store.is_busy() {
        tokio::task::yield_now().await;
    }
    assert!(!database_answers(&server.state, soon).await);
    let status = crate::resources::probes::types::StatusResponse::of(&server.state);
    let status = serde_json::to_value(status).unwrap();
    assert_eq!(
        (&status["busy"], &status["available"]),
        (&json!(true), &json!(true))
    );
    drop(let_go);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(database_answers(&server.state, Duration::from_secs(60)).await);
}
