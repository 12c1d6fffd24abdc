//! Accounts, called through the whole router.

use serde_json::json;

use super::remove_deleted;
use crate::testing::{TestServer, is_error, is_problem};

#[tokio::test]
async fn an_account_is_made_and_found() {
    let server = TestServer::start().await;
    server.clock.advance(60);
    let acme = json!({
        "name": "acme", "type": "user", "state": "enabled", "email": "ops@example.com",
        "created_at": "2026-11-23T09:01:00Z", "last_updated": "2026-11-23T09:01:00Z",
    });
    let made = server
        .post("/v2/accounts")
        .json(json!({ "name": "acme", "email": "ops@example.com" }))
        .await;
    assert_eq!((made.status, &made.body), (200, &acme));
    assert_eq!(server.get("/v2/accounts/acme").await.body, acme);
    let listed = server.get("/v2/accounts").await.body;
    assert_eq!(listed[0]["name"], "admin");
    assert_eq!(listed[0]["type"], "admin");
    assert_eq!(listed[1], acme);

    let without_email = server
        .post("/v2/accounts")
        .json(json!({ "name": "beta-team" }))
        .await;
    assert!(without_email.body.get("email").is_none());
}

#[tokio::test]
async fn names_are_taken_once() {
    let server = TestServer::start().await;
    server
        .post("/v2/accounts")
        .json(json!({ "name": "acme" }))
        .await;
    for name in ["acme", "admin"] {
        let again = server
            .post("/v2/accounts")
            .json(json!({ "name": name }))
            .await;
        is_error(&again, 409, "Account already exists");
    }
    let reserved = server
        .post("/v2/accounts")
        .json(json!({ "name": "anchore-system" }))
        .await;
    is_error(
        &reserved,
        400,
        "The account name `anchore-system` is reserved",
    );
}

#[tokio::test]
async fn bodies_that_do_not_fit_say_where() {
    let server = TestServer::start().await;
    for (body, detail) in [
        (json!({ "email": "x@example.com" }), "missing field `name`"),
        (
            json!({ "name": "-x-" }),
            "`name`: invalid value: `-x-`, expected 3 to 128",
        ),
        (
            json!({ "name": "gamma", "email": "no-mail" }),
            "`email`: invalid value: `no-mail`, expected an e-mail address",
        ),
        (
            json!({ "name": 7 }),
            "`name`: invalid type: integer `7`, expected a string",
        ),
        (
            json!([]),
            "invalid type: array, expected an object, AccountCreationRequest",
        ),
    ] {
        is_problem(&server.post("/v2/accounts").json(body).await, 400, detail);
    }
    assert_eq!(
        server
            .get("/v2/accounts")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_address_can_be_changed() {
    let server = TestServer::start().await;
    server
        .post("/v2/accounts")
        .json(json!({ "name": "acme" }))
        .await;
    server.clock.advance(5);
    let changed = server
        .put("/v2/accounts/acme")
        .json(json!({ "email": "new@example.com" }))
        .await;
    assert_eq!(changed.body["email"], "new@example.com");
    assert_eq!(changed.body["last_updated"], "2026-11-23T09:00:05Z");
    let same = server.put("/v2/accounts/acme").json(json!({})).await;
    assert_eq!(same.body, changed.body);
    is_error(
        &server.put("/v2/accounts/nosuch").json(json!({})).await,
        404,
        "Account not found",
    );
}

#[tokio::test]
async fn states_follow_each_other_only_as_they_may() {
    let server = TestServer::start().await;
    server
        .post("/v2/accounts")
        .json(json!({ "name": "acme" }))
        .await;
    let state = |name: &str| server.put(&format!("/v2/accounts/{name}/state"));

    is_error(
        &server.delete("/v2/accounts/acme").await,
        400,
        "Invalid account state change requested. Cannot go from state enabled to state deleting",
    );
    let disabled = state("acme").json(json!({ "state": "disabled" })).await;
    assert_eq!(
        (disabled.status, disabled.body),
        (200, json!({ "state": "disabled" }))
    );
    let listed = server.get("/v2/accounts?state=disabled").await.body;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(
        state("acme")
            .json(json!({ "state": "enabled" }))
            .await
            .status,
        200
    );
    assert_eq!(
        state("acme")
            .json(json!({ "state": "enabled" }))
            .await
            .status,
        200
    );

    is_error(
        &state("admin").json(json!({ "state": "disabled" })).await,
        400,
        "Cannot disable the admin account",
    );
    is_error(
        &state("nosuch").json(json!({ "state": "disabled" })).await,
        404,
        "Account not found",
    );
    is_error(
        &state("acme").json(json!({})).await,
        400,
        "`state` is required",
    );
    is_problem(
        &state("acme").json(json!({ "state": "deleting" })).await,
        400,
        "`state`: unknown variant `deleting`, expected `enabled` or `disabled`",
    );
    is_problem(
        &server.get("/v2/accounts?state=nosuch").await,
        400,
        "query parameter `state`: expected one of `enabled`, `disabled`, `deleting`, got `nosuch`",
    );
}

#[tokio::test]
async fn a_deleted_account_goes_with_all_it_owns_and_frees_its_name() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    let registry = json!({ "registry": "quay.io", "registry_user": "u", "registry_pass": "p" });
    server
        .post("/v2/registries?validate=false")
        .as_user("alice")
        .json(&registry)
        .await;
    server
        .put("/v2/accounts/acme/state")
        .json(json!({ "state": "disabled" }))
        .await;
    assert_eq!(server.delete("/v2/accounts/acme").await.status, 204);

    // The name is taken, the users are gone.
    assert_eq!(
        server.get("/v2/accounts/acme").await.body["state"],
        "deleting"
    );
    assert_eq!(server.get("/v2/accounts/acme/users").await.body, json!([]));
    assert_eq!(server.get("/v2/user").as_user("alice").await.status, 401);
    is_error(
        &server.delete("/v2/accounts/acme").await,
        400,
        "Invalid account state change requested.",
    );
    let user = server
        .post("/v2/accounts/acme/users")
        .json(json!({ "username": "bob" }))
        .await;
    is_error(&user, 409, "The account is being deleted");

    remove_deleted(server.state.clone()).await.unwrap();
    is_error(
        &server.get("/v2/accounts/acme").await,
        404,
        "Account not found",
    );
    assert_eq!(
        server
            .post("/v2/accounts")
            .json(json!({ "name": "acme" }))
            .await
            .status,
        200
    );
    let registries = server
        .get("/v2/registries")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(registries.body, json!([]));
}

#[tokio::test]
async fn the_administrators_account_stays() {
    let server = TestServer::start().await;
    is_error(
        &server.delete("/v2/accounts/admin").await,
        400,
        "Account cannot be deleted",
    );
    is_error(
        &server.delete("/v2/accounts/nosuch").await,
        404,
        "Account not found",
    );
}

#[tokio::test]
async fn members_of_a_disabled_account_are_refused() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    server.account_with_user("beta", "bob", "").await;
    let member = json!({ "username": "bob", "for_account": "acme" });
    server
        .post("/v2/rbac-manager/roles/read-only/members")
        .json(member)
        .await;
    let bob = || {
        server
            .get("/v2/registries")
            .as_user("bob")
            .header("x-anchore-account", "acme")
    };
    assert_eq!(bob().await.status, 200);

    server
        .put("/v2/accounts/acme/state")
        .json(json!({ "state": "disabled" }))
        .await;
    let answer = server.get("/v2/user").as_user("alice").await;
    is_error(&answer, 403, "Not authorized. Account acme not enabled.");
    is_error(
        &bob().await,
        403,
        "Not authorized. Account acme not enabled.",
    );
    let admin = server
        .get("/v2/registries")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(admin.status, 200);
}

#[tokio::test]
async fn accounts_are_the_business_of_administrators() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    for (answer, message) in [
        (
            server.get("/v2/accounts").as_user("alice").await,
            "domain=system action=listAccounts target=*",
        ),
        (
            server
                .post("/v2/accounts")
                .as_user("alice")
                .json(json!({ "name": "evil" }))
                .await,
            "domain=system action=createAccount target=*",
        ),
        (
            server.get("/v2/accounts/admin").as_user("alice").await,
            "domain=admin action=getAccount target=*",
        ),
        (
            server.get("/v2/accounts/nosuch").as_user("alice").await,
            "domain=nosuch action=getAccount target=*",
        ),
    ] {
        is_error(
            &answer,
            403,
            &format!("Not authorized. Requires permissions: {message}"),
        );
    }
    assert_eq!(
        server
            .get("/v2/accounts/acme")
            .as_user("alice")
            .await
            .status,
        200
    );
}
