//! Corrections, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::resources::sources::testing::SourceParts;
use crate::testing::{TestServer, is_error, is_problem};

const PATH: &str = "/v2/corrections";

fn log4j() -> Value {
    json!({
        "type": "package", "description": "the vendor's own build",
        "match": { "type": "java", "field_matches": [{ "field_name": "package", "field_value": "log4j-core" }] },
        "replace": [
            { "field_name": "cpes", "field_value": "cpe:2.3:a:apache:{package}:{version}:*:*:*:*:*:*:*" },
            { "field_name": "version", "field_value": "2.17.1" },
        ],
    })
}

async fn add(server: &TestServer, correction: &Value) -> Value {
    let made = server.post(PATH).json(correction).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.body
}

#[tokio::test]
async fn a_correction_is_made_changed_and_deleted() {
    let server = TestServer::start().await;
    let made = add(&server, &log4j()).await;
    let mut expected = log4j();
    for (member, value) in [
        ("uuid", made["uuid"].clone()),
        ("created_at", json!("2026-11-23T09:00:00Z")),
        ("last_updated", json!("2026-11-23T09:00:00Z")),
    ] {
        expected[member] = value;
    }
    assert_eq!(made, expected);
    let path = format!("{PATH}/{}", made["uuid"].as_str().unwrap());
    assert_eq!(server.get(&path).await.body, made);
    for query in ["", "?correction_type=package"] {
        assert_eq!(
            server.get(&format!("{PATH}{query}")).await.body,
            json!([made])
        );
    }
    server.clock.advance(5);
    let mut other = log4j();
    other["match"] = json!({ "type": "npm" });
    other.as_object_mut().unwrap().shift_remove("description");
    let changed = server.put(&path).json(&other).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    expected["match"] = other["match"].clone();
    expected["last_updated"] = json!("2026-11-23T09:00:05Z");
    expected
        .as_object_mut()
        .unwrap()
        .shift_remove("description");
    assert_eq!(changed.body, expected);
    assert_eq!(server.get(&path).await.body, expected);
    assert_eq!(server.delete(&path).await.status, 204);
    for answer in [
        server.get(&path).await,
        server.delete(&path).await,
        server.put(&path).json(log4j()).await,
    ] {
        is_error(&answer, 404, "correction not found");
    }
}

#[tokio::test]
async fn content_listings_show_what_is_corrected() {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(&server)
        .await;
    let source = SourceParts::new("abc").analyzed(&server).await;
    let path = format!("/v2/images/{}/content/java", digest(1));
    let before = server.get(&path).await;
    let made = add(&server, &log4j()).await;
    let cpes = json!(["cpe:2.3:a:apache:log4j-core:2.14.1:*:*:*:*:*:*:*"]);
    for path in [path.clone(), format!("/v2/sources/{source}/content/java")] {
        let corrected = &server.get(&path).await.body["content"][0];
        assert_eq!(
            (
                &corrected["package"],
                &corrected["version"],
                &corrected["cpes"]
            ),
            (&json!("log4j-core"), &json!("2.17.1"), &cpes),
            "{path}"
        );
    }
    let npm = server
        .get(&format!("/v2/images/{}/content/npm", digest(1)))
        .await
        .body;
    assert_eq!(npm["content"][0]["version"], "4.17.4", "other types stay");
    server
        .delete(&format!("{PATH}/{}", made["uuid"].as_str().unwrap()))
        .await;
    assert_eq!(server.get(&path).await.text, before.text);
}

#[tokio::test]
async fn corrections_that_are_none_are_refused() {
    let server = TestServer::start().await;
    let mut faults = Vec::new();
    for (pointer, value) in [
        ("/match/type", json!("files")),
        ("/match/type", json!("nosuch")),
        ("/replace", json!([])),
        ("/replace/0/field_name", json!(" ")),
    ] {
        let mut bad = log4j();
        *bad.pointer_mut(pointer).unwrap() = value;
        faults.push(bad);
    }
    for bad in faults {
        is_error(&server.post(PATH).json(bad).await, 400, "`");
    }
    let mut unknown = log4j();
    unknown["type"] = json!("image");
    is_problem(&server.post(PATH).json(unknown).await, 400, "type");
    is_problem(
        &server.post(PATH).json(json!({ "type": "package" })).await,
        400,
        "match",
    );
    is_problem(
        &server.get(&format!("{PATH}?correction_type=nosuch")).await,
        400,
        "query parameter `correction_type`",
    );
    assert_eq!(server.get(PATH).await.body, json!([]));
}

#[tokio::test]
async fn accounts_have_corrections_of_their_own() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    let mut parts = ImageParts::new(1, "docker.io/library/app:1");
    parts.user = "alice";
    parts.analyzed(&server).await;
    let made = add(&server, &log4j()).await;
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
    let path = format!("{PATH}/{}", made["uuid"].as_str().unwrap());
    is_error(
        &server.delete(&path).as_user("alice").await,
        404,
        "correction not found",
    );
    let listing = format!("/v2/images/{}/content/java", digest(1));
    let shown = server.get(&listing).as_user("alice").await.body;
    assert_eq!(shown["content"][0]["version"], "2.14.1");
}
