//! Ancestors, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error};

fn with_layers(number: u32, layers: &[u32]) -> ImageParts {
    let mut parts = ImageParts::new(number, &format!("docker.io/library/app:{number}"));
    parts.manifest["layers"] = layers
        .iter()
        .map(|layer| json!({ "digest": digest(*layer), "size": 1 }))
        .collect();
    parts
}

async fn ancestors(server: &TestServer, number: u32) -> Value {
    let answer = server
        .get(&format!("/v2/images/{}/ancestors", digest(number)))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

#[tokio::test]
async fn images_that_begin_alike_are_ancestors_by_number_of_layers() {
    let server = TestServer::start().await;
    for (number, layers) in [
        (1, &[800][..]),
        (2, &[800, 801]),
        (3, &[800, 801, 802]),
        (4, &[800, 805]),
        (5, &[801]),
    ] {
        with_layers(number, layers).analyzed(&server).await;
    }
    assert_eq!(
        ancestors(&server, 3).await,
        json!([
            { "image_digest": digest(1), "tags": ["docker.io/library/app:1"], "layers": [digest(800)] },
            { "image_digest": digest(2), "tags": ["docker.io/library/app:2"], "layers": [digest(800), digest(801)] },
        ])
    );
    assert_eq!(ancestors(&server, 1).await, json!([]));
}

#[tokio::test]
async fn images_with_the_same_layers_are_ancestors_of_each_other() {
    let server = TestServer::start().await;
    with_layers(1, &[800]).analyzed(&server).await;
    with_layers(2, &[800]).analyzed(&server).await;
    assert_eq!(ancestors(&server, 1).await[0]["image_digest"], digest(2));
    assert_eq!(ancestors(&server, 2).await[0]["image_digest"], digest(1));
}

#[tokio::test]
async fn only_images_of_the_account_that_stay_and_are_analyzed_count() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    let mut foreign = with_layers(1, &[800]);
    foreign.user = "alice";
    foreign.analyzed(&server).await;
    with_layers(2, &[800]).analyzed(&server).await;
    with_layers(3, &[800, 801]).analyzed(&server).await;
    with_layers(4, &[800]).add(&server).await;
    server
        .delete(&format!("/v2/images/{}?force=true", digest(2)))
        .await;
    assert_eq!(ancestors(&server, 3).await, json!([]));
    let path = |number| format!("/v2/images/{}/ancestors", digest(number));
    is_error(&server.get(&path(7)).await, 404, "image not found in DB");
    is_error(
        &server.get(&path(4)).await,
        404,
        "image is not analyzed - analysis_status: not_analyzed",
    );
}
