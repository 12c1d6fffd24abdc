//! Services, feeds and error codes.

use serde_json::json;

use crate::params;
use crate::testing::{TestServer, is_error, is_problem};

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
                "INSERT INTO feed_groups (feed, name, enabled, created_at, updated_at, last_sync, record_count)
                 VALUES ($1, $2, $3, $4, $4, $4, $5)",
                params!["vulnerabilities", "alpine:3.12", true, now, 3_i64],
            )?;
            Ok(())
        })
        .await
        .unwrap();
    let packages = json!({
        "name": "packages", "enabled": true, "groups": [],
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
    });
    let expected = json!([packages, {
        "name": "vulnerabilities", "enabled": true,
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
        "groups": [{
            "name": "alpine:3.12", "enabled": true, "record_count": 3,
            "created_at": "2026-11-23T09:00:00Z", "last_sync": "2026-11-23T09:00:00Z",
        }],
    }]);
    assert_eq!(server.get("/v2/system/feeds").await.body, expected);
}

#[tokio::test]
async fn a_feed_is_switched_off_emptied_and_switched_on() {
    let server = TestServer::start().await;
    let now = server.state.now();
    server
        .state
        .write(move |tx| {
            Ok(tx.execute(
                "INSERT INTO feed_groups (feed, name, enabled, created_at, updated_at, last_sync, record_count)
                 VALUES ($1, $2, $3, $4, $4, $4, $5)",
                params!["packages", "gem", true, now, 3_i64],
            )?)
        })
        .await
        .unwrap();
    let path = "/v2/system/feeds/packages";
    is_error(
        &server.delete(path).await,
        409,
        "Cannot delete an enabled feed. Disable the feed first",
    );
    server.clock.advance(60);
    let off = server.put(&format!("{path}?enabled=false")).await;
    assert_eq!(off.status, 200, "{}", off.text);
    assert_eq!(
        (
            &off.body["enabled"],
            &off.body["updated_at"],
            &off.body["groups"][0]["name"]
        ),
        (&json!(false), &json!("2026-11-23T09:01:00Z"), &json!("gem"))
    );
    assert_eq!(server.delete(path).await.status, 200);
    let on = server.put(&format!("{path}?enabled=True")).await.body;
    assert_eq!((&on["enabled"], &on["groups"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn feeds_that_are_none_and_questions_that_are_none_are_refused() {
    let server = TestServer::start().await;
    for answer in [
        server.put("/v2/system/feeds/nosuch?enabled=true").await,
        server.delete("/v2/system/feeds/nosuch").await,
    ] {
        is_error(&answer, 404, "Resource nosuch not found");
    }
    for (query, detail) in [
        ("", "missing query parameter `enabled`"),
        ("?enabled=maybe", "query parameter `enabled`"),
    ] {
        let answer = server
            .put(&format!("/v2/system/feeds/packages{query}"))
            .await;
        is_problem(&answer, 400, detail);
    }
    assert_eq!(server.post("/v2/system/feeds").await.body, json!([]));
}

/// Takes one request and answers it; gives what came.
async fn receiver(status: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut came = String::new();
        while !came.ends_with('}') {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            came.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        came
    });
    (url, taking)
}

async fn with_webhook(url: String) -> TestServer {
    let mut webhooks = crate::Webhooks {
        login: Some(("hook".to_owned(), "secret".to_owned())),
        ..crate::Webhooks::default()
    };
    let url = format!("{url}/hooks/<notification_type>/<account_name>");
    webhooks.urls.insert("general".to_owned(), url);
    TestServer::start_with(|builder| builder.webhooks(webhooks)).await
}

#[tokio::test]
async fn a_test_notification_is_delivered() {
    let (url, taking) = receiver("200 OK").await;
    let server = with_webhook(url).await;
    let path = "/v2/system/webhooks/general/test?notification_type=vuln_update";
    let answer = server.post(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let came = taking.await.unwrap();
    let (head, body) = came.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /hooks/vuln%5Fupdate/admin "),
        "{head}"
    );
    assert!(
        head.contains("authorization: Basic aG9vazpzZWNyZXQ="),
        "{head}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["queue_id"], "vuln_update");
    assert_eq!(body["data"]["notification_user_email"], "admin@myanchore");
    let payload = &body["data"]["notification_payload"];
    assert_eq!(payload["account_name"], "admin");
    assert_eq!(
        payload["diff_vulnerability_result"]["added"],
        json!(["test1"])
    );
}

#[tokio::test]
async fn a_webhook_that_takes_nothing_is_an_error_of_the_settings() {
    let (url, _taking) = receiver("503 Service Unavailable").await;
    let server = with_webhook(url).await;
    let general = "/v2/system/webhooks/general/test";
    is_error(
        &server.post(general).await,
        400,
        "the webhook of type `general` did not take the notification: it answered 503",
    );
    is_error(
        &server.post("/v2/system/webhooks/tag_update/test").await,
        400,
        "no webhook of type `tag_update` is configured",
    );
    is_problem(
        &server
            .post(&format!("{general}?notification_type=nosuch"))
            .await,
        400,
        "query parameter `notification_type`",
    );
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    assert_eq!(server.post(general).as_user("alice").await.status, 403);
}
