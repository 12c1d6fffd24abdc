//! By-products of analyses, called through the whole router.

use serde_json::json;

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error};

const TAG: &str = "docker.io/library/app-a:1.0";
const ALL: [&str; 3] = ["retrieved-files", "file-content-search", "secret-search"];

fn path(artifact: &str) -> String {
    format!("/v2/images/{}/artifacts/{artifact}", digest(1))
}

#[tokio::test]
async fn what_an_import_brought_is_listed() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    let found = |name: &str, line: u32| json!({ "classification": name, "line_number": line, "line_offset": 0, "seek_position": 0, "length": 9 });
    parts.secret_searches = Some(
        json!([{ "location": { "path": "/root/.aws" }, "content_searches": [found("AWS_ACCESS_KEY", 3)] }]),
    );
    parts.content_searches = Some(
        json!([{ "location": { "path": "/etc/motd" }, "content_searches": [found("WELCOME", 2), found("WELCOME", 0)] }]),
    );
    parts.file_contents =
        Some(json!([{ "location": { "path": "/etc/passwd" }, "contents": "cm9vdA==" }]));
    parts.analyzed(&server).await;
    assert_eq!(
        server.get(&path("secret-search")).await.body,
        json!([{ "path": "/root/.aws", "matches": [{ "name": "AWS_ACCESS_KEY", "regex": "", "lines": [3] }] }])
    );
    assert_eq!(
        server.get(&path("file-content-search")).await.body,
        json!([{ "path": "/etc/motd", "matches": [{ "name": "WELCOME", "regex": "", "lines": [0, 2] }] }])
    );
    assert_eq!(
        server.get(&path("retrieved-files")).await.body,
        json!([{ "path": "/etc/passwd", "b64_content": "cm9vdA==" }])
    );
}

#[tokio::test]
async fn an_analyzed_image_without_any_has_empty_lists() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    for artifact in ALL {
        let answer = server.get(&path(artifact)).await;
        assert_eq!((answer.status, answer.body), (200, json!([])), "{artifact}");
    }
}

#[tokio::test]
async fn an_image_that_is_not_analyzed_has_none_yet() {
    let server = TestServer::start().await;
    for artifact in ALL {
        is_error(
            &server.get(&path(artifact)).await,
            404,
            "image not found in DB",
        );
    }
    ImageParts::new(1, TAG).add(&server).await;
    for artifact in ALL {
        is_error(
            &server.get(&path(artifact)).await,
            404,
            "image is not analyzed - analysis_status: not_analyzed",
        );
    }
}
