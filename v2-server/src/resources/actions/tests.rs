//! Action plans, called through the whole router.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::resources::notifications::testing::{Receiver, add};
use crate::testing::{TestServer, is_error, is_problem};

/// A plan for a configuration, given by its path.
fn plan(kind: &str, path: &str, tag: &str) -> Value {
    json!({
        "type": "notification", "image_tag": tag, "image_digest": format!("sha256:{tag}"), "policy_id": "rules",
        "resolutions": [{ "trigger_ids": ["CVE-1+ssl", "CVE-2+ssl"], "content": "Update ssl" }],
        "endpoint": kind, "configuration_id": path.rsplit_once('/').unwrap().1,
        "subject": "Please mend", "message": "The shop fails.",
    })
}

#[tokio::test]
async fn a_plan_is_sent_and_then_listed() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let slack = add(&server, "slack", receiver.address).await;
    let answer = server
        .post("/v2/actions")
        .json(plan("slack", &slack, "a:1"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        receiver.take()[0].body["text"],
        "*Please mend*\nThe shop fails.\n\nTag: a:1\nImage: sha256:a:1\nPolicy: rules\n\n\
         CVE-1+ssl, CVE-2+ssl\nUpdate ssl"
    );
    let mut expected = plan("slack", &slack, "a:1");
    expected["uuid"] = answer.body["uuid"].clone();
    expected["created_at"] = json!("2026-11-23T09:00:00Z");
    expected["last_updated"] = json!("2026-11-23T09:00:00Z");
    assert_eq!(answer.body, expected);
    assert_eq!(server.get("/v2/actions").await.body, json!([expected]));
    let status = server.get(&format!("{slack}/status")).await.body;
    assert_eq!(status["status"], "healthy");

    let hook = add(&server, "webhook", receiver.address).await;
    let answer = server
        .post("/v2/actions")
        .json(plan("webhook", &hook, "a:1"))
        .await;
    assert_eq!(receiver.take()[0].body, answer.body);
}

#[tokio::test]
async fn plans_are_filtered_newest_first() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let slack = add(&server, "slack", receiver.address).await;
    for tag in ["a:1", "a:2", "a:1"] {
        let answer = server
            .post("/v2/actions")
            .json(plan("slack", &slack, tag))
            .await;
        assert_eq!(answer.status, 200);
        server.clock.advance(60);
    }
    for (query, tags) in [
        ("", vec!["a:1", "a:2", "a:1"]),
        ("image_tag=a:2", vec!["a:2"]),
        ("image_digest=sha256:a:1", vec!["a:1", "a:1"]),
        ("image_tag=a:1&image_digest=sha256:a:2", vec![]),
        ("created_after=2026-11-23T09:00:00Z", vec!["a:1", "a:2"]),
        ("created_after=2026-11-23T09:02:00Z", vec![]),
    ] {
        let found = server.get(&format!("/v2/actions?{query}")).await.body;
        let found: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|plan| plan["image_tag"].clone())
            .collect();
        assert_eq!(found, tags, "{query}");
    }
    is_problem(
        &server.get("/v2/actions?created_after=soon").await,
        400,
        "query parameter `created_after`: expected a time",
    );
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    let theirs = server.get("/v2/actions").as_user("alice").await;
    assert_eq!(theirs.body, json!([]));
    // They cannot use the configuration either.
    let refused = server
        .post("/v2/actions")
        .as_user("alice")
        .json(plan("slack", &slack, "a:1"))
        .await;
    is_error(
        &refused,
        400,
        "`configuration_id`: expected the id of a slack configuration",
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_stored() {
    let (server, receiver) = (TestServer::start().await, Receiver::start().await);
    let slack = add(&server, "slack", receiver.address).await;
    let sent = plan("slack", &slack, "a:1");
    receiver.answer(503, "a secret text");
    let refused = server.post("/v2/actions").json(&sent).await;
    is_error(&refused, 502, "the slack configuration");
    assert!(
        refused
            .text
            .contains("did not take the plan: 503 Service Unavailable")
    );
    assert!(!refused.text.contains("secret"));
    receiver.answer(200, "");
    receiver.take();
    let switch = "/v2/notifications/endpoints/slack";
    server.put(switch).json(json!({ "enabled": false })).await;
    let refused = server.post("/v2/actions").json(&sent).await;
    is_error(
        &refused,
        409,
        "the notification endpoint `slack` is disabled",
    );
    server.put(switch).json(json!({ "enabled": true })).await;
    assert!(receiver.take().is_empty());
    assert_eq!(server.get("/v2/actions").await.body, json!([]));
}

#[tokio::test]
async fn plans_that_do_not_fit_are_refused() {
    let server = TestServer::start().await;
    let nowhere: SocketAddr = ([127, 0, 0, 1], 9).into();
    let slack = add(&server, "slack", nowhere).await;
    for (member, value, told) in [
        (
            "type",
            json!("mail"),
            "Request body, `type`: expected `notification`, got `mail`",
        ),
        (
            "endpoint",
            json!("pager"),
            "Request body, `endpoint`: expected one of `github`, `jira`",
        ),
        (
            "subject",
            json!(" "),
            "Request body, `subject`: expected a text that is not blank, got ` `",
        ),
        (
            "message",
            json!(""),
            "Request body, `message`: expected a text that is not blank",
        ),
        ("message", json!(1), "Request body, `message`: invalid type"),
        (
            "resolutions",
            json!([1]),
            "Request body, `resolutions[0]`: invalid type",
        ),
    ] {
        let mut wanted = plan("slack", &slack, "a:1");
        wanted[member] = value;
        is_problem(&server.post("/v2/actions").json(wanted).await, 400, told);
    }
    for member in ["type", "endpoint", "configuration_id", "subject", "message"] {
        let mut wanted = plan("slack", &slack, "a:1");
        wanted.as_object_mut().unwrap().remove(member);
        let told = format!("missing field `{member}`");
        is_problem(&server.post("/v2/actions").json(wanted).await, 400, &told);
    }
    let mut wanted = plan("slack", &slack, "a:1");
    wanted["endpoint"] = json!("teams");
    is_error(
        &server.post("/v2/actions").json(wanted).await,
        400,
        "`configuration_id`: expected the id of a teams configuration, got `",
    );
}
