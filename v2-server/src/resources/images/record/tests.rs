//! Image records, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, analyze, digest};
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(digest: &str) -> String {
    format!("/v2/images/{digest}")
}

fn digests(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["image_digest"].as_str().unwrap())
        .collect()
}

fn subscriptions(body: &Value) -> Vec<(&str, bool)> {
    let list = body.as_array().unwrap();
    list.iter()
        .map(|one| {
            (
                one["subscription_type"].as_str().unwrap(),
                one["active"].as_bool().unwrap(),
            )
        })
        .collect()
}

async fn events(server: &TestServer) -> Vec<(String, String)> {
    let list = server.get("/v2/events").await.body;
    let of = |event: &Value| {
        let event = &event["event"];
        (
            event["type"].as_str().unwrap().to_owned(),
            event["resource"]["id"].as_str().unwrap().to_owned(),
        )
    };
    list["results"].as_array().unwrap().iter().map(of).collect()
}

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
        "last_updated": "2026-11-23T09:00:00Z", "created_at": "2026-11-23T09:00:00Z", "analyzed_at": null,
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
async fn a_tag_points_at_the_image_it_was_last_seen_under() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    ImageParts::new(2, TAG).analyzed(&server).await;
    let of_tag = format!("/v2/images?full_tag={TAG}");
    assert_eq!(digests(&server.get(&of_tag).await.body), [digest(2)]);
    assert_eq!(
        digests(&server.get(&format!("{of_tag}&history=false")).await.body),
        [digest(2)]
    );
    assert_eq!(
        digests(&server.get(&format!("{of_tag}&history=true")).await.body),
        [digest(2), digest(1)]
    );
    // It moves back.
    ImageParts::new(1, TAG).add(&server).await;
    assert_eq!(digests(&server.get(&of_tag).await.body), [digest(1)]);
    assert_eq!(
        server.get("/v2/images").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn lists_are_filtered() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    ImageParts::new(2, "quay.io/team/app:2").add(&server).await;
    for (query, expected) in [
        ("", vec![digest(2), digest(1)]),
        ("analysis_status=analyzed", vec![digest(1)]),
        (
            "analysis_status=not_analyzed&image_status=all",
            vec![digest(2)],
        ),
        ("analysis_status=analysis_failed", vec![]),
        ("image_status=deleting", vec![]),
        (&format!("image_id={:064}", 501), vec![digest(1)]),
        ("image_id=nosuch", vec![]),
        (
            "full_tag=docker.io%2Flibrary%2Fapp-a%3A1.0",
            vec![digest(1)],
        ),
        ("history=False&nosuch=1", vec![digest(2), digest(1)]),
    ] {
        let answer = server.get(&format!("/v2/images?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(digests(&answer.body), expected, "{query}");
    }
    for query in [
        "full_tag=app-a:1.0",
        "full_tag=docker.io/library/nosuch:1",
        "full_tag=",
    ] {
        is_error(
            &server.get(&format!("/v2/images?{query}")).await,
            404,
            "image data not found in DB",
        );
    }
    is_problem(
        &server.get("/v2/images?analysis_status=nosuch").await,
        400,
        "query parameter `analysis_status`: expected one of `not_analyzed`, `analyzing`, `analyzed`, `analysis_failed`, got `nosuch`",
    );
    is_problem(
        &server.get("/v2/images?history=maybe").await,
        400,
        "query parameter `history`",
    );
    is_problem(
        &server.get("/v2/images?image_status=inactive").await,
        400,
        "query parameter `image_status`",
    );
}

#[tokio::test]
async fn a_long_list_is_whole() {
    let server = TestServer::start().await;
    server
        .state
        .write(|tx| {
            for number in 0..450 {
                tx.execute(
                    "INSERT INTO images (account_name, image_digest, parent_digest, image_id, image_type,
                         image_status, analysis_status, analysis_status_detail, annotations, analysis, queued_at,
                         created_at, last_updated, like_distro, layers)
                     VALUES ('admin', $1, $1, 'x', 'docker', 'active', 'not_analyzed', '[]', '{}', 0, '', $2, $2,
                             '[]', '[]')",
                    crate::params![digest(number), "2026-11-23T09:00:00Z"],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let list = server.get("/v2/images").await.body;
    let expected: Vec<String> = (0..450).rev().map(digest).collect();
    assert_eq!(digests(&list), expected);
}

#[tokio::test]
async fn unknown_images_are_404_whatever_their_name_looks_like() {
    let server = TestServer::start().await;
    for unknown in [digest(7), "nosuch".to_owned(), format!("{:064}", 7)] {
        is_error(
            &server.get(&path(&unknown)).await,
            404,
            "image not found in DB",
        );
    }
}

#[tokio::test]
async fn a_watched_image_is_only_deleted_by_force() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let refused = server.delete(&path(&digest(1))).await;
    assert_eq!(refused.status, 200);
    assert_eq!(
        refused.body,
        json!({
            "image_digest": digest(1), "status": "delete_failed",
            "detail": "cannot delete image that is the latest of its tags, and has active subscription",
        })
    );
    let deleting = json!({ "image_digest": digest(1), "status": "deleting", "detail": null });
    assert_eq!(
        server
            .delete(&format!("{}?force=true", path(&digest(1))))
            .await
            .body,
        deleting
    );
    assert_eq!(server.delete(&path(&digest(1))).await.body, deleting);
    let list = server.get("/v2/subscriptions").await.body;
    assert!(subscriptions(&list).iter().all(|(_, active)| !active));

    assert_eq!(
        server.get(&path(&digest(1))).await.body["image_status"],
        "deleting"
    );
    assert_eq!(digests(&server.get("/v2/images").await.body), [""; 0]);
    assert_eq!(
        digests(&server.get("/v2/images?image_status=deleting").await.body),
        [digest(1)]
    );
    assert_eq!(
        digests(&server.get("/v2/images?image_status=all").await.body),
        [digest(1)]
    );
    is_error(
        &server.get(&format!("/v2/images?full_tag={TAG}")).await,
        404,
        "image data not found",
    );

    super::remove_deleting(server.state.clone()).await.unwrap();
    is_error(
        &server.get(&path(&digest(1))).await,
        404,
        "image not found in DB",
    );
    let left: i64 = server
        .state
        .read(|tx| {
            let sql = "SELECT (SELECT count(*) FROM image_tags) + (SELECT count(*) FROM image_content)
                       + (SELECT count(*) FROM image_packages) + (SELECT count(*) FROM image_documents)";
            Ok(tx.query_value(sql, crate::params![])?)
        })
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_older_image_of_a_tag_goes_without_force() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    ImageParts::new(2, TAG).analyzed(&server).await;
    assert_eq!(
        server.delete(&path(&digest(1))).await.body["status"],
        "deleting"
    );
    assert_eq!(
        server.delete(&path(&digest(2))).await.body["status"],
        "delete_failed"
    );
}

#[tokio::test]
async fn an_image_on_its_way_out_comes_back_when_added() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    server
        .delete(&format!("{}?force=true", path(&digest(1))))
        .await;
    let added = ImageParts::new(1, TAG).add(&server).await;
    assert_eq!(added.body["image_status"], "active");
    assert_eq!(added.body["analysis_status"], "not_analyzed");
    super::remove_deleting(server.state.clone()).await.unwrap();
    analyze(&server).await;
    assert_eq!(
        server.get(&path(&digest(1))).await.body["analysis_status"],
        "analyzed"
    );
}

#[tokio::test]
async fn deletion_in_bulk_answers_for_each_image() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let both = format!("/v2/images?image_digests={}%2Cnosuch", digest(1));
    let refused = server.delete(&both).await;
    let statuses = |body: &Value| -> Vec<String> {
        body.as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses(&refused.body), ["delete_failed", "not_found"]);
    let forced = server.delete(&format!("{both}&force=true")).await;
    assert_eq!(statuses(&forced.body), ["deleting", "not_found"]);
    assert_eq!(forced.body[1]["detail"], "No image found with the digest");
    is_problem(
        &server.delete("/v2/images").await,
        400,
        "missing query parameter `image_digests`",
    );
    is_problem(
        &server.delete("/v2/images?image_digests=").await,
        400,
        "at least one digest",
    );
}

#[tokio::test]
async fn requests_without_one_source_are_refused() {
    let server = TestServer::start().await;
    for body in [
        json!({}),
        json!({ "source": {} }),
        json!({ "source": null }),
        json!({ "source": { "tag": null } }),
        json!({ "source": { "tag": { "pull_string": "a" }, "archive": { "digest": digest(1) } } }),
    ] {
        let answer = server.post("/v2/images").json(body).await;
        is_error(&answer, 400, "`source` must have exactly one of");
    }
    for (body, message) in [
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

#[tokio::test]
async fn accounts_do_not_see_each_others_images() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let mut hers = ImageParts::new(1, TAG);
    hers.user = "alice";
    is_error(
        &server.get(&path(&digest(1))).as_user("alice").await,
        404,
        "image not found in DB",
    );
    assert_eq!(
        server.get("/v2/images").as_user("alice").await.body,
        json!({ "items": [] })
    );
    assert_eq!(
        server.delete(&path(&digest(1))).as_user("alice").await.body["status"],
        "not_found"
    );
    for part in [
        "content/os",
        "metadata/manifest",
        "vuln/all",
        "artifacts/secret-search",
    ] {
        let answer = server
            .get(&format!("{}/{part}", path(&digest(1))))
            .as_user("alice")
            .await;
        is_error(&answer, 404, "image not found in DB");
    }
    hers.analyzed(&server).await;
    let answer = server.get(&path(&digest(1))).as_user("alice").await;
    assert_eq!(answer.body["account_name"], "acme");
    server
        .delete(&format!("{}?force=true", path(&digest(1))))
        .as_user("alice")
        .await;
    assert_eq!(
        server.get(&path(&digest(1))).await.body["image_status"],
        "active"
    );
    let acting = server
        .get(&path(&digest(1)))
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(acting.body["image_status"], "deleting");
}

#[tokio::test]
async fn reading_does_not_permit_changing() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "bob", "read-only").await;
    assert_eq!(server.get("/v2/images").as_user("bob").await.status, 200);
    let source = json!({ "source": { "tag": { "pull_string": "a" } } });
    is_error(
        &server.post("/v2/images").as_user("bob").json(source).await,
        403,
        "Not authorized",
    );
    is_error(
        &server.delete(&path(&digest(1))).as_user("bob").await,
        403,
        "Not authorized",
    );
    is_error(
        &server
            .delete("/v2/images?image_digests=x")
            .as_user("bob")
            .await,
        403,
        "Not authorized",
    );
    is_error(
        &server.post("/v2/imports/images").as_user("bob").await,
        403,
        "Not authorized",
    );
}
