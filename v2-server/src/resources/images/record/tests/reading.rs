//! Reading images, and who may.

use serde_json::json;

use super::{TAG, digests, path};
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

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
