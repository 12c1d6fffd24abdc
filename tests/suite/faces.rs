//! V1, versionless and V2 on one port; V2 alone on the server's own.

use reqwest::Method;
use serde_json::Value;
use windlass_tests::world::World;

#[tokio::test]
async fn a_path_without_a_version_is_served_as_v1() {
    let world = World::start().await;
    for path in ["/images", "/v1/images", "/v1/images/", "/v1//images"] {
        let answer = world.get(&format!("{}{path}", world.proxy_url())).await;
        assert_eq!(
            (answer.status, &answer.json()),
            (200, &Value::Array(Vec::new())),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_path_without_a_version_is_refused_under_enforcement_and_the_answer_names_the_right_path()
{
    let world = World::builder().enforce_versions().start().await;
    let answer = world.get(&format!("{}/images", world.proxy_url())).await;
    assert_eq!(answer.status, 404);
    let body = answer.json();
    assert_eq!(body["httpcode"], 404, "{body}");
    let message = body["message"].as_str().expect("a message");
    assert!(
        message.contains("/v1/images") || message.contains("/v2/images"),
        "{message}"
    );
    assert_eq!(
        world
            .get(&format!("{}/v1/images", world.proxy_url()))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_v2_server_knows_no_path_without_its_version() {
    let world = World::start().await;
    for path in [
        "/images",
        "/v1/images",
        "/enterprise/images",
        "/v1",
        "/accounts",
    ] {
        let answer = world.get(&format!("{}{path}", world.server_url())).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        assert!(
            answer.json()["detail"]
                .as_str()
                .expect("detail")
                .contains("The requested URL was not found"),
            "{path}"
        );
    }
    for path in ["/version", "/health", "/v2/version", "/v2/health"] {
        assert_eq!(
            world
                .get(&format!("{}{path}", world.server_url()))
                .await
                .status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn v2_traffic_passes_through_byte_for_byte() {
    let world = World::start().await;
    for path in [
        "/v2/images",
        "/v2/accounts",
        "/v2/policies?detail=true",
        "/v2/registries",
        "/v2/version",
        "/v2/openapi.json",
        "/v2/nosuch",
        "/v2/images/sha256:0000",
        "/v2/system",
        "/v2/rbac-manager/roles",
    ] {
        let direct = world.get(&format!("{}{path}", world.server_url())).await;
        let proxied = world.get(&format!("{}{path}", world.proxy_url())).await;
        assert_eq!(direct.status, proxied.status, "{path}");
        assert_eq!(
            direct.header("content-type"),
            proxied.header("content-type"),
            "{path}"
        );
        assert_eq!(direct.body, proxied.body, "{path}");
    }
}

#[tokio::test]
async fn version_answers_tell_the_two_generations_apart() {
    let world = World::start().await;
    let v1 = world
        .get(&format!("{}/v1/version", world.proxy_url()))
        .await
        .json();
    assert_eq!(
        v1["api"],
        serde_json::json!({}),
        "V1 clients take a version there for V2"
    );
    let v2 = world
        .get(&format!("{}/v2/version", world.proxy_url()))
        .await
        .json();
    assert_eq!(v2["api"]["version"], "2");
    assert_eq!(v1["service"], v2["service"]);
}

#[tokio::test]
async fn a_v1_operation_that_v2_lacks_is_gone_and_says_what_to_do_instead() {
    let world = World::start().await;
    let removed = world
        .call(
            Method::DELETE,
            &format!("{}/v1/system/feeds/packages/gem", world.proxy_url()),
            None,
        )
        .await;
    let body = removed.json();
    assert_eq!(
        (removed.status, &body["httpcode"]),
        (410, &410.into()),
        "{body}"
    );
    assert_eq!(
        body["detail"]["v1_operation"], "delete_feed_group",
        "{body}"
    );
    let message = body["message"].as_str().expect("a message");
    assert!(message.contains("; instead: "), "{message}");
}

#[tokio::test]
async fn without_credentials_v1_answers_the_challenge_v1_clients_wait_for() {
    let world = World::start().await;
    let answer = world
        .anonymous(&format!("{}/v1/images", world.proxy_url()))
        .await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, "Unauthorized")
    );
    assert_eq!(
        answer.header("www-authenticate"),
        "basic realm=\"Authentication required\""
    );
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/health",
        "/v1/health",
        "/version",
        "/v1/version",
        "/swagger.json",
        "/v1/swagger.json",
    ] {
        assert_eq!(
            world
                .anonymous(&format!("{}{path}", world.proxy_url()))
                .await
                .status,
            200,
            "{path}"
        );
    }
}
