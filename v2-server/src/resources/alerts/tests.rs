//! Alerts, called through the whole router.

use http::Method;
use serde_json::{Value, json};

use super::watch;
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app:1";
const PATH: &str = "/v2/alerts/compliance-violations";

/// A policy that stops every image, or none.
fn policy(id: &str, stops: bool) -> Value {
    let rules = if stops {
        json!([{ "id": "r", "gate": "always", "trigger": "always", "action": "STOP", "params": [] }])
    } else {
        json!([])
    };
    json!({
        "id": id, "name": id, "version": "2",
        "rule_sets": [{ "id": "s", "name": "S", "version": "2", "rules": rules }],
        "mappings": [{
            "id": "m", "name": "M", "registry": "*", "repository": "*", "image": { "type": "tag", "value": "*" },
            "rule_set_ids": ["s"], "allowlist_ids": [],
        }],
    })
}

async fn activate(server: &TestServer, id: &str, stops: bool) {
    let policy = policy(id, stops);
    let added = server.post("/v2/policies").json(&policy).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let mut record = added.body;
    record["active"] = json!(true);
    record["policy"] = policy;
    let path = format!("/v2/policies/{id}?active=true");
    let active = server.put(&path).json(record).await;
    assert_eq!(active.status, 200, "{}", active.text);
}

/// A server with a watched image that the active policy stops.
async fn with_failing_image() -> TestServer {
    let server = TestServer::start().await;
    activate(&server, "stop", true).await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let query = format!("/v2/subscriptions?subscription_key={TAG}&subscription_type=policy_eval");
    let found = server.get(&query).await.body;
    let path = format!(
        "/v2/subscriptions/{}",
        found[0]["subscription_id"].as_str().unwrap()
    );
    let watched = server.put(&path).json(json!({ "active": true })).await;
    assert_eq!(watched.status, 200, "{}", watched.text);
    server
}

async fn run(server: &TestServer) {
    watch(server.state.clone()).await.unwrap();
}

async fn alerts(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("{PATH}{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.body.as_array().unwrap().clone()
}

async fn set(server: &TestServer, alert: &Value, state: &str) -> crate::testing::Answer {
    let path = format!("{PATH}/{}", alert["uuid"].as_str().unwrap());
    server
        .call(Method::PATCH, &path)
        .json(json!({ "state": state }))
        .await
}

#[tokio::test]
async fn a_watched_image_that_fails_raises_one_alert() {
    let server = with_failing_image().await;
    assert_eq!(alerts(&server, "").await, [Value::Null; 0]);
    run(&server).await;
    run(&server).await;
    let open = alerts(&server, "").await;
    let time = "2026-11-23T09:00:00Z";
    assert_eq!(
        open,
        [json!({
            "uuid": open[0]["uuid"], "type": "compliance_violation", "state": "open",
            "resource": {
                "image_digest": digest(1), "policy_id": "stop", "image_tag": TAG, "registry": "docker.io",
                "repository": "library/app", "evaluation_id": open[0]["resource"]["evaluation_id"],
                "evaluated_at": time,
            },
            "created_at": time, "last_updated": time, "compliance_status_reason": "policy_evaluation",
            "violations_count": 1,
        })]
    );
    let path = format!("{PATH}/{}", open[0]["uuid"].as_str().unwrap());
    assert_eq!(server.get(&path).await.body, open[0]);
    assert_eq!(
        server.get("/v2/alerts/summaries").await.body,
        json!([{
            "uuid": open[0]["uuid"], "type": "compliance_violation", "state": "open",
            "resource_labels": [
                { "key": "tag", "value": TAG }, { "key": "image_digest", "value": digest(1) },
                { "key": "registry", "value": "docker.io" }, { "key": "repository", "value": "library/app" },
                { "key": "policy_id", "value": "stop" },
            ],
            "created_at": time, "last_updated": time,
        }])
    );
}

#[tokio::test]
async fn the_system_closes_what_has_no_reason_any_more() {
    let server = with_failing_image().await;
    run(&server).await;
    server.clock.advance(60);
    ImageParts::new(2, TAG).analyzed(&server).await;
    run(&server).await;
    let closed = alerts(&server, "?state=closed").await;
    assert_eq!(closed.len(), 1);
    assert_eq!(
        (&closed[0]["closed_by"], &closed[0]["closed_reason"]),
        (
            &json!("system"),
            &json!("the tag does not point at the image any more")
        )
    );
    let open = alerts(&server, "").await;
    assert_eq!(open[0]["resource"]["image_digest"], digest(2));
    activate(&server, "go", false).await;
    run(&server).await;
    let all = alerts(&server, "?state=all").await;
    let reasons: Vec<_> = all
        .iter()
        .map(|alert| alert["closed_reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        [
            "another policy is active",
            "the tag does not point at the image any more"
        ],
        "the newest comes first"
    );
    assert_eq!(alerts(&server, "").await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_somebody_has_closed_stays_closed() {
    let server = with_failing_image().await;
    run(&server).await;
    let alert = alerts(&server, "").await.remove(0);
    server.clock.advance(5);
    let closed = set(&server, &alert, "closed").await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    assert_eq!(
        (
            &closed.body["state"],
            &closed.body["closed_by"],
            &closed.body["last_updated"]
        ),
        (
            &json!("closed"),
            &json!("admin"),
            &json!("2026-11-23T09:00:05Z")
        )
    );
    server.clock.advance(5);
    assert_eq!(
        set(&server, &alert, "closed").await.body,
        closed.body,
        "again changes nothing"
    );
    run(&server).await;
    assert_eq!(alerts(&server, "").await, [Value::Null; 0]);
    let opened = set(&server, &alert, "open").await.body;
    assert_eq!(opened["state"], "open");
    assert!(opened.get("closed_by").is_none(), "{opened}");
    assert_eq!(alerts(&server, "").await, [opened]);
}

#[tokio::test]
async fn tags_nobody_watches_raise_nothing() {
    let server = TestServer::start().await;
    activate(&server, "stop", true).await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    run(&server).await;
    assert_eq!(alerts(&server, "?state=all").await, [Value::Null; 0]);
}

#[tokio::test]
async fn alerts_are_found_by_what_they_are_about() {
    let server = with_failing_image().await;
    run(&server).await;
    for (query, count) in [
        (format!("?resource_image_digest={}", digest(1)), 1),
        (
            format!(
                "?resource_image_tag={TAG}&resource_registry=docker.io&resource_repository=library/app"
            ),
            1,
        ),
        ("?resource_registry=quay.io".to_owned(), 0),
        ("?created_after=2026-11-23T08:59:59Z".to_owned(), 1),
        ("?created_after=2026-11-23T09:00:00Z".to_owned(), 0),
        ("?created_before=2026-11-23T09:00:01Z".to_owned(), 1),
        ("?created_before=2026-11-23T09:00:00Z".to_owned(), 0),
        ("?page=2".to_owned(), 0),
        ("?state=closed".to_owned(), 0),
    ] {
        assert_eq!(alerts(&server, &query).await.len(), count, "{query}");
    }
    for (query, count) in [
        (
            format!("?resource_label=tag={TAG}&resource_label=registry=docker.io"),
            1,
        ),
        ("?resource_label=registry=quay.io".to_owned(), 0),
        (
            "?resource_label=registry=docker.io&resource_label=registry=quay.io".to_owned(),
            0,
        ),
        ("?resource_label=nosuch=x".to_owned(), 0),
        ("?type=compliance_violation&state=all".to_owned(), 1),
    ] {
        let found = server
            .get(&format!("/v2/alerts/summaries{query}"))
            .await
            .body;
        assert_eq!(found.as_array().map(Vec::len), Some(count), "{query}");
    }
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let server = with_failing_image().await;
    run(&server).await;
    for (query, detail) in [
        ("?page=0", "query parameter `page`"),
        ("?limit=101", "query parameter `limit`"),
        ("?limit=0", "query parameter `limit`"),
        ("?state=nosuch", "query parameter `state`"),
        (
            "?created_after=yesterday",
            "query parameter `created_after`",
        ),
    ] {
        for path in [PATH, "/v2/alerts/summaries"] {
            is_problem(&server.get(&format!("{path}{query}")).await, 400, detail);
        }
    }
    for label in ["tag", "=x", "tag=", "tag=a%20b"] {
        let path = format!("/v2/alerts/summaries?resource_label={label}");
        is_problem(
            &server.get(&path).await,
            400,
            "query parameter `resource_label`",
        );
    }
    let alert = alerts(&server, "").await.remove(0);
    is_problem(&set(&server, &alert, "gone").await, 400, "state");
    let nowhere = json!({ "uuid": "nosuch" });
    is_error(
        &set(&server, &nowhere, "open").await,
        404,
        "alert not found",
    );
    is_error(
        &server.get(&format!("{PATH}/nosuch")).await,
        404,
        "alert not found",
    );
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
}
