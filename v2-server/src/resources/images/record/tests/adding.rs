//! Adding images.

use serde_json::{Value, json};

use super::{TAG, events, path, subscriptions};
use crate::resources::images::testing::{ImageParts, analyze, digest};
use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn an_imported_image_waits_and_is_then_analyzed() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.annotations = json!({ "owner": "team-a" });
    let added = parts.add(&server).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let import = added.body["annotations"]["anchore.system/import_operation_id"].clone();
    let detail = json!({
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
        "full_tag": TAG, "full_digest": format!("docker.io/library/app-a@{}", digest(1)),
        "account_name": "admin", "image_id": format!("{:064}", 501), "registry": "docker.io",
        "repo": "library/app-a", "dockerfile": null, "image_digest": digest(1), "tag": "1.0",
        "tag_detected_at": "2026-11-23T09:00:00Z",
    });
    let mut expected = json!({
        "image_content": { "metadata": {
            "arch": null, "distro": null, "distro_version": null, "dockerfile_mode": null,
            "image_size": null, "layer_count": null,
        } },
        "image_detail": [detail],
        "last_updated": "2026-11-23T09:00:00Z", "created_at": "2026-11-23T09:00:00Z",
        "image_digest": digest(1), "parent_digest": digest(1), "account_name": "admin",
        "annotations": { "anchore.system/import_operation_id": import, "owner": "team-a" },
        "image_type": "docker", "image_status": "active", "analysis_status": "not_analyzed",
        "analysis_status_detail": [],
    });
    assert_eq!(added.body, expected);

    server.clock.advance(4);
    analyze(&server).await;
    let analyzed = server.get(&path(&digest(1))).await;
    let source = json!({ "host_id": "windlass", "service_name": "analyzer" });
    let change = |from: &str, to: &str| json!({ "from_status": from, "to_status": to, "timestamp": "2026-11-23T09:00:04Z", "source": source });
    expected["image_content"]["metadata"] = json!({
        "arch": "amd64", "distro": "alpine", "distro_version": "3.12.0", "dockerfile_mode": "Guessed",
        "image_size": 2_797_641, "layer_count": 2,
    });
    expected["last_updated"] = json!("2026-11-23T09:00:04Z");
    expected["analyzed_at"] = json!("2026-11-23T09:00:04Z");
    expected["analysis_status"] = json!("analyzed");
    expected["analysis_status_detail"] = json!([
        change("not_analyzed", "analyzing"),
        change("analyzing", "analyzed")
    ]);
    expected["image_detail"][0]["last_updated"] = json!("2026-11-23T09:00:04Z");
    expected["image_detail"][0]["dockerfile"] =
        analyzed.body["image_detail"][0]["dockerfile"].clone();
    assert!(expected["image_detail"][0]["dockerfile"].is_string());
    assert_eq!(analyzed.body, expected);
    assert_eq!(
        server.get("/v2/images").await.body,
        json!({ "items": [expected] })
    );
}

#[tokio::test]
async fn the_end_of_an_analysis_is_an_event_in_the_same_breath() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let list = server.get("/v2/events").await.body;
    let event = &list["results"][0]["event"];
    let import = &event["details"]["annotations"]["anchore.system/import_operation_id"];
    let annotations = json!({ "anchore.system/import_operation_id": import });
    assert!(import.is_string());
    assert_eq!(list["item_count"], 1);
    assert_eq!(event["type"], "user.image.analysis.completed");
    assert_eq!(
        event["resource"],
        json!({ "account_name": "admin", "id": TAG, "type": "image_tag" })
    );
    assert_eq!(
        event["details"],
        json!({
            "subscription_type": "analysis_update", "annotations": annotations,
            "curr_eval": { "image_digest": digest(1), "analysis_status": "analyzed", "annotations": annotations },
            "last_eval": { "image_digest": digest(1), "analysis_status": "analyzing", "annotations": annotations },
        })
    );
}

#[tokio::test]
async fn adding_the_same_image_again_keeps_its_analysis() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let mut again = ImageParts::new(1, TAG);
    again.annotations = json!({ "a": "1", "b": "2" });
    let (import, request) = again.upload(&server).await;
    let added = server.post("/v2/images").json(request).await;
    assert_eq!(added.body["analysis_status"], "analyzed");
    assert_eq!(added.body["annotations"]["a"], "1");
    let operation = server.get(&format!("/v2/imports/images/{import}")).await;
    assert_eq!(operation.body["status"], "complete");
    assert_eq!(events(&server).await.len(), 1);

    again.annotations = json!({ "a": "null", "b": "3", "c": null });
    let annotations = again.add(&server).await.body["annotations"].clone();
    assert_eq!(
        (&annotations["a"], &annotations["b"], &annotations["c"]),
        (&Value::Null, &json!("3"), &Value::Null)
    );
    assert!(annotations.get("a").is_none());
}

#[tokio::test]
async fn force_and_a_failed_analysis_queue_the_image_again() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.manifest = json!({});
    parts.analyzed(&server).await;
    assert_eq!(
        server.get(&path(&digest(1))).await.body["analysis_status"],
        "analysis_failed"
    );

    let added = ImageParts::new(1, TAG).add(&server).await;
    assert_eq!(added.body["analysis_status"], "not_analyzed");
    analyze(&server).await;
    assert_eq!(
        server.get(&path(&digest(1))).await.body["analysis_status"],
        "analyzed"
    );

    let mut forced = ImageParts::new(1, TAG);
    forced.query = "force=True";
    forced.packages["artifacts"] = json!([]);
    assert_eq!(
        forced.add(&server).await.body["analysis_status"],
        "not_analyzed"
    );
    analyze(&server).await;
    let npm = server
        .get(&format!("{}/content/npm", path(&digest(1))))
        .await;
    assert_eq!(npm.body["content"], json!([]));
}

#[tokio::test]
async fn a_new_tag_of_an_analyzed_image_is_announced_at_once() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let mut more = ImageParts::new(1, TAG);
    more.tags = vec![TAG.to_owned(), "quay.io/team/app".to_owned()];
    let added = more.add(&server).await;
    let tags: Vec<_> = added.body["image_detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["full_tag"])
        .collect();
    assert_eq!(tags, [&json!(TAG), &json!("quay.io/team/app:latest")]);
    assert_eq!(
        events(&server).await[0],
        (
            "user.image.analysis.completed".to_owned(),
            "quay.io/team/app:latest".to_owned()
        )
    );
}

#[tokio::test]
async fn a_tag_gets_its_subscriptions_once() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let list = server.get("/v2/subscriptions").await.body;
    assert_eq!(
        subscriptions(&list),
        [
            ("policy_eval", false),
            ("tag_update", false),
            ("vuln_update", false),
            ("analysis_update", true)
        ]
    );
    let watched = format!(
        "/v2/subscriptions/{}",
        list[3]["subscription_id"].as_str().unwrap()
    );
    server.put(&watched).json(json!({ "active": false })).await;
    let mut again = ImageParts::new(1, TAG);
    again.query = "auto_subscribe=true";
    again.add(&server).await;
    let list = server.get("/v2/subscriptions").await.body;
    assert!(
        subscriptions(&list).iter().all(|(_, active)| !active),
        "what is there is not reset"
    );

    let mut other = ImageParts::new(2, "quay.io/team/app:2");
    other.query = "auto_subscribe=true";
    other.add(&server).await;
    let list = server
        .get("/v2/subscriptions?subscription_key=quay.io/team/app:2")
        .await
        .body;
    assert_eq!(
        subscriptions(&list),
        [
            ("policy_eval", false),
            ("tag_update", true),
            ("vuln_update", false),
            ("analysis_update", true)
        ]
    );
}

#[tokio::test]
async fn requests_without_one_source_are_refused() {
    let server = TestServer::start().await;
    for body in [
        json!({}),
        json!({ "source": {} }),
        json!({ "source": { "tag": null } }),
        json!({ "source": { "tag": { "pull_string": "a" }, "archive": { "digest": digest(1) } } }),
    ] {
        let answer = server.post("/v2/images").json(body).await;
        is_error(&answer, 400, "`source` must have exactly one of");
    }
    for (body, message) in [
        (
            json!({ "source": null }),
            "`source`: invalid type: null, expected a value, or the member left out",
        ),
        (
            json!({ "source": { "tag": {} } }),
            "missing field `pull_string`",
        ),
        (
            json!({ "source": { "tag": "x" } }),
            "`source.tag`: invalid type: string",
        ),
        (
            json!({ "source": { "digest": { "pull_string": "a" } } }),
            "missing field `tag`",
        ),
        (
            json!({ "annotations": 4, "source": {} }),
            "`annotations`: invalid type",
        ),
        (
            json!({ "source": { "tag": { "pull_string": "a:1", "dockerfile": "not base64!" } } }),
            "`source.tag.dockerfile`: expected a text in base64",
        ),
        (
            json!({ "source": { "archive": { "digest": "x" } } }),
            "`source.archive.digest`: expected `sha256:`",
        ),
    ] {
        let answer = server.post("/v2/images").json(body).await;
        is_problem(&answer, 400, message);
    }
    for (body, message) in [
        (
            json!({ "source": { "tag": { "pull_string": "a b" } } }),
            "`source.tag.pull_string`: image reference `a b` contains ' '",
        ),
        (
            json!({ "source": { "tag": { "pull_string": digest(1) } } }),
            "`source.tag.pull_string`: `sha256:",
        ),
        (
            json!({ "source": { "digest": { "pull_string": "a:1", "tag": "a:1" } } }),
            "`source.digest.pull_string`: `a:1` is not a digest reference",
        ),
        (
            json!({ "source": { "digest": { "pull_string": format!("a@{}", digest(1)), "tag": digest(1) } } }),
            "`source.digest.tag`",
        ),
    ] {
        let answer = server.post("/v2/images").json(body).await;
        is_error(&answer, 400, message);
    }
    is_problem(
        &server
            .post("/v2/images")
            .body("application/json", "{")
            .await,
        400,
        "not valid JSON",
    );
    is_problem(
        &server.post("/v2/images").body("text/plain", "tag=x").await,
        415,
        "text/plain",
    );
    assert_eq!(server.get("/v2/images").await.body, json!({ "items": [] }));
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([]));
}

#[tokio::test]
async fn nothing_is_restored_from_an_archive_without_it() {
    let server = TestServer::start().await;
    let restore = json!({ "source": { "archive": { "digest": digest(1) } } });
    let unknown = server.post("/v2/images").json(&restore).await;
    is_error(&unknown, 404, "image not found in the archive");
    ImageParts::new(1, TAG).add(&server).await;
    let here = server.post("/v2/images").json(&restore).await;
    is_error(
        &here,
        409,
        "Conflict: Image already exists in system. No restore possible",
    );
    let types: Vec<_> = events(&server)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        types,
        ["system.image_analysis.restore_from_archive_failed"; 2]
    );
}
