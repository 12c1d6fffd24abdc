//! Deleting images.

use serde_json::{Value, json};

use super::{TAG, digests, path, subscriptions};
use crate::resources::images::record;
use crate::resources::images::testing::{ImageParts, analyze, digest};
use crate::testing::{TestServer, is_error, is_problem};

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
    let deleting = json!({ "image_digest": digest(1), "status": "deleting" });
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

    record::remove_deleting(server.state.clone()).await.unwrap();
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
    record::remove_deleting(server.state.clone()).await.unwrap();
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
