//! What is done with an analysed image besides reading it: the archive and its rules, queries
//! across images, SBOMs, ancestors. Told within the story of images.

use serde_json::{Value, json};
use windlass_tests::facts::{assert_same, each, told_as};
use windlass_tests::image::Image;
use windlass_tests::world::World;

pub(crate) async fn analyses_are_archived(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let one = format!("/archives/images/{}", image.digest);
    for (archiving, deleting) in [(&v1, &v2), (&v2, &v1)] {
        let rows = archiving
            .post("/archives/images", &json!([image.digest]))
            .await
            .ok();
        assert_eq!(
            (&rows[0]["digest"], &rows[0]["status"]),
            (&json!(image.digest), &json!("archived"))
        );
        let over_v2 = v2.get("/archives/images").await.ok();
        let over_v1 = v1.get("/archives/images").await.ok();
        assert_eq!(each(&over_v2, "image_digest"), [image.digest.as_str()]);
        assert_eq!(each(&over_v1, "imageDigest"), [image.digest.as_str()]);
        let (one_v1, one_v2) = (v1.get(&one).await.ok(), v2.get(&one).await.ok());
        assert_eq!(one_v1, over_v1[0]);
        assert_eq!(
            each(&one_v1["image_detail"], "pullstring"),
            each(&one_v2["image_detail"], "pull_string")
        );
        let (all_v1, all_v2) = (
            v1.get("/archives").await.ok(),
            v2.get("/archives").await.ok(),
        );
        assert_same(&all_v1["images"], &all_v2["images"]);
        assert_eq!(all_v1["rules"]["count"], all_v2["rules"]["count"]);
        let deleted = deleting.delete(&format!("{one}?force=true")).await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        v1.get(&one).await.with(404);
        v2.get(&one).await.with(404);
    }
}

pub(crate) async fn rules_feed_the_archive(world: &World) {
    let (v1, v2) = world.admin();
    let rule = json!({
        "transition": "archive", "analysis_age_days": 90, "tag_versions_newer": 1,
        "selector": {"registry": "docker.io", "repository": "library/*", "tag": "*"},
        "exclude": {"selector": {"registry": "docker.io", "repository": "library/shop", "tag": "keep"}},
    });
    for (adding, deleting) in [(&v1, &v2), (&v2, &v1)] {
        let added = adding.post("/archives/rules", &rule).await.ok();
        let one = format!(
            "/archives/rules/{}",
            added["rule_id"].as_str().expect("an id")
        );
        let (one_v1, one_v2) = (v1.get(&one).await.ok(), v2.get(&one).await.ok());
        assert_eq!(one_v1["exclude"]["expiration_days"], -1);
        assert_eq!(one_v1["rule_id"], one_v2["rule_id"]);
        assert_eq!(v1.get("/archives/rules").await.ok(), json!([one_v1]));
        let over_v2 = v2.get("/archives/rules").await.ok();
        assert_eq!(each(&over_v2, "rule_id"), each(&json!([one_v2]), "rule_id"));
        let deleted = deleting.delete(&one).await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        v1.get(&one).await.with(404);
    }
}

pub(crate) async fn queries_go_across_images(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let over_v2 = v2.get("/query/images/by-package?name=curl").await.ok();
    let over_v1 = v1.get("/query/images/by_package?name=curl").await.ok();
    let digests = |answer: &Value, name: &str| -> Vec<Value> {
        let images = answer["images"].as_array().expect("images").iter();
        images.map(|row| row["image"][name].clone()).collect()
    };
    let found = digests(&over_v1, "imageDigest");
    assert_eq!(found, digests(&over_v2, "image_digest"));
    assert!(found.contains(&json!(image.digest)), "{over_v1}");
    assert_eq!(over_v1["page"], "1");
    v1.get("/query/images/by_package").await.with(400);
    let path = "/query/vulnerabilities?id=CVE-1999-0001,CVE-1999-0002";
    assert_eq!(v1.get(path).await.ok(), v2.get(path).await.ok());
}

pub(crate) async fn sboms_and_ancestors_are_told(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    for form in ["native-json", "spdx-json", "cyclonedx-json"] {
        let path = format!("/images/{}/sboms/{form}", image.digest);
        let (over_v1, over_v2) = (v1.get(&path).await, v2.get(&path).await);
        assert_eq!((over_v1.status, over_v2.status), (200, 200), "{form}");
        assert!(over_v1.json().is_object(), "{form}");
    }
    let path = format!("/images/{}/ancestors", image.digest);
    let ancestors = v2.get(&path).await.ok();
    let names = if ancestors == json!([]) {
        ancestors
    } else {
        told_as(&ancestors, &[("image_digest", "imageDigest")])
    };
    assert_eq!(v1.get(&format!("/enterprise{path}")).await.ok(), names);
}
