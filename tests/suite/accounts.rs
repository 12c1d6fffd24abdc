//! Accounts, their users and passwords, and what callers learn about themselves.

use serde_json::{Value, json};
use windlass_tests::facts::{each, names, told_as};
use windlass_tests::story::Story;
use windlass_tests::world::World;

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        accounts_are_made_found_and_changed(world).await;
        users_belong_to_an_account(world).await;
        passwords_are_set_and_never_shown(world).await;
        callers_ask_about_themselves(world).await;
        what_is_deleted_is_gone(world).await;
    })
});

#[tokio::test]
async fn accounts_users_and_passwords_are_managed_over_both_versions() {
    STORY.told().await;
}

async fn accounts_are_made_found_and_changed(world: &World) {
    let (v1, v2) = world.admin();
    let billing = json!({"name": "billing", "email": "ops@example.com"});
    let made = v1.post("/accounts", &billing).await.ok();
    assert_eq!(
        names(&made),
        [
            "created_at",
            "email",
            "last_updated",
            "name",
            "state",
            "type"
        ]
    );
    assert_eq!(
        (&made["type"], &made["state"]),
        (&json!("user"), &json!("enabled"))
    );
    assert_eq!(v2.get("/accounts/billing").await.ok(), made);

    let made = v2
        .post("/accounts", &json!({"name": "shipping"}))
        .await
        .ok();
    assert_eq!(
        names(&made),
        ["created_at", "last_updated", "name", "state", "type"]
    );
    assert_eq!(
        v1.get("/accounts/shipping").await.ok(),
        with(&made, "email", Value::Null)
    );

    assert_eq!(
        v1.post("/accounts", &billing).await.with(400),
        json!({"message": "Account already exists", "httpcode": 400, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v2.post("/accounts", &billing).await.with(409)["message"],
        "Account already exists"
    );

    for accounts in [
        v1.get("/accounts").await.ok(),
        v2.get("/accounts").await.ok(),
    ] {
        assert_eq!(
            sorted(each(&accounts, "name")),
            ["admin", "billing", "shipping"]
        );
    }

    v1.put("/accounts/billing", &json!({"email": "new@example.com"}))
        .await
        .ok();
    assert_eq!(
        v2.get("/accounts/billing").await.ok()["email"],
        "new@example.com"
    );
    v2.put("/accounts/billing", &json!({"email": "newer@example.com"}))
        .await
        .ok();
    assert_eq!(
        v1.get("/accounts/billing").await.ok()["email"],
        "newer@example.com"
    );

    let disabled = json!({"state": "disabled"});
    assert_eq!(
        v1.put("/accounts/shipping/state", &disabled).await.ok(),
        disabled
    );
    for caller in [&v1, &v2] {
        let found = caller.get("/accounts?state=disabled").await.ok();
        assert_eq!(each(&found, "name"), ["shipping"]);
    }
    let enabled = json!({"state": "enabled"});
    assert_eq!(
        v2.put("/accounts/shipping/state", &enabled).await.ok(),
        enabled
    );
    assert_eq!(v1.get("/accounts/shipping").await.ok()["state"], "enabled");
}

async fn users_belong_to_an_account(world: &World) {
    let (v1, v2) = world.admin();
    let maria = json!({"username": "maria", "password": "first password"});
    let made = v1.post("/accounts/billing/users", &maria).await.ok();
    assert_eq!(
        names(&made),
        ["created_at", "last_updated", "source", "type", "username"]
    );
    assert_eq!(
        (&made["type"], &made["source"]),
        (&json!("native"), &Value::Null)
    );
    let found = v2.get("/accounts/billing/users/maria").await.ok();
    assert_eq!(found, told_as(&made, &[("source", "-")]));

    let jonas = json!({"username": "jonas", "password": "first password"});
    let made = v2.post("/accounts/billing/users", &jonas).await.ok();
    let found = v1.get("/accounts/billing/users/jonas").await.ok();
    assert_eq!(found, with(&made, "source", Value::Null));

    assert_eq!(
        v1.post("/accounts/billing/users", &maria).await.with(400)["message"],
        "User already exists"
    );
    assert_eq!(
        v2.post("/accounts/billing/users", &maria).await.with(409)["message"],
        "User already exists"
    );
    for caller in [&v1, &v2] {
        let users = caller.get("/accounts/billing/users").await.ok();
        assert_eq!(sorted(each(&users, "username")), ["jonas", "maria"]);
        assert_eq!(caller.get("/accounts/shipping/users").await.ok(), json!([]));
        let unknown = caller.get("/accounts/shipping/users/maria").await;
        assert_eq!(
            unknown.with(404)["message"],
            "User not found",
            "she is of another account"
        );
    }
}

async fn passwords_are_set_and_never_shown(world: &World) {
    let (v1, v2) = world.admin();
    let second = json!({"type": "password", "value": "second password"});
    for (caller, user) in [(&v1, "maria"), (&v2, "jonas")] {
        let path = format!("/accounts/billing/users/{user}/credentials");
        let set = caller.post(&path, &second).await;
        set.ok();
        assert!(!set.text().contains("second password"), "{}", set.text());
        for (v1, v2) in [world.user(user, "first password")] {
            assert_eq!(
                (v1.get("/user").await.status, v2.get("/user").await.status),
                (401, 401)
            );
        }
        let (user_v1, user_v2) = world.user(user, "second password");
        assert_eq!(user_v1.get("/user").await.ok()["username"], user);
        assert_eq!(user_v2.get("/user").await.ok()["username"], user);
        let shown = v1.get(&path).await.ok();
        assert_eq!(shown, v2.get(&path).await.ok());
        assert_eq!(
            (&shown[0]["type"], &shown[0]["value"]),
            (&json!("password"), &json!("******"))
        );
    }
}

async fn callers_ask_about_themselves(world: &World) {
    let (_, v2) = world.admin();
    let member = json!({"username": "maria", "for_account": "billing"});
    v2.post("/rbac-manager/roles/full-control/members", &member)
        .await
        .ok();
    let (v1, v2) = world.user("maria", "second password");
    let account = v1.get("/account").await.ok();
    assert_eq!(account["name"], "billing");
    assert_eq!(v2.get("/account").await.ok(), account);
    let user = v2.get("/user").await.ok();
    assert_eq!(
        v1.get("/user").await.ok(),
        with(&user, "source", Value::Null)
    );
    assert_eq!(
        v1.get("/user/credentials").await.ok(),
        v2.get("/user/credentials").await.ok()
    );

    v1.post(
        "/user/credentials",
        &json!({"type": "password", "value": "third password"}),
    )
    .await
    .ok();
    assert_eq!(v2.get("/user").await.status, 401);
    let (v1, v2) = world.user("maria", "third password");
    v2.post(
        "/user/credentials",
        &json!({"type": "password", "value": "second password"}),
    )
    .await
    .ok();
    assert_eq!(v1.get("/user").await.status, 401);
}

async fn what_is_deleted_is_gone(world: &World) {
    let (v1, v2) = world.admin();
    for (caller, user) in [(&v1, "maria"), (&v2, "jonas")] {
        let path = format!("/accounts/billing/users/{user}");
        caller
            .delete(&format!("{path}/credentials?credential_type=password"))
            .await
            .empty(204);
        let (user_v1, user_v2) = world.user(user, "second password");
        assert_eq!(
            (
                user_v1.get("/user").await.status,
                user_v2.get("/user").await.status
            ),
            (401, 401)
        );
        caller.delete(&path).await.empty(204);
        assert_eq!(
            (v1.get(&path).await.status, v2.get(&path).await.status),
            (404, 404)
        );
    }

    let refused = v1.delete("/accounts/billing").await.with(400);
    assert_eq!(names(&refused), ["detail", "httpcode", "message"]);
    assert_eq!(
        v2.delete("/accounts/billing").await.with(400)["message"],
        refused["message"]
    );
    for account in ["billing", "shipping"] {
        v1.put(
            &format!("/accounts/{account}/state"),
            &json!({"state": "disabled"}),
        )
        .await
        .ok();
    }
    assert_eq!(
        v1.delete("/accounts/billing").await.ok(),
        json!({"state": "deleting"})
    );
    v2.delete("/accounts/shipping").await.empty(204);
    let enabled = v2.get("/accounts?state=enabled").await.ok();
    assert_eq!(each(&enabled, "name"), ["admin"]);
}

/// The object with one more member.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}
