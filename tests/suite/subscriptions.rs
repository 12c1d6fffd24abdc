//! Subscriptions: what is watched, and whether it is told.

use serde_json::{Value, json};
use windlass_tests::facts::{each, names, told_as};
use windlass_tests::story::Story;
use windlass_tests::world::World;

const TAG: &str = "docker.io/library/debian:12";

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        subscriptions_are_made_and_found(world).await;
        subscriptions_are_switched(world).await;
        unknown_ones_answer_as_each_version_did(world).await;
        subscriptions_end(world).await;
    })
});

#[tokio::test]
async fn subscriptions_are_managed_over_both_versions() {
    STORY.told().await;
}

fn request(kind: &str) -> Value {
    json!({"subscription_key": TAG, "subscription_type": kind, "subscription_value": null})
}

async fn id(world: &World, kind: &str) -> String {
    let (_, v2) = world.admin();
    let found = v2
        .get(&format!(
            "/subscriptions?subscription_key={TAG}&subscription_type={kind}"
        ))
        .await
        .ok();
    found[0]["subscription_id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn subscriptions_are_made_and_found(world: &World) {
    let (v1, v2) = world.admin();
    let made = v1.post("/subscriptions", &request("tag_update")).await.ok();
    assert_eq!(
        names(&made[0]),
        [
            "active",
            "subscription_id",
            "subscription_key",
            "subscription_type",
            "subscription_value",
            "userId"
        ]
    );
    assert_eq!(
        (&made[0]["active"], &made[0]["userId"]),
        (&json!(false), &json!("admin"))
    );
    let path = format!("/subscriptions/{}", id(world, "tag_update").await);
    assert_eq!(v1.get(&path).await.ok(), made);
    assert_eq!(
        v2.get(&path).await.ok(),
        told_as(&made, &[("userId", "account_name")])
    );

    let made = v2
        .post("/subscriptions", &request("policy_eval"))
        .await
        .ok();
    let path = format!("/subscriptions/{}", id(world, "policy_eval").await);
    assert_eq!(
        v1.get(&path).await.ok(),
        told_as(&made, &[("account_name", "userId")])
    );

    let message = "subscription already exists in DB";
    assert_eq!(
        v1.post("/subscriptions", &request("tag_update"))
            .await
            .with(500),
        json!({"message": message, "httpcode": 500, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.post("/subscriptions", &request("tag_update"))
            .await
            .with(409)["message"],
        message
    );

    for caller in [&v1, &v2] {
        let all = caller.get("/subscriptions").await.ok();
        assert_eq!(
            each(&all, "subscription_type"),
            ["tag_update", "policy_eval"]
        );
        let one = caller
            .get("/subscriptions?subscription_type=policy_eval")
            .await
            .ok();
        assert_eq!(each(&one, "subscription_type"), ["policy_eval"]);
        assert_eq!(
            caller
                .get("/subscriptions?subscription_key=docker.io/library/other:1")
                .await
                .ok(),
            json!([])
        );
    }
}

async fn subscriptions_are_switched(world: &World) {
    let (v1, v2) = world.admin();
    let path = format!("/subscriptions/{}", id(world, "tag_update").await);
    let on = v1
        .put(
            &path,
            &json!({"active": true, "subscription_key": TAG, "subscription_type": "tag_update"}),
        )
        .await
        .ok();
    assert_eq!(on[0]["active"], true);
    assert_eq!(v2.get(&path).await.ok()[0]["active"], true);
    let off = v2.put(&path, &json!({"active": false})).await.ok();
    assert_eq!(
        v1.get(&path).await.ok(),
        told_as(&off, &[("account_name", "userId")])
    );
}

async fn unknown_ones_answer_as_each_version_did(world: &World) {
    let (v1, v2) = world.admin();
    let path = "/subscriptions/0123456789abcdef0123456789abcdef";
    assert_eq!(v1.get(path).await.ok(), json!([]));
    assert_eq!(
        v2.get(path).await.with(404)["message"],
        "subscription not found in DB"
    );
    assert_eq!(
        v1.put(path, &json!({"active": true})).await.with(500)["message"],
        "subscription not found in DB"
    );
    v2.put(path, &json!({"active": true})).await.with(404);
    assert_eq!(v1.delete(path).await.ok(), json!(true));
    v2.delete(path).await.with(404);
    for caller in [&v1, &v2] {
        let refused = caller
            .post("/subscriptions", &request("none_such"))
            .await
            .with(400);
        assert_eq!(
            refused["message"],
            "none_such is not a supported subscription type"
        );
    }
}

async fn subscriptions_end(world: &World) {
    let (v1, v2) = world.admin();
    let path = format!("/subscriptions/{}", id(world, "tag_update").await);
    assert_eq!(v1.delete(&path).await.ok(), json!(true));
    let path = format!("/subscriptions/{}", id(world, "policy_eval").await);
    v2.delete(&path).await.empty(204);
    assert_eq!(v1.get("/subscriptions").await.ok(), json!([]));
    assert_eq!(v2.get("/subscriptions").await.ok(), json!([]));
}
