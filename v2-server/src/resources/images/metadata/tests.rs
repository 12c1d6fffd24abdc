//! Documents about images, called through the whole router.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error};

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(kind: &str) -> String {
    format!("/v2/images/{}/metadata/{kind}", digest(1))
}

async fn text(server: &TestServer, kind: &str) -> String {
    let answer = server.get(&path(kind)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["image_digest"], digest(1));
    assert_eq!(answer.body["metadata_type"], kind);
    String::from_utf8(
        STANDARD
            .decode(answer.body["metadata"].as_str().unwrap())
            .unwrap(),
    )
    .unwrap()
}

#[tokio::test]
async fn the_kinds_are_the_same_for_every_image() {
    let server = TestServer::start().await;
    let kinds = server
        .get(&format!("/v2/images/{}/metadata", digest(1)))
        .await;
    assert_eq!(
        kinds.body,
        json!(["manifest", "docker_history", "dockerfile"])
    );
}

#[tokio::test]
async fn documents_come_in_base64_as_they_are() {
    let server = TestServer::start().await;
    let parts = ImageParts::new(1, TAG);
    let manifest = parts.manifest.to_string();
    parts.analyzed(&server).await;
    assert_eq!(text(&server, "manifest").await, manifest);
    let history: Value = serde_json::from_str(&text(&server, "docker_history").await).unwrap();
    let layers: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (&step["Id"], &step["Size"]))
        .collect();
    assert_eq!(
        layers,
        [
            (&json!(digest(900)), &json!(2_797_541)),
            (&json!(digest(901)), &json!(100)),
            (&json!("<missing>"), &json!(0))
        ]
    );
    assert_eq!(
        text(&server, "dockerfile").await,
        "FROM scratch\nADD file in /\nRUN apk add musl\nCMD [\"/bin/sh\"]\n"
    );
}

#[tokio::test]
async fn a_supplied_dockerfile_is_shown_instead_of_a_guess() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.dockerfile = Some("FROM alpine:3.12\n");
    parts.analyzed(&server).await;
    assert_eq!(text(&server, "dockerfile").await, "FROM alpine:3.12\n");
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.image_config = json!({});
    parts.add(&server).await;
    is_error(
        &server.get(&path("manifest")).await,
        404,
        "image is not analyzed - analysis_status: not_analyzed",
    );
    crate::resources::images::testing::analyze(&server).await;
    is_error(
        &server.get(&path("nosuch")).await,
        404,
        "content type (nosuch) not available",
    );
    is_error(
        &server.get(&path("sbom")).await,
        404,
        "content type (sbom) not available",
    );
    is_error(
        &server.get(&path("dockerfile")).await,
        404,
        "the image has no dockerfile",
    );
    let other = format!("/v2/images/{}/metadata/manifest", digest(7));
    is_error(&server.get(&other).await, 404, "image not found in DB");
}
