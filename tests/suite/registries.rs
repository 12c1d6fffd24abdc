//! Registries, and repositories that are watched in them.

use serde_json::{Value, json};
use windlass_tests::facts::{each, names, told_as};
use windlass_tests::registry::{PASSWORD, REPOSITORY, Registry, TAGS, USER};
use windlass_tests::story::Story;
use windlass_tests::world::World;

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let registry = Registry::start().await;
        a_login_is_tried_before_it_is_stored(world, &registry).await;
        registries_are_found_and_changed(world, &registry).await;
        a_repository_is_watched(world, &registry).await;
        registries_with_slashes_are_deleted(world, &registry).await;
    })
});

#[tokio::test]
async fn registries_are_managed_over_both_versions() {
    STORY.told().await;
}

/// What a client sends to add a registry.
fn login(registry: &str, password: &str) -> Value {
    json!({
        "registry": registry, "registry_user": USER, "registry_pass": password,
        "registry_type": "docker_v2", "registry_verify": false,
    })
}

async fn a_login_is_tried_before_it_is_stored(world: &World, registry: &Registry) {
    let (v1, v2) = world.admin();
    let wrong = login(&registry.name(), "wrong");
    let refused = v1.post("/registries", &wrong).await.with(406);
    assert_eq!(names(&refused), ["detail", "httpcode", "message"]);
    assert_eq!(
        v2.post("/registries", &wrong).await.with(406)["message"],
        refused["message"]
    );
    assert_eq!(v1.get("/registries").await.ok(), json!([]));
    assert_eq!(v2.get("/registries").await.ok(), json!([]));

    let added = v1
        .post("/registries", &login(&registry.name(), PASSWORD))
        .await
        .ok();
    assert_eq!(
        names(&added[0]),
        [
            "created_at",
            "last_updated",
            "registry",
            "registry_name",
            "registry_type",
            "registry_user",
            "registry_verify",
            "userId"
        ]
    );
    assert_eq!(
        (&added[0]["userId"], &added[0]["registry"]),
        (&json!("admin"), &json!(registry.name()))
    );
    let found = v2
        .get(&format!("/registries/{}", registry.name()))
        .await
        .ok();
    assert_eq!(found, told_as(&added, &[("userId", "account_name")]));

    let sub = format!("{}/{}", registry.name(), "team");
    let added = v2.post("/registries", &login(&sub, PASSWORD)).await.ok();
    assert_eq!(
        v2.get(&format!("/registries/{}%2Fteam", registry.name()))
            .await
            .ok(),
        added
    );
    for path in [
        format!("/registries/{sub}"),
        format!("/registries/{}%2Fteam", registry.name()),
    ] {
        let found = v1.get(&path).await.ok();
        assert_eq!(
            found,
            told_as(&added, &[("account_name", "userId")]),
            "{path}"
        );
    }
    let not_tried = login("nowhere.example.com", "any");
    v1.post("/registries?validate=False", &not_tried).await.ok();

    let message = "registry already exists in DB";
    assert_eq!(
        v1.post("/registries?validate=false", &not_tried)
            .await
            .with(500),
        json!({"message": message, "httpcode": 500, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.post("/registries?validate=false", &not_tried)
            .await
            .with(409)["message"],
        message
    );
}

async fn registries_are_found_and_changed(world: &World, registry: &Registry) {
    let (v1, v2) = world.admin();
    let all = v2.get("/registries").await.ok();
    assert_eq!(
        each(&all, "registry"),
        [
            registry.name().as_str(),
            &format!("{}/team", registry.name()),
            "nowhere.example.com"
        ]
    );
    assert_eq!(
        v1.get("/registries").await.ok(),
        told_as(&all, &[("account_name", "userId")])
    );

    let renamed = json!({"registry": "nowhere.example.com", "registry_user": "other", "registry_pass": "x", "registry_name": "Nowhere"});
    let changed = v1
        .put("/registries/nowhere.example.com?validate=false", &renamed)
        .await
        .ok();
    assert_eq!(
        (&changed[0]["registry_user"], &changed[0]["registry_name"]),
        (&json!("other"), &json!("Nowhere"))
    );
    let found = v2.get("/registries/nowhere.example.com").await.ok();
    assert_eq!(changed, told_as(&found, &[("account_name", "userId")]));
    let changed = v2
        .put(
            "/registries/nowhere.example.com?validate=false",
            &json!({"registry_name": "Still nowhere"}),
        )
        .await
        .ok();
    assert_eq!(
        v1.get("/registries/nowhere.example.com").await.ok(),
        told_as(&changed, &[("account_name", "userId")])
    );

    let unknown = v1.get("/registries/unknown.example.com").await.with(404);
    assert_eq!(
        unknown,
        json!({"message": "registry not found in DB", "httpcode": 404, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.get("/registries/unknown.example.com").await.with(404)["message"],
        unknown["message"]
    );
    for answer in [
        v1.get("/registries").await.text(),
        v2.get("/registries").await.text(),
    ] {
        assert!(
            !answer.contains(PASSWORD) && !answer.contains("registry_pass"),
            "{answer}"
        );
    }
}

async fn a_repository_is_watched(world: &World, registry: &Registry) {
    let (v1, v2) = world.admin();
    let repository = format!("{}/{REPOSITORY}", registry.name());
    let dry = v1
        .post_empty(&format!(
            "/repositories?repository={repository}&dryrun=True"
        ))
        .await
        .ok();
    assert_eq!(
        names(&dry[0]),
        [
            "active",
            "subscription_id",
            "subscription_key",
            "subscription_type",
            "subscription_value",
            "userId"
        ]
    );
    let value: Value =
        serde_json::from_str(dry[0]["subscription_value"].as_str().expect("a text")).expect("JSON");
    assert_eq!(
        (&value["repotags"], &value["tagcount"]),
        (&json!(TAGS), &json!(2))
    );
    assert_eq!(
        v2.get("/subscriptions?subscription_type=repo_update")
            .await
            .ok(),
        json!([]),
        "it was dry"
    );

    let watched = v1
        .post_empty(&format!(
            "/repositories?repository={repository}&autosubscribe=true"
        ))
        .await
        .ok();
    assert_eq!(
        (&watched[0]["subscription_key"], &watched[0]["active"]),
        (&json!(repository), &json!(true))
    );
    let again = v2
        .post_empty(&format!(
            "/repositories?repository={repository}&auto_subscribe=true"
        ))
        .await
        .ok();
    assert_eq!(watched, told_as(&again, &[("account_name", "userId")]));
    assert_eq!(
        v2.get("/subscriptions?subscription_type=repo_update")
            .await
            .ok(),
        again
    );

    let nothing = format!("{}/team/nothing", registry.name());
    let refused = v1
        .post_empty(&format!("/repositories?repository={nothing}"))
        .await
        .with(404);
    let message = refused["message"].as_str().expect("a message");
    assert!(
        message.starts_with("no tags could be added from input regrepo"),
        "{message}"
    );
    assert_eq!(
        v2.post_empty(&format!("/repositories?repository={nothing}"))
            .await
            .with(404)["message"],
        message
    );
}

async fn registries_with_slashes_are_deleted(world: &World, registry: &Registry) {
    let (v1, v2) = world.admin();
    let sub = format!("{}/team", registry.name());
    assert_eq!(
        v1.delete(&format!("/registries/{sub}")).await.ok(),
        json!(true)
    );
    assert_eq!(
        v1.delete("/registries/unknown.example.com").await.ok(),
        json!(true),
        "as V1 servers answered"
    );
    v2.delete("/registries/nowhere.example.com")
        .await
        .empty(204);
    let left = v2.get("/registries").await.ok();
    assert_eq!(each(&left, "registry"), [registry.name()]);
}
