//! Alerts about images that fail a policy under a watched tag.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use windlass_tests::image::{Image, image, sbom};
use windlass_tests::story::Story;
use windlass_tests::world::World;

const V1: &str = "/enterprise/alerts/compliance_violations";
const V2: &str = "/alerts/compliance-violations";

pub(crate) static STORY: Story = Story::in_world(
    || World::builder().alerts_every(Duration::from_millis(200)),
    |world| {
        Box::pin(async {
            let image = image("docker.io/library/shop:1.0", '1');
            world.import_over_v1(&image, &sbom()).await;
            world.analyzed(&image.digest).await;
            nothing_is_wrong_yet(world).await;
            every_image_is_stopped(world).await;
            the_tag_is_watched(world, &image).await;
            let alert = the_alert_is_raised(world, &image).await;
            alerts_are_closed_and_opened_over_both_versions(world, &alert).await;
        })
    },
);

#[tokio::test]
async fn alerts_are_raised_and_closed_over_both_versions() {
    STORY.told().await;
}

async fn nothing_is_wrong_yet(world: &World) {
    let (v1, v2) = world.admin();
    for list in [V2, "/alerts/summaries"] {
        assert_eq!(v2.get(&format!("{list}?state=all")).await.ok(), json!([]));
    }
    for list in [V1, "/enterprise/alerts/summaries"] {
        v1.get(list).await.ok();
    }
    for answer in [
        v1.get(&format!("{V1}/none-such")).await,
        v2.get(&format!("{V2}/none-such")).await,
    ] {
        assert_eq!(answer.with(404)["message"], "alert not found");
    }
}

/// By a policy that stops whatever it is asked about.
async fn every_image_is_stopped(world: &World) {
    let (_, v2) = world.admin();
    let policy = json!({
        "id": "strict", "name": "strict", "version": "2",
        "rule_sets": [{ "id": "all", "name": "all", "version": "2", "rules": [
            { "id": "never", "gate": "always", "trigger": "always", "action": "STOP", "params": [] },
        ] }],
        "mappings": [{
            "id": "any", "name": "any", "registry": "*", "repository": "*",
            "image": { "type": "tag", "value": "*" }, "rule_set_ids": ["all"], "allowlist_ids": [],
        }],
    });
    let mut record = v2.post("/policies", &policy).await.ok();
    record["active"] = json!(true);
    record["policy"] = policy;
    v2.put("/policies/strict?active=true", &record).await.ok();
}

async fn the_tag_is_watched(world: &World, image: &Image) {
    let (_, v2) = world.admin();
    let path = format!(
        "/subscriptions?subscription_key={}&subscription_type=policy_eval",
        image.tag
    );
    let found = v2.get(&path).await.ok();
    let id = found[0]["subscription_id"].as_str().expect("an id");
    let path = format!("/subscriptions/{id}");
    v2.put(&path, &json!({ "active": true })).await.ok();
}

async fn the_alert_is_raised(world: &World, image: &Image) -> Value {
    let (v1, v2) = world.admin();
    world
        .until(async || v2.get(V2).await.ok() != json!([]))
        .await;
    let open = v2.get(V2).await.ok();
    let alert = open[0].clone();
    assert_eq!(open, json!([alert]), "one is enough");
    assert_eq!(
        (&alert["state"], &alert["resource"]["image_digest"]),
        (&json!("open"), &json!(image.digest))
    );
    assert_eq!(v1.get(V1).await.ok(), open);
    let id = alert["uuid"].as_str().expect("an id");
    assert_eq!(v1.get(&format!("{V1}/{id}")).await.ok(), alert);
    assert_eq!(v2.get(&format!("{V2}/{id}")).await.ok(), alert);
    let summaries = v2.get("/alerts/summaries").await.ok();
    assert_eq!(summaries[0]["uuid"], id);
    assert_eq!(v1.get("/enterprise/alerts/summaries").await.ok(), summaries);
    alert
}

/// V1 has the state in the path, V2 in the body.
async fn alerts_are_closed_and_opened_over_both_versions(world: &World, alert: &Value) {
    let (v1, v2) = world.admin();
    let id = alert["uuid"].as_str().expect("an id");
    let over_v1 = async |state: &str| {
        v1.call(Method::PUT, &format!("{V1}/{id}/{state}"), None)
            .await
            .ok()
    };
    let over_v2 = async |state: &str| {
        let body = json!({ "state": state });
        v2.call(Method::PATCH, &format!("{V2}/{id}"), Some(&body))
            .await
            .ok()
    };
    let closed = over_v1("closed").await;
    assert_eq!(
        (&closed["state"], &closed["closed_by"]),
        (&json!("closed"), &json!("admin"))
    );
    assert_eq!(v2.get(V2).await.ok(), json!([]), "open ones are listed");
    assert_eq!(over_v2("open").await["state"], "open");
    assert_eq!(over_v2("closed").await["state"], "closed");
    let open = over_v1("open").await;
    assert_eq!(v2.get(V2).await.ok(), json!([open]));
}
