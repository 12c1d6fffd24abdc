//! Services, feeds and error codes.

use serde_json::json;

use crate::params;
use crate::testing::{TestServer, is_error};

#[tokio::test]
async fn the_services_clients_wait_for_are_up() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    let system = server.get("/v2/system").as_user("alice").await.body;
    let services = system["service_states"].as_array().unwrap();
    for name in [
        "apiext",
        "catalog",
        "policy_engine",
        "simplequeue",
        "analyzer",
    ] {
        let service = services
            .iter()
            .find(|service| service["service_name"] == name)
            .unwrap();
        assert_eq!(service["status"], true);
        assert_eq!(service["service_detail"]["up"], true);
        assert_eq!(service["base_url"], "http://127.0.0.1:8228");
    }
    assert_eq!(
        server.get("/v2/system/services").await.body,
        system["service_states"]
    );
}

#[tokio::test]
async fn a_service_is_found_by_name_and_host() {
    let server = TestServer::start().await;
    let found = server.get("/v2/system/services/catalog").await.body;
    let host = found[0]["host_id"].as_str().unwrap();
    let path = format!("/v2/system/services/catalog/{host}");
    assert_eq!(server.get(&path).await.body, found);
    is_error(
        &server.delete(&path).await,
        409,
        "cannot delete an active service",
    );
    assert_eq!(
        server.get("/v2/system/services/nosuch").await.body,
        json!([])
    );
    for answer in [
        server.get("/v2/system/services/catalog/nosuch").await,
        server.delete("/v2/system/services/catalog/nosuch").await,
    ] {
        is_error(
            &answer,
            404,
            "service_name/host_id (catalog/nosuch) not found",
        );
    }
}

#[tokio::test]
async fn services_are_the_business_of_administrators() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let answer = server.get("/v2/system/services").as_user("alice").await;
    is_error(
        &answer,
        403,
        "Not authorized. Requires permissions: domain=system action=listServices target=*",
    );
}

#[tokio::test]
async fn feeds_and_error_codes_are_for_everyone_who_logs_in() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    assert!(
        server
            .get("/v2/system/feeds")
            .as_user("alice")
            .await
            .body
            .is_array()
    );
    let codes = server
        .get("/v2/system/error-codes")
        .as_user("alice")
        .await
        .body;
    assert_eq!(codes.as_array().unwrap().len(), 8);
    for path in ["/v2/system/feeds", "/v2/system/error-codes", "/v2/system"] {
        assert_eq!(server.get(path).anonymous().await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn feeds_are_listed_with_their_groups() {
    let server = TestServer::start().await;
    let now = server.state.now();
    server
        .state
        .write(move |tx| {
            tx.execute(
                "INSERT INTO feeds (name, enabled, created_at, updated_at) VALUES ($1, $2, $3, $3)",
                params!["vulnerabilities", true, now],
            )?;
            tx.execute(
                "INSERT INTO feed_groups (feed, name, enabled, created_at, updated_at, last_sync, record_count)
                 VALUES ($1, $2, $3, $4, $4, $4, $5)",
                params!["vulnerabilities", "alpine:3.12", true, now, 3_i64],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    let expected = json!([{
        "name": "vulnerabilities", "enabled": true,
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
        "groups": [{
            "name": "alpine:3.12", "enabled": true, "record_count": 3,
            "created_at": "2026-11-23T09:00:00Z", "last_sync": "2026-11-23T09:00:00Z",
        }],
    }]);
    assert_eq!(server.get("/v2/system/feeds").await.body, expected);
}
