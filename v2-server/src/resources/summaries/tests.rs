//! Summaries, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_problem};

const PATH: &str = "/v2/summaries/image-tags";

fn tags(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["full_tag"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_tag_of_every_image_is_a_row() {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app-a:1.0")
        .analyzed(&server)
        .await;
    server.clock.advance(10);
    let mut second = ImageParts::new(2, "docker.io/library/app-a:1.0");
    second.tags.push("quay.io/team/app:2".to_owned());
    second.add(&server).await;
    let answer = server.get(PATH).await;
    assert_eq!(
        answer.body["items"][0],
        json!({
            "image_digest": digest(1), "parent_digest": digest(1), "image_id": format!("{:064}", 501),
            "analysis_status": "analyzed", "full_tag": "docker.io/library/app-a:1.0", "created_at": 1_795_424_400,
            "analyzed_at": 1_795_424_400, "tag_detected_at": 1_795_424_400, "image_status": "active",
        })
    );
    assert!(answer.body["items"][1].get("analyzed_at").is_none());
    assert_eq!(answer.body["items"][1]["tag_detected_at"], 1_795_424_410);
    assert_eq!(
        tags(&answer.body),
        [
            "docker.io/library/app-a:1.0",
            "docker.io/library/app-a:1.0",
            "quay.io/team/app:2"
        ]
    );
}

#[tokio::test]
async fn images_on_their_way_out_are_shown_when_asked_for() {
    let server = TestServer::start().await;
    ImageParts::new(1, "a:1").analyzed(&server).await;
    ImageParts::new(2, "a:2").analyzed(&server).await;
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    for (query, expected) in [
        ("", vec!["docker.io/a:2"]),
        ("?image_status=active", vec!["docker.io/a:2"]),
        ("?image_status=deleting", vec!["docker.io/a:1"]),
        ("?image_status=all", vec!["docker.io/a:1", "docker.io/a:2"]),
        (
            "?image_status=active,deleting",
            vec!["docker.io/a:1", "docker.io/a:2"],
        ),
        (
            "?image_status=active&image_status=active",
            vec!["docker.io/a:2"],
        ),
    ] {
        assert_eq!(
            tags(&server.get(&format!("{PATH}{query}")).await.body),
            expected,
            "{query}"
        );
    }
    is_problem(
        &server.get(&format!("{PATH}?image_status=nosuch")).await,
        400,
        "query parameter `image_status`",
    );
}

#[tokio::test]
async fn a_long_summary_is_whole() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, "a:0000");
    parts.tags = (0..2100)
        .map(|number| format!("docker.io/a:{number:04}"))
        .collect();
    parts.add(&server).await;
    assert_eq!(tags(&server.get(PATH).await.body), parts.tags);
}

#[tokio::test]
async fn accounts_do_not_see_each_others_tags() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    ImageParts::new(1, "a:1").add(&server).await;
    assert_eq!(
        server.get(PATH).as_user("alice").await.body,
        json!({ "items": [] })
    );
    server.account_with_user("acme", "nobody", "").await;
    assert_eq!(server.get(PATH).as_user("nobody").await.status, 403);
}
