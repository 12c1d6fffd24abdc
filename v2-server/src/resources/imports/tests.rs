//! Imports, called through the whole router.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::resources::images::testing::{ImageParts, analyze, digest, sbom};
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app-a:1.0";
const DAY: i64 = 86_400;

async fn begin(server: &TestServer) -> String {
    let begun = server.post("/v2/imports/images").await;
    begun.body["uuid"].as_str().unwrap().to_owned()
}

async fn status(server: &TestServer, uuid: &str) -> Value {
    server.get(&format!("/v2/imports/images/{uuid}")).await.body["status"].clone()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[tokio::test]
async fn an_import_begins_pending_and_ends_by_itself_after_a_day() {
    let server = TestServer::start().await;
    let begun = server
        .post("/v2/imports/images")
        .header("content-type", "application/json")
        .await;
    let uuid = begun.body["uuid"].as_str().unwrap().to_owned();
    let expected = json!({
        "uuid": uuid, "status": "pending",
        "expires_at": "2026-11-24T09:00:00Z", "created_at": "2026-11-23T09:00:00Z",
    });
    assert_eq!(begun.body, expected);
    assert_eq!(
        server.get(&format!("/v2/imports/images/{uuid}")).await.body,
        expected
    );
    assert_eq!(
        server.get("/v2/imports/images").await.body,
        json!([expected])
    );

    server.clock.advance(DAY);
    assert_eq!(status(&server, &uuid).await, "expired");
    super::expire(server.state.clone()).await.unwrap();
    assert_eq!(status(&server, &uuid).await, "expired");
    server.clock.advance(DAY);
    super::expire(server.state.clone()).await.unwrap();
    is_error(
        &server.get(&format!("/v2/imports/images/{uuid}")).await,
        404,
        "import operation",
    );
    assert_eq!(server.get("/v2/imports/images").await.body, json!([]));
}

#[tokio::test]
async fn an_upload_is_known_by_the_digest_of_its_bytes() {
    let server = TestServer::start().await;
    let uuid = begin(&server).await;
    let path = format!("/v2/imports/images/{uuid}/manifest");
    let first = "{ \"config\": {} }";
    let kept = server
        .post(&path)
        .body("application/vnd.oci.image.manifest.v1+json", first)
        .await;
    let expected =
        json!({ "digest": sha256(first.as_bytes()), "created_at": "2026-11-23T09:00:00Z" });
    assert_eq!(kept.body, expected);
    server.clock.advance(5);
    let again = server.post(&path).body("application/json", first).await;
    assert_eq!(again.body, expected, "the same bytes are one upload");
    let second = server.post(&path).body("application/json", "{}").await;
    assert_eq!(second.body["created_at"], "2026-11-23T09:00:05Z");
    assert_eq!(server.get(&path).await.body, json!([expected, second.body]));
    let others = server
        .get(&format!("/v2/imports/images/{uuid}/packages"))
        .await;
    assert_eq!(others.body, json!([]));
}

#[tokio::test]
async fn every_part_can_be_uploaded_and_listed() {
    let server = TestServer::start().await;
    let uuid = begin(&server).await;
    let search = json!([{ "location": { "path": "/a" }, "content_searches": [] }]).to_string();
    for (part, kind, body) in [
        ("packages", "application/json", sbom().to_string()),
        (
            "manifest",
            "application/vnd.docker.distribution.manifest.v2+json",
            "{}".to_owned(),
        ),
        ("image-config", "application/json", "{}".to_owned()),
        (
            "parent-manifest",
            "application/vnd.oci.image.index.v1+json",
            "{}".to_owned(),
        ),
        (
            "dockerfile",
            "text/plain; utf-8",
            "FROM scratch\n".to_owned(),
        ),
        ("secret-searches", "application/json", search.clone()),
        ("content-searches", "application/json", search.clone()),
        (
            "file-contents",
            "application/json",
            r#"[{"location":{"path":"/a"},"contents":""}]"#.to_owned(),
        ),
    ] {
        let path = format!("/v2/imports/images/{uuid}/{part}");
        let kept = server.post(&path).body(kind, body.clone()).await;
        assert_eq!(kept.status, 200, "{part}: {}", kept.text);
        assert_eq!(kept.body["digest"], sha256(body.as_bytes()), "{part}");
        assert_eq!(server.get(&path).await.body, json!([kept.body]), "{part}");
    }
}

#[tokio::test]
async fn uploads_that_are_not_their_part_are_refused() {
    let server = TestServer::start().await;
    let uuid = begin(&server).await;
    for (part, body, detail) in [
        ("packages", "{", "not valid JSON"),
        ("packages", r#"{"artifacts":1}"#, "expected an array"),
        ("packages", r#"{"artifacts":[]}"#, "missing field `source`"),
        (
            "packages",
            r#"{"artifacts":[{"name":"a"}],"source":{"type":"image"},"distro":{}}"#,
            "missing field `version`",
        ),
        ("packages", "[]", "expected an object"),
        ("manifest", "[]", "expected an object"),
        ("image-config", "\"text\"", "expected an object"),
        ("parent-manifest", "{}}", "not valid JSON"),
        ("secret-searches", "{}", "expected an array"),
        (
            "content-searches",
            r#"[{"location":{}}]"#,
            "missing field `path`",
        ),
        (
            "file-contents",
            r#"[{"location":{"path":"/a"}}]"#,
            "missing field `contents`",
        ),
    ] {
        let path = format!("/v2/imports/images/{uuid}/{part}");
        is_problem(
            &server.post(&path).body("application/json", body).await,
            400,
            detail,
        );
        assert_eq!(server.get(&path).await.body, json!([]), "{part} {body}");
    }
    let path = format!("/v2/imports/images/{uuid}/packages");
    is_problem(
        &server.post(&path).body("text/plain", "{}").await,
        415,
        "Invalid Content-type (text/plain)",
    );
    is_error(
        &server.post(&path).body("application/json", "").await,
        400,
        "the upload is empty",
    );
}

#[tokio::test]
async fn an_sbom_may_have_null_where_a_member_may_be_missing() {
    let server = TestServer::start().await;
    let uuid = begin(&server).await;
    let mut document = sbom();
    document["distro"] =
        json!({ "id": null, "name": null, "version": null, "versionID": null, "idLike": null });
    for member in ["purl", "metadataType", "metadata"] {
        document["artifacts"][0][member] = Value::Null;
    }
    document["files"][0]["metadata"] = Value::Null;
    let path = format!("/v2/imports/images/{uuid}/packages");
    let uploaded = server.post(&path).json(document).await;
    assert_eq!(uploaded.status, 200, "{}", uploaded.text);
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_too_large() {
    let server = TestServer::start_with(|builder| {
        builder.limits(crate::state::Limits {
            upload_bytes: 100,
            ..Default::default()
        })
    })
    .await;
    let uuid = begin(&server).await;
    let path = format!("/v2/imports/images/{uuid}/dockerfile");
    let at_limit = server.post(&path).body("text/plain", "x".repeat(100)).await;
    assert_eq!(at_limit.status, 200);
    let beyond = server.post(&path).body("text/plain", "x".repeat(101)).await;
    let limit = "100 bytes (setting `max_upload_bytes`)";
    is_problem(&beyond, 413, limit);
    assert_eq!(server.get(&path).await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn large_uploads_pass_the_limit_of_ordinary_bodies() {
    let server = TestServer::start_with(|builder| {
        builder.limits(crate::state::Limits {
            body_bytes: 100,
            ..Default::default()
        })
    })
    .await;
    let uuid = begin(&server).await;
    let path = format!("/v2/imports/images/{uuid}/dockerfile");
    let kept = server
        .post(&path)
        .body("text/plain", "x".repeat(5000))
        .await;
    assert_eq!(kept.status, 200, "{}", kept.text);
}

#[tokio::test]
async fn an_import_that_has_ended_takes_no_uploads() {
    let server = TestServer::start().await;
    let uuid = begin(&server).await;
    let path = format!("/v2/imports/images/{uuid}");
    let called_off = server.delete(&path).await;
    assert_eq!(
        (called_off.status, &called_off.body["status"]),
        (200, &json!("expired"))
    );
    let refused = server
        .post(&format!("{path}/manifest"))
        .body("application/json", "{}")
        .await;
    is_error(
        &refused,
        409,
        "nothing can be uploaded to an import that has come to an end",
    );
    assert_eq!(refused.body["detail"]["status"], "expired");
    assert_eq!(server.delete(&path).await.body["status"], "expired");

    let late = begin(&server).await;
    server.clock.advance(DAY);
    let refused = server
        .post(&format!("/v2/imports/images/{late}/manifest"))
        .body("application/json", "{}")
        .await;
    is_error(&refused, 409, "nothing can be uploaded");
}

#[tokio::test]
async fn the_import_follows_its_image_to_the_end() {
    let server = TestServer::start().await;
    let parts = ImageParts::new(1, TAG);
    let (uuid, request) = parts.upload(&server).await;
    assert_eq!(status(&server, &uuid).await, "pending");
    assert_eq!(server.post("/v2/images").json(&request).await.status, 200);
    assert_eq!(status(&server, &uuid).await, "processing");
    let path = format!("/v2/imports/images/{uuid}");
    assert_eq!(
        server.delete(&path).await.body["status"],
        "processing",
        "it goes on"
    );
    let again = server.post("/v2/images").json(&request).await;
    is_error(
        &again,
        409,
        "an image can only be made of a pending import; its status is `processing`",
    );
    analyze(&server).await;
    assert_eq!(status(&server, &uuid).await, "complete");
    assert_eq!(server.delete(&path).await.body["status"], "complete");
    let uploads = server.get(&format!("{path}/packages")).await.body;
    assert_eq!(
        uploads.as_array().unwrap().len(),
        1,
        "still known by digest"
    );
    let kept: i64 = server
        .state
        .read(|tx| {
            Ok(tx.query_value(
                "SELECT count(*) FROM image_import_parts WHERE content IS NOT NULL",
                crate::params![],
            )?)
        })
        .await
        .unwrap();
    assert_eq!(kept, 0, "the uploaded bytes are gone");
}

#[tokio::test]
async fn an_analysis_that_fails_says_why_in_an_event() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.tags.push("quay.io/team/app:2".to_owned());
    parts.manifest = json!({ "layers": [] });
    let (uuid, request) = parts.upload(&server).await;
    server.post("/v2/images").json(&request).await;
    analyze(&server).await;
    assert_eq!(status(&server, &uuid).await, "failed");
    let image = server.get(&format!("/v2/images/{}", digest(1))).await.body;
    assert_eq!(image["analysis_status"], "analysis_failed");
    assert_eq!(image["analyzed_at"], Value::Null);
    let events = server
        .get("/v2/events?event_type=user.image.analysis.failed")
        .await
        .body;
    assert_eq!(events["item_count"], 2, "one for each tag");
    let event = &events["results"][0]["event"];
    assert_eq!(
        (&event["level"], &event["source"]["service_name"]),
        (&json!("error"), &json!("analyzer"))
    );
    let reason = event["details"]["msg"].as_str().unwrap();
    assert!(
        reason.contains("manifest") && reason.contains("config"),
        "{reason}"
    );
    let content = server
        .get(&format!("/v2/images/{}/content/os", digest(1)))
        .await;
    is_error(
        &content,
        404,
        "image is not analyzed - analysis_status: analysis_failed",
    );
    assert_eq!(
        server
            .delete(&format!("/v2/imports/images/{uuid}"))
            .await
            .body["status"],
        "expired"
    );
}

#[tokio::test]
async fn finishing_an_import_checks_what_it_is_given() {
    let server = TestServer::start().await;
    let (uuid, good) = ImageParts::new(1, TAG).upload(&server).await;
    let with = |pointer: &str, value: Value| {
        let mut request = good.clone();
        *request
            .pointer_mut(&format!("/source/import{pointer}"))
            .unwrap() = value;
        request
    };
    let missing = "0".repeat(64);
    let refused = server
        .post("/v2/images")
        .json(with("/contents/packages", json!(missing)))
        .await;
    is_error(
        &refused,
        400,
        "One or more referenced content digests not found for the operation id",
    );
    assert_eq!(refused.body["detail"]["digest"], missing);
    assert_eq!(refused.body["detail"]["part"], "packages");
    // Uploaded, but as something else.
    let manifest = good
        .pointer("/source/import/contents/manifest")
        .unwrap()
        .clone();
    let refused = server
        .post("/v2/images")
        .json(with("/contents/image_config", manifest))
        .await;
    is_error(&refused, 400, "One or more referenced content digests");

    for (pointer, value, message) in [
        (
            "/tags",
            json!([]),
            "`source.import.tags`: expected at least one tag",
        ),
        (
            "/tags",
            json!([TAG, "a b"]),
            "`source.import.tags`: image reference `a b`",
        ),
        ("/tags", json!([digest(1)]), "`source.import.tags`"),
        (
            "/digest",
            json!("nosuch"),
            "`source.import.digest`: expected `sha256:`",
        ),
    ] {
        is_error(
            &server.post("/v2/images").json(with(pointer, value)).await,
            400,
            message,
        );
    }
    let unknown = server
        .post("/v2/images")
        .json(with("/operation_uuid", json!("nosuch")))
        .await;
    is_error(&unknown, 404, "import operation `nosuch` not found");
    let mut incomplete = good.clone();
    incomplete
        .pointer_mut("/source/import/contents")
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove("manifest");
    let refused = server.post("/v2/images").json(incomplete).await;
    is_problem(
        &refused,
        400,
        "`source.import.contents`: missing field `manifest`",
    );

    assert_eq!(server.get("/v2/images").await.body, json!({ "items": [] }));
    assert_eq!(server.get("/v2/subscriptions").await.body, json!([]));
    assert_eq!(
        status(&server, &uuid).await,
        "pending",
        "and can still be finished"
    );
    assert_eq!(server.post("/v2/images").json(good).await.status, 200);
}

#[tokio::test]
async fn what_the_import_says_about_the_image_is_kept() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.dockerfile = Some("FROM scratch\nCMD [\"/bin/sh\"]\n");
    let (_, mut request) = parts.upload(&server).await;
    request["source"]["import"]["parent_digest"] = json!(digest(99));
    request["source"]["import"]["local_image_id"] = json!(digest(98));
    let added = server.post("/v2/images").json(&request).await.body;
    assert_eq!(added["parent_digest"], digest(99));
    assert_eq!(added["image_detail"][0]["image_id"], format!("{:064}", 98));
    assert_eq!(
        added["image_content"]["metadata"]["dockerfile_mode"],
        "Actual"
    );
    let dockerfile = "RlJPTSBzY3JhdGNoCkNNRCBbIi9iaW4vc2giXQo=";
    assert_eq!(added["image_detail"][0]["dockerfile"], dockerfile);
    analyze(&server).await;
    let analyzed = server.get(&format!("/v2/images/{}", digest(1))).await.body;
    assert_eq!(analyzed["image_detail"][0]["dockerfile"], dockerfile);
    assert_eq!(
        analyzed["image_content"]["metadata"]["dockerfile_mode"],
        "Actual"
    );

    let (_, mut request) = ImageParts::new(2, TAG).upload(&server).await;
    request["source"]["import"]
        .as_object_mut()
        .unwrap()
        .remove("local_image_id");
    let added = server.post("/v2/images").json(&request).await.body;
    assert_eq!(added["image_detail"][0]["image_id"], format!("{:064}", 2));
}

#[tokio::test]
async fn unknown_imports_are_404() {
    let server = TestServer::start().await;
    let path = "/v2/imports/images/nosuch";
    let message = "import operation `nosuch` not found";
    is_error(&server.get(path).await, 404, message);
    is_error(&server.delete(path).await, 404, message);
    is_error(&server.get(&format!("{path}/packages")).await, 404, message);
    is_error(
        &server
            .post(&format!("{path}/manifest"))
            .body("application/json", "{}")
            .await,
        404,
        message,
    );
}

#[tokio::test]
async fn accounts_do_not_see_each_others_imports() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let (uuid, request) = ImageParts::new(1, TAG).upload(&server).await;
    let path = format!("/v2/imports/images/{uuid}");
    let message = "import operation";
    assert_eq!(
        server.get("/v2/imports/images").as_user("alice").await.body,
        json!([])
    );
    is_error(&server.get(&path).as_user("alice").await, 404, message);
    is_error(&server.delete(&path).as_user("alice").await, 404, message);
    is_error(
        &server
            .get(&format!("{path}/packages"))
            .as_user("alice")
            .await,
        404,
        message,
    );
    let upload = server
        .post(&format!("{path}/manifest"))
        .as_user("alice")
        .body("application/json", "{}")
        .await;
    is_error(&upload, 404, message);
    is_error(
        &server
            .post("/v2/images")
            .as_user("alice")
            .json(request)
            .await,
        404,
        message,
    );
    assert_eq!(status(&server, &uuid).await, "pending");
}
