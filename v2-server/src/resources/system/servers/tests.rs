//! Several servers on one database.

use serde_json::{Value, json};

use super::store::{self, Registration};
use super::{DOWN_AFTER, ORPHANED_AFTER, REMOVED_AFTER, State, beat, register, tell_end};
use crate::params;
use crate::testing::{TestServer, is_error};

/// Writes down that another server is up.
async fn another(server: &TestServer, host_id: &str) {
    let registration = Registration {
        host_id: host_id.to_owned(),
        base_url: format!("http://{host_id}:8228"),
        now: server.state.now(),
    };
    server
        .state
        .write(move |tx| Ok(store::register(tx, &registration)?))
        .await
        .unwrap();
}

async fn list(server: &TestServer, path: &str) -> Vec<Value> {
    server.get(path).await.body.as_array().unwrap().clone()
}

async fn services(server: &TestServer) -> Vec<Value> {
    list(server, "/v2/system/services").await
}

async fn catalogs(server: &TestServer) -> Vec<Value> {
    list(server, "/v2/system/services/catalog").await
}

/// Types of the events about `catalog`, oldest first.
async fn told(server: &TestServer) -> Vec<String> {
    let path = "/v2/events?resource_type=service&resource_id=catalog";
    let events = server.get(path).await.body;
    let mut types: Vec<String> = events["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"]["type"].as_str().unwrap().to_owned())
        .collect();
    types.reverse();
    types
}

#[tokio::test]
async fn all_servers_of_a_database_are_listed_in_the_order_of_their_names() {
    let server = TestServer::start().await;
    another(&server, "zeta").await;
    another(&server, "alpha").await;
    let hosts: Vec<Value> = catalogs(&server)
        .await
        .into_iter()
        .map(|service| json!([service["host_id"], service["base_url"], service["status"]]))
        .collect();
    assert_eq!(
        hosts,
        [
            json!(["alpha", "http://alpha:8228", true]),
            json!(["windlass", "http://127.0.0.1:8228", true]),
            json!(["zeta", "http://zeta:8228", true]),
        ]
    );
    let all = server.get("/v2/system/services").await.body;
    assert_eq!(all.as_array().unwrap().len(), 3 * store::SERVICES.len());
    assert_eq!(server.get("/v2/system").await.body["service_states"], all);
}

#[tokio::test]
async fn a_server_that_is_not_seen_any_more_is_down_then_orphaned_then_forgotten() {
    let server = TestServer::start().await;
    another(&server, "lost").await;
    let one = async || server.get("/v2/system/services/catalog/lost").await.body[0].clone();
    assert_eq!(one().await["status_message"], "available");

    server.clock.advance(DOWN_AFTER + 1);
    // It is seen at once by whoever asks, and told by whoever looks after it next.
    let down = one().await;
    assert_eq!(
        (&down["status"], &down["status_message"]),
        (&json!(false), &json!("down"))
    );
    assert_eq!(down["service_detail"]["up"], false);
    assert_eq!(
        catalogs(&server).await[1]["status"],
        true,
        "the one that answers is there"
    );
    for _ in 0..2 {
        beat(server.state.clone()).await.unwrap();
    }
    assert_eq!(
        told(&server).await,
        ["system.service.state_transition.down"]
    );
    let events = server.get("/v2/events?resource_type=service").await.body;
    assert_eq!(events["item_count"], 5, "one for each of its services");
    let details = &events["results"][0]["event"]["details"];
    assert_eq!(
        (&details["host_id"], &details["base_url"]),
        (&json!("lost"), &json!("http://lost:8228"))
    );

    server.clock.advance(ORPHANED_AFTER);
    for _ in 0..2 {
        beat(server.state.clone()).await.unwrap();
    }
    assert_eq!(one().await["status_message"], "orphaned");
    assert_eq!(told(&server).await.len(), 2);
    assert_eq!(
        told(&server).await[1],
        "system.service.state_transition.orphaned"
    );

    server.clock.advance(REMOVED_AFTER);
    beat(server.state.clone()).await.unwrap();
    assert_eq!(
        server.get("/v2/system/services/catalog/lost").await.status,
        404
    );
    assert_eq!(told(&server).await[2..], ["system.service.removed"]);
    assert_eq!(catalogs(&server).await.len(), 1);
}

#[tokio::test]
async fn a_service_is_removed_when_its_server_is_down_and_not_before() {
    let server = TestServer::start().await;
    another(&server, "lost").await;
    let path = |name: &str| format!("/v2/system/services/{name}/lost");
    is_error(
        &server.delete(&path("catalog")).await,
        409,
        "cannot delete an active service",
    );
    is_error(
        &server.delete(&path("nosuch")).await,
        404,
        "service_name/host_id (nosuch/lost) not found",
    );
    server.clock.advance(DOWN_AFTER + 1);
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    assert_eq!(
        server
            .delete(&path("catalog"))
            .as_user("alice")
            .await
            .status,
        403
    );
    let removed = server.delete(&path("catalog")).await;
    assert_eq!((removed.status, removed.text.as_str()), (200, ""));
    assert_eq!(told(&server).await, ["system.service.removed"]);
    is_error(
        &server.delete(&path("catalog")).await,
        404,
        "service_name/host_id (catalog/lost) not found",
    );
    for name in store::SERVICES
        .into_iter()
        .filter(|name| *name != "catalog")
    {
        assert_eq!(server.delete(&path(name)).await.status, 200, "{name}");
    }
    let left: i64 = server
        .state
        .read(|tx| {
            Ok(tx.query_value(
                "SELECT count(*) FROM servers WHERE host_id = 'lost'",
                params![],
            )?)
        })
        .await
        .unwrap();
    assert_eq!(left, 0, "with its last service a server is forgotten");
}

#[tokio::test]
async fn a_server_taken_for_dead_comes_back_with_all_its_services() {
    let server = TestServer::start().await;
    let state = &server.state;
    for end in [State::Down, State::Orphaned] {
        tell_end(state, end).await;
        beat(state.clone()).await.unwrap();
        assert_eq!(services(&server).await.len(), 5);
    }
    state
        .write(|tx| Ok(tx.execute("DELETE FROM servers WHERE host_id = 'windlass'", params![])?))
        .await
        .unwrap();
    assert_eq!(catalogs(&server).await.len(), 0);
    beat(state.clone()).await.unwrap();
    assert_eq!(services(&server).await.len(), 5);
    // One that stops does not say that it is up.
    state.begin_stopping();
    tell_end(state, State::Stopping).await;
    beat(state.clone()).await.unwrap();
    let found = state
        .read(|tx| {
            Ok(store::services(
                tx,
                "2026-11-23T09:00:00Z".parse().unwrap(),
            )?)
        })
        .await;
    assert!(
        found
            .unwrap()
            .iter()
            .all(|service| service.state == State::Stopping)
    );
}

#[tokio::test]
async fn what_a_lost_server_analysed_is_free_for_others() {
    let server = TestServer::start().await;
    let claimed = async || {
        let claimed: i64 = server
            .state
            .read(|tx| {
                Ok(tx.query_value(
                    "SELECT count(*) FROM sources WHERE analysis_status = 'analyzing' AND import_uuid IS NOT NULL
                     AND claimed_until > '2026'",
                    params![],
                )?)
            })
            .await
            .unwrap();
        claimed
    };
    let claim = async |host_id: &'static str| {
        let now = server.state.now();
        server
            .state
            .write(move |tx| {
                tx.execute("DELETE FROM sources WHERE account_name = 'admin'", params![])?;
                Ok(tx.execute(
                    "INSERT INTO sources (uuid, account_name, host, repository_name, revision, analysis_status,
                                          import_uuid, analysis, queued_at, created_at, last_updated, claimed_until,
                                          claimed_by)
                     VALUES ('a', 'admin', 'h', 'r', '1', 'analyzing', 'i', 0, $1, $1, $1, $2, $3)",
                    params![now, now.plus_seconds(600), host_id],
                )?)
            })
            .await
            .unwrap();
    };
    another(&server, "lost").await;
    claim("lost").await;
    beat(server.state.clone()).await.unwrap();
    assert_eq!(claimed().await, 1, "it is at work");
    server.clock.advance(DOWN_AFTER + 1);
    beat(server.state.clone()).await.unwrap();
    assert_eq!(claimed().await, 0);
    // The one before of the same name is gone when a server starts.
    claim("windlass").await;
    register(&server.state).await.unwrap();
    assert_eq!(claimed().await, 0);
}
