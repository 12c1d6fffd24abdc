//! Roles and memberships, called through the whole router.

use serde_json::json;

use crate::testing::{TestServer, is_error, is_problem};

const READERS: &str = "/v2/rbac-manager/roles/read-only/members";

#[tokio::test]
async fn roles_say_what_they_allow() {
    let server = TestServer::start().await;
    let roles = server.get("/v2/rbac-manager/roles").await.body;
    let names: Vec<&str> = roles
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    let expected = [
        "account-user-admin",
        "full-control",
        "image-analyzer",
        "inventory-agent",
        "policy-editor",
        "read-only",
        "read-write",
    ];
    assert_eq!(names, expected);

    let role = server
        .get("/v2/rbac-manager/roles/policy-editor")
        .await
        .body;
    assert_eq!(role["immutable"], true);
    let actions: Vec<&str> = role["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|permission| permission["action"].as_str().unwrap())
        .collect();
    let expected = [
        "createPolicy",
        "deletePolicy",
        "getImage",
        "getImageEvaluation",
        "getPolicy",
        "listImages",
        "listPolicies",
        "listSubscriptions",
        "updatePolicy",
    ];
    assert_eq!(actions, expected);
    assert_eq!(role["permissions"][0]["target"], "*");
    is_error(
        &server.get("/v2/rbac-manager/roles/nosuch").await,
        404,
        "Role not found",
    );
}

#[tokio::test]
async fn a_membership_is_given_listed_and_taken() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    let wanted = json!({ "username": "alice", "for_account": "acme" });
    let member =
        json!({ "username": "alice", "for_account": "acme", "created_at": "2026-11-23T09:00:00Z" });
    is_error(
        &server.get("/v2/registries").as_user("alice").await,
        403,
        "Not authorized. Requires permissions",
    );

    let given = server.post(READERS).json(&wanted).await;
    assert_eq!((given.status, &given.body), (200, &member));
    server.clock.advance(9);
    assert_eq!(server.post(READERS).json(&wanted).await.body, member);
    assert_eq!(server.get(READERS).await.body, json!([member]));
    assert_eq!(
        server.get("/v2/registries").as_user("alice").await.status,
        200
    );

    let taken = server
        .delete(&format!("{READERS}?username=alice&for_account=acme"))
        .await;
    assert_eq!(taken.status, 204);
    assert_eq!(
        server.get("/v2/registries").as_user("alice").await.status,
        403
    );
    let again = server
        .delete(&format!("{READERS}?username=alice&for_account=acme"))
        .await;
    is_error(&again, 404, "Role member not found");
}

#[tokio::test]
async fn what_is_named_must_exist() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "").await;
    for (role, username, for_account, message) in [
        ("nosuch", "alice", "acme", "Role not found"),
        ("read-only", "nosuch", "acme", "User not found"),
        ("read-only", "alice", "nosuch", "Account not found"),
    ] {
        let answer = server
            .post(&format!("/v2/rbac-manager/roles/{role}/members"))
            .json(json!({ "username": username, "for_account": for_account }))
            .await;
        is_error(&answer, 404, message);
    }
    is_problem(
        &server
            .post(READERS)
            .json(json!({ "username": "alice" }))
            .await,
        400,
        "missing field `for_account`",
    );
    is_problem(
        &server.delete(&format!("{READERS}?username=alice")).await,
        400,
        "missing query parameter `for_account`",
    );
}

#[tokio::test]
async fn a_user_admin_gives_roles_in_the_own_account_only() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "account-user-admin")
        .await;
    server.account_with_user("beta", "bob", "").await;
    let give = |account: &str| {
        server
            .post(READERS)
            .as_user("alice")
            .json(json!({ "username": "bob", "for_account": account }))
    };
    assert_eq!(give("acme").await.status, 200);
    is_error(
        &give("beta").await,
        403,
        "Not authorized. Requires permissions: domain=beta action=createRoleMember target=*",
    );

    // Bob now works in an account he does not belong to.
    let elsewhere = server
        .get("/v2/registries")
        .as_user("bob")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(elsewhere.status, 200);
    assert_eq!(
        server.get("/v2/registries").as_user("bob").await.status,
        403
    );

    let taken = server
        .delete(&format!("{READERS}?username=bob&for_account=beta"))
        .as_user("alice")
        .await;
    is_error(
        &taken,
        403,
        "Not authorized. Requires permissions: domain=beta action=deleteRoleMember target=*",
    );
}

#[tokio::test]
async fn members_are_shown_only_where_the_caller_may_list_them() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "account-user-admin")
        .await;
    server.account_with_user("acme", "ann", "read-only").await;
    server.account_with_user("beta", "bob", "read-only").await;
    let seen = server.get(READERS).as_user("alice").await.body;
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["username"], "ann");
    assert_eq!(server.get(READERS).await.body.as_array().unwrap().len(), 2);
    let narrowed = server
        .get(&format!("{READERS}?for_account=beta"))
        .await
        .body;
    assert_eq!(narrowed[0]["username"], "bob");
    for (user, path) in [
        ("bob", READERS.to_owned()),
        ("alice", format!("{READERS}?for_account=beta")),
    ] {
        is_error(
            &server.get(&path).as_user(user).await,
            403,
            "Not authorized. Requires permissions",
        );
    }
}

#[tokio::test]
async fn everyone_sees_their_own_roles() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "alice", "read-only").await;
    server.account_with_user("beta", "bob", "").await;
    let mine = server
        .get("/v2/rbac-manager/my-roles")
        .as_user("alice")
        .await
        .body;
    assert_eq!(mine[0]["for_account"], "acme");
    assert_eq!(mine[0]["roles"]["name"], "read-only");
    assert_eq!(
        server
            .get("/v2/rbac-manager/my-roles")
            .as_user("bob")
            .await
            .body,
        json!([])
    );

    let roles = json!([{ "role": "read-only", "for_account": "acme", "created_at": "2026-11-23T09:00:00Z" }]);
    let of_alice = "/v2/rbac-manager/users/alice/roles";
    assert_eq!(server.get(of_alice).as_user("alice").await.body, roles);
    assert_eq!(server.get(of_alice).await.body, roles);
    assert_eq!(
        server
            .get(&format!("{of_alice}?role=full-control"))
            .await
            .body,
        json!([])
    );
    assert_eq!(
        server
            .get(&format!("{of_alice}?for_account=beta"))
            .await
            .body,
        json!([])
    );
    is_error(
        &server.get(of_alice).as_user("bob").await,
        403,
        "Not authorized. Requires permissions",
    );
    is_error(
        &server.get("/v2/rbac-manager/users/nosuch/roles").await,
        404,
        "User not found",
    );
}

#[tokio::test]
async fn nobody_but_administrators_gives_roles_in_a_disabled_account() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "account-user-admin")
        .await;
    server.account_with_user("beta", "bob", "").await;
    let admins = "/v2/rbac-manager/roles/account-user-admin/members";
    let bob = json!({ "username": "bob", "for_account": "acme" });
    server.post(admins).json(&bob).await;
    let give = || server.post(READERS).as_user("bob").json(&bob);
    assert_eq!(give().await.status, 200);
    server
        .put("/v2/accounts/acme/state")
        .json(json!({ "state": "disabled" }))
        .await;
    is_error(
        &give().await,
        403,
        "Not authorized. Account acme not enabled.",
    );
    assert_eq!(server.post(READERS).json(&bob).await.status, 200);
}
