//! Adding images of a registry; the registry is one of the tests' own.

use serde_json::{Value, json};

use super::{events, path};
use crate::distribution::testing::{IMAGE, digest, registry};
use crate::resources::images::testing::analyze;
use crate::testing::{TestServer, is_error};

/// A server that may ask a registry without a certificate; gives the registry's address, too.
async fn with_registry() -> (TestServer, String) {
    let server = TestServer::start().await;
    let registry = registry().await.to_string();
    let login = json!({
        "registry": registry, "registry_user": "bob", "registry_pass": "secret", "registry_verify": false,
    });
    let added = server
        .post("/v2/registries?validate=false")
        .json(login)
        .await;
    assert_eq!(added.status, 200, "{}", added.text);
    (server, registry)
}

fn tag(pull_string: &str) -> Value {
    json!({ "source": { "tag": { "pull_string": pull_string } } })
}

fn pinned(registry: &str) -> Value {
    json!({ "source": { "digest": {
        "pull_string": format!("{registry}/team/app@{}", digest(IMAGE)),
        "tag": format!("{registry}/team/app:1.0"),
        "creation_timestamp_override": "2023-01-01T00:00:00Z",
    } } })
}

#[tokio::test]
async fn a_tag_is_recorded_as_what_the_registry_says_it_is() {
    let (server, registry) = with_registry().await;
    let full_tag = format!("{registry}/team/app:1.0");
    let mut request = tag(&full_tag);
    request["annotations"] = json!({ "k": "v" });
    let added = server.post("/v2/images").json(request).await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert_eq!(added.body["image_digest"], digest(IMAGE));
    assert_eq!(added.body["parent_digest"], digest(IMAGE));
    assert_eq!(added.body["annotations"], json!({ "k": "v" }));
    assert_eq!(added.body["image_detail"][0]["image_id"], "c0ffee");
    assert_eq!(added.body["image_detail"][0]["full_tag"], full_tag);
    assert_eq!(
        added.body["image_content"]["metadata"]["dockerfile_mode"],
        Value::Null
    );
    // Nobody analyses images of registries yet.
    analyze(&server).await;
    let image = server.get(&path(&digest(IMAGE))).await.body;
    assert_eq!(image["analysis_status"], "not_analyzed");
    assert_eq!(
        server
            .get("/v2/subscriptions")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[tokio::test]
async fn a_tag_of_several_platforms_has_the_list_as_parent() {
    let (server, registry) = with_registry().await;
    let request = tag(&format!("{registry}/team/app:multi"));
    let added = server.post("/v2/images").json(request).await.body;
    assert_eq!(added["image_digest"], digest(IMAGE));
    assert_ne!(added["parent_digest"], added["image_digest"]);
}

#[tokio::test]
async fn a_dockerfile_is_only_taken_for_a_new_image_or_by_force() {
    let (server, registry) = with_registry().await;
    let mut request = tag(&format!("{registry}/team/app:1.0"));
    server.post("/v2/images").json(&request).await;
    request["source"]["tag"]["dockerfile"] = json!("RlJPTSBzY3JhdGNoCg==");
    let refused = server.post("/v2/images").json(&request).await;
    is_error(&refused, 400, "a Dockerfile can only be given");
    let forced = server
        .post("/v2/images?force=true")
        .json(&request)
        .await
        .body;
    assert_eq!(
        forced["image_detail"][0]["dockerfile"],
        "RlJPTSBzY3JhdGNoCg=="
    );
    assert_eq!(
        forced["image_content"]["metadata"]["dockerfile_mode"],
        "Actual"
    );
}

#[tokio::test]
async fn a_digest_may_say_when_its_tag_pointed_at_it() {
    let (server, registry) = with_registry().await;
    let refused = server
        .post("/v2/images?force=true")
        .json(pinned(&registry))
        .await;
    is_error(
        &refused,
        400,
        "an image named by its digest must be there already",
    );
    let added = server.post("/v2/images").json(pinned(&registry)).await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert_eq!(added.body["created_at"], "2023-01-01T00:00:00Z");
    assert_eq!(
        added.body["image_detail"][0]["tag_detected_at"],
        "2023-01-01T00:00:00Z"
    );

    let mut again = pinned(&registry);
    again["source"]["digest"]
        .as_object_mut()
        .unwrap()
        .remove("creation_timestamp_override");
    let forced = server.post("/v2/images?force=true").json(again).await.body;
    assert_eq!(
        forced["created_at"], "2023-01-01T00:00:00Z",
        "the time is kept"
    );
}

#[tokio::test]
async fn a_failed_look_up_is_a_400_with_its_code_and_an_event() {
    let (server, registry) = with_registry().await;
    for (pull_string, code) in [
        (
            format!("{registry}/team/app:nosuch"),
            "REGISTRY_IMAGE_NOT_FOUND",
        ),
        (format!("{registry}/team/app:old"), "REGISTRY_NOT_SUPPORTED"),
        ("127.0.0.1:1/none:1".to_owned(), "REGISTRY_NOT_ACCESSIBLE"),
    ] {
        let answer = server.post("/v2/images").json(tag(&pull_string)).await;
        is_error(
            &answer,
            400,
            "cannot fetch image digest/manifest from registry",
        );
        assert_eq!(answer.body["detail"]["error_codes"], json!([code]));
        let expected = (
            "system.image_analysis.registry_lookup_failed".to_owned(),
            pull_string,
        );
        assert_eq!(events(&server).await[0], expected);
    }
    assert_eq!(server.get("/v2/images").await.body, json!({ "items": [] }));
}
