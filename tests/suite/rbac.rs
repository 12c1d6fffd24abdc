//! Roles and who holds them.

use serde_json::{Value, json};
use windlass_tests::facts::{each, names};
use windlass_tests::story::Story;
use windlass_tests::world::World;

const PASSWORD: &str = "a password for tests";

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let (v1, v2) = world.admin();
        v1.post("/accounts", &json!({"name": "billing"})).await.ok();
        for username in ["maria", "jonas"] {
            let user = json!({"username": username, "password": PASSWORD});
            v2.post("/accounts/billing/users", &user).await.ok();
        }
        roles_are_the_same_under_both_versions(world).await;
        members_come_and_go(world).await;
        a_role_decides_what_its_holder_may_do(world).await;
    })
});

#[tokio::test]
async fn roles_are_given_and_taken_over_both_versions() {
    STORY.told().await;
}

async fn roles_are_the_same_under_both_versions(world: &World) {
    let (v1, v2) = world.admin();
    let roles = v1.get("/roles").await.ok();
    assert_eq!(v2.get("/rbac-manager/roles").await.ok(), roles);
    assert!(each(&roles, "name").contains(&"read-only"), "{roles}");
    assert_eq!(names(&roles[0]), ["created_at", "description", "name"]);

    let role = v1.get("/roles/read-only").await.ok();
    assert_eq!(v2.get("/rbac-manager/roles/read-only").await.ok(), role);
    assert!(
        each(&role["permissions"], "action").contains(&"listImages"),
        "{role}"
    );

    assert_eq!(
        v1.get("/roles/captain").await.with(404),
        json!({"message": "Role not found", "httpcode": 404, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.get("/rbac-manager/roles/captain").await.with(404)["message"],
        "Role not found"
    );
}

async fn members_come_and_go(world: &World) {
    let (v1, v2) = world.admin();
    let member = |username: &str| json!({"username": username, "for_account": "billing"});
    let added = v1
        .post("/roles/read-only/members", &member("maria"))
        .await
        .ok();
    assert_eq!(names(&added), ["created_at", "for_account", "username"]);
    v2.post("/rbac-manager/roles/full-control/members", &member("jonas"))
        .await
        .ok();

    for (role, username) in [("read-only", "maria"), ("full-control", "jonas")] {
        let members = v1
            .get(&format!("/roles/{role}/members?for_account=billing"))
            .await
            .ok();
        assert_eq!(each(&members, "username"), [username]);
        assert_eq!(
            v2.get(&format!(
                "/rbac-manager/roles/{role}/members?for_account=billing"
            ))
            .await
            .ok(),
            members
        );

        let held = v2
            .get(&format!("/rbac-manager/users/{username}/roles"))
            .await
            .ok();
        assert_eq!(
            (&held[0]["role"], &held[0]["for_account"]),
            (&json!(role), &json!("billing"))
        );
        let held_v1 = v1.get(&format!("/users/{username}/roles")).await.ok();
        assert_eq!(
            held_v1[0]["for_account"],
            json!(["billing"]),
            "V1 had a list of accounts"
        );
        assert_eq!(
            v1.get(&format!("/users/{username}/roles?role=none-such"))
                .await
                .ok(),
            json!([])
        );

        let (user_v1, user_v2) = world.user(username, PASSWORD);
        let own = user_v1.get("/my_roles").await.ok();
        assert_eq!(
            (&own[0]["for_account"], &own[0]["roles"]["name"]),
            (&json!("billing"), &json!(role))
        );
        assert_eq!(user_v2.get("/rbac-manager/my-roles").await.ok(), own);
    }
}

async fn a_role_decides_what_its_holder_may_do(world: &World) {
    let (admin_v1, admin_v2) = world.admin();
    let key =
        json!({"subscription_key": "docker.io/library/a:1", "subscription_type": "tag_update"});
    let (v1, v2) = world.user("maria", PASSWORD);
    assert_eq!(v1.get("/images").await.ok(), json!([]));
    assert_eq!(v2.get("/images").await.ok(), json!({"items": []}));
    let refused_v1 = v1.post("/subscriptions", &key).await.with(403);
    let refused_v2 = v2.post("/subscriptions", &key).await.with(403);
    assert_eq!(names(&refused_v1), ["detail", "httpcode", "message"]);
    assert_eq!(
        names(&refused_v2),
        ["code", "detail", "error_type", "httpcode", "message"]
    );
    assert_eq!(refused_v1["message"], refused_v2["message"]);
    let message = refused_v1["message"].as_str().expect("a message");
    assert!(
        message.starts_with(
            "Not authorized. Requires permissions: domain=billing action=createSubscription"
        ),
        "{message}"
    );

    let (v1, _) = world.user("jonas", PASSWORD);
    v1.post("/subscriptions", &key).await.ok();
    admin_v1
        .delete("/roles/full-control/members?username=jonas&for_account=billing")
        .await
        .empty(204);
    admin_v2
        .delete("/rbac-manager/roles/read-only/members?username=maria&for_account=billing")
        .await
        .empty(204);
    for username in ["maria", "jonas"] {
        let (v1, v2) = world.user(username, PASSWORD);
        assert_eq!(v1.get("/my_roles").await.ok(), Value::Array(Vec::new()));
        assert_eq!(
            (
                v1.get("/images").await.status,
                v2.get("/images").await.status
            ),
            (403, 403)
        );
    }
}
