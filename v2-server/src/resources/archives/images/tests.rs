//! Archived analyses, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app-a:1.0";
const PATH: &str = "/v2/archives/images";

async fn archive(server: &TestServer, digests: &[String]) -> Value {
    let answer = server.post(PATH).json(digests).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

async fn event_types(server: &TestServer) -> Vec<String> {
    let events = server.get("/v2/events?event_type=*archive*").await.body;
    let mut types: Vec<_> = events["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            format!(
                "{} {}",
                event["event"]["type"].as_str().unwrap(),
                event["event"]["details"]["msg"].as_str().unwrap()
            )
        })
        .collect();
    types.reverse();
    types
}

async fn restore(server: &TestServer) -> crate::testing::Answer {
    server
        .post("/v2/images")
        .json(json!({ "source": { "archive": { "digest": digest(1) } }, "annotations": { "back": "yes" } }))
        .await
}

#[tokio::test]
async fn an_archived_image_is_listed_and_stays_in_the_working_set() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.annotations = json!({ "owner": "team-a" });
    parts.analyzed(&server).await;
    let import = server.get(&format!("/v2/images/{}", digest(1))).await.body["annotations"]
        ["anchore.system/import_operation_id"]
        .clone();
    server.clock.advance(60);
    assert_eq!(server.get(PATH).await.body, json!([]));
    assert_eq!(
        archive(&server, &[digest(1)]).await,
        json!([{ "digest": digest(1), "status": "archived", "detail": "Completed successfully" }])
    );
    let listed = server.get(PATH).await.body;
    let size = listed[0]["archive_size_bytes"].as_i64().unwrap();
    assert!(size > 1000, "{size}");
    let archived = json!({
        "image_digest": digest(1), "parent_digest": digest(1),
        "annotations": { "anchore.system/import_operation_id": import, "owner": "team-a" },
        "status": "archived",
        "image_detail": [{
            "pull_string": TAG, "registry": "docker.io", "repository": "library/app-a", "tag": "1.0",
            "detected_at": "2026-11-23T09:00:00Z", "created_at": "2026-11-23T09:01:00Z",
            "last_updated": "2026-11-23T09:01:00Z",
        }],
        "created_at": "2026-11-23T09:01:00Z", "last_updated": "2026-11-23T09:01:00Z",
        "analyzed_at": "2026-11-23T09:00:00Z", "archive_size_bytes": size,
    });
    assert_eq!(listed, json!([archived]));
    assert_eq!(
        server.get(&format!("{PATH}/{}", digest(1))).await.body,
        archived
    );
    assert_eq!(
        server
            .get(&format!("/v2/images/{}", digest(1)))
            .await
            .status,
        200
    );
    assert_eq!(
        server.get("/v2/archives").await.body,
        json!({
            "images": { "total_image_count": 1, "total_tag_count": 1, "total_data_bytes": size,
                "last_updated": "2026-11-23T09:01:00Z" },
            "rules": { "count": 0 },
        })
    );
}

#[tokio::test]
async fn each_image_has_its_own_result() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    ImageParts::new(2, TAG).add(&server).await;
    assert_eq!(
        archive(&server, &[digest(1), digest(2), digest(3), digest(1)]).await,
        json!([
            { "digest": digest(1), "status": "archived", "detail": "Completed successfully" },
            { "digest": digest(2), "status": "error", "detail": "image is not analyzed - analysis_status: not_analyzed" },
            { "digest": digest(3), "status": "error",
                "detail": format!("Could not locate an image with digest {} in account admin", digest(3)) },
            { "digest": digest(1), "status": "archived", "detail": "Existing record found, archiving aborted" },
        ])
    );
    assert_eq!(
        event_types(&server).await,
        [
            "system.analysis_archive.image_archived Archived by API request".to_owned(),
            "system.analysis_archive.image_archive_failed image is not analyzed - analysis_status: not_analyzed".to_owned(),
            format!(
                "system.analysis_archive.image_archive_failed Could not locate an image with digest {} in account admin",
                digest(3)
            ),
        ]
    );
}

#[tokio::test]
async fn an_image_comes_back_as_it_was() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.file_contents =
        Some(json!([{ "location": { "path": "/etc/passwd" }, "contents": "cm9vdA==" }]));
    parts.analyzed(&server).await;
    let paths = [
        "content/os",
        "content/java",
        "content/files",
        "metadata/manifest",
        "metadata/dockerfile",
        "artifacts/retrieved-files",
        "sboms/native-json",
        "vuln/all",
        "ancestors",
    ]
    .map(|rest| format!("/v2/images/{}/{rest}", digest(1)));
    let mut before = Vec::new();
    for path in &paths {
        before.push(server.get(path).await.text);
    }
    let record = server.get(&format!("/v2/images/{}", digest(1))).await.body;
    archive(&server, &[digest(1)]).await;
    is_error(
        &restore(&server).await,
        409,
        "Conflict: Image already exists in system. No restore possible",
    );
    server.clock.advance(60);
    // An image on its way out gives way at once.
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    let restored = restore(&server).await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    let mut expected = record;
    expected["last_updated"] = json!("2026-11-23T09:01:00Z");
    expected["annotations"]["back"] = json!("yes");
    assert_eq!(restored.body, expected);
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(server.get(path).await.text, before, "{path}");
    }
    assert_eq!(server.get(PATH).await.body.as_array().unwrap().len(), 1);
    assert_eq!(
        event_types(&server).await[1..],
        [
            "system.image_analysis.restore_from_archive_failed Conflict: Image already exists in system. No restore possible",
            "system.image_analysis.restored_from_archive Restored by API request",
        ]
    );
}

#[tokio::test]
async fn what_is_deleted_from_the_archive_cannot_come_back() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    archive(&server, &[digest(1)]).await;
    let path = format!("{PATH}/{}", digest(1));
    assert_eq!(
        server.delete(&format!("{path}?force=true")).await.status,
        200
    );
    is_error(&server.get(&path).await, 404, "Not found in archive");
    is_error(&server.delete(&path).await, 404, "Not found in archive");
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    is_error(
        &restore(&server).await,
        404,
        "image not found in the archive",
    );
    assert_eq!(
        event_types(&server).await[1],
        "system.analysis_archive.archived_image_deleted Deleted by API request"
    );
}

#[tokio::test]
async fn bad_lists_of_digests_are_refused() {
    let server = TestServer::start().await;
    for body in [
        json!([]),
        json!(vec!["x"; 101]),
        json!({ "digest": digest(1) }),
        json!([1]),
    ] {
        is_problem(&server.post(PATH).json(&body).await, 400, "");
    }
    assert_eq!(event_types(&server).await, [""; 0]);
}

#[tokio::test]
async fn accounts_have_archives_of_their_own() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    archive(&server, &[digest(1)]).await;
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
    let path = format!("{PATH}/{}", digest(1));
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "Not found in archive",
    );
    is_error(
        &server.delete(&path).as_user("alice").await,
        404,
        "Not found in archive",
    );
    let restored = server
        .post("/v2/images")
        .as_user("alice")
        .json(json!({ "source": { "archive": { "digest": digest(1) } } }))
        .await;
    is_error(&restored, 404, "image not found in the archive");
}
