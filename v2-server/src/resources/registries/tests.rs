//! Registries, called through the whole router.

use serde_json::json;

use crate::testing::{TestServer, is_error, is_problem};

fn quay() -> serde_json::Value {
    json!({
        "registry": "quay.io:443", "registry_name": "quay", "registry_user": "bob",
        "registry_pass": "secret", "registry_type": "docker_v2", "registry_verify": true,
    })
}

#[tokio::test]
async fn what_is_added_is_listed_without_its_password() {
    let server = TestServer::start().await;
    let added = server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    assert_eq!(added.status, 200);
    let expected = json!([{
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
        "registry_user": "bob", "registry_type": "docker_v2", "account_name": "admin",
        "registry": "quay.io:443", "registry_name": "quay", "registry_verify": true,
    }]);
    assert_eq!(added.body, expected);
    assert_eq!(server.get("/v2/registries").await.body, expected);
    assert_eq!(
        server.get("/v2/registries/quay.io%3A443").await.body,
        expected
    );
    assert_eq!(
        server.get("/v2/registries/quay.io:443/").await.body,
        expected
    );
}

#[tokio::test]
async fn a_registry_may_be_a_repository_pattern_with_slashes() {
    let server = TestServer::start().await;
    let mut pattern = quay();
    pattern["registry"] = json!("quay.io/team/*");
    server
        .post("/v2/registries?validate=false")
        .json(pattern)
        .await;
    for path in ["quay.io%2Fteam%2F%2A", "quay.io/team/*"] {
        let found = server.get(&format!("/v2/registries/{path}")).await;
        assert_eq!(found.body[0]["registry"], "quay.io/team/*", "{path}");
    }
    let changed = server
        .put("/v2/registries/quay.io/team/*?validate=false")
        .json(json!({ "registry_user": "alice" }))
        .await;
    assert_eq!(changed.body[0]["registry_user"], "alice");
    assert_eq!(
        server
            .delete("/v2/registries/quay.io%2Fteam%2F*")
            .await
            .status,
        204
    );
    assert_eq!(server.get("/v2/registries").await.body, json!([]));
}

#[tokio::test]
async fn a_second_one_of_the_same_name_is_a_conflict_with_the_text_clients_know() {
    let server = TestServer::start().await;
    server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    let again = server
        .post("/v2/registries?validate=False")
        .json(quay())
        .await;
    is_error(&again, 409, "registry already exists in DB");
}

#[tokio::test]
async fn unknown_registries_are_404_but_may_be_deleted() {
    let server = TestServer::start().await;
    is_error(
        &server.get("/v2/registries/nosuch").await,
        404,
        "registry not found in DB",
    );
    let changed = server
        .put("/v2/registries/nosuch?validate=false")
        .json(quay())
        .await;
    is_error(&changed, 404, "could not find existing registry to update");
    assert_eq!(server.delete("/v2/registries/nosuch").await.status, 204);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_a_400_and_stores_nothing() {
    let server = TestServer::start().await;
    let mut missing = quay();
    missing.as_object_mut().unwrap().remove("registry_user");
    let answer = server
        .post("/v2/registries?validate=false")
        .json(missing)
        .await;
    is_error(&answer, 400, "`registry_user` is required");

    let mut wrong = quay();
    wrong["registry_verify"] = json!("yes");
    let answer = server.post("/v2/registries").json(wrong).await;
    is_problem(
        &answer,
        400,
        "`registry_verify`: invalid type: string \"yes\", expected a boolean",
    );

    let answer = server
        .post("/v2/registries?validate=perhaps")
        .json(quay())
        .await;
    is_problem(
        &answer,
        400,
        "query parameter `validate`: expected `true` or `false`, got `perhaps`",
    );
    assert_eq!(server.get("/v2/registries").await.body, json!([]));
}

#[tokio::test]
async fn accounts_do_not_see_each_others_registries() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "full-control")
        .await;
    server
        .post("/v2/registries?validate=false")
        .json(quay())
        .await;
    assert_eq!(
        server.get("/v2/registries").as_user("alice").await.body,
        json!([])
    );
    let answer = server
        .get("/v2/registries")
        .as_user("alice")
        .header("x-anchore-account", "admin")
        .await;
    is_error(
        &answer,
        403,
        "Not authorized. Requires permissions: domain=admin action=listRegistries target=*",
    );
    let answer = server
        .get("/v2/registries")
        .header("x-anchore-account", "acme")
        .await;
    assert_eq!(answer.body, json!([]));
}
