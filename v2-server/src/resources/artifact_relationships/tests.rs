//! Relationships, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::testing::{ImageParts, digest};
use crate::resources::sources::testing::SourceParts;
use crate::testing::{TestServer, is_error, is_problem};

const PATH: &str = "/v2/artifact-relationships";

/// A server with an image and a source; gives the relationship of both as it is asked for.
async fn with_artifacts() -> (TestServer, Value) {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(&server)
        .await;
    let source = SourceParts::new("abc").analyzed(&server).await;
    let wanted = json!({
        "source": { "artifact_id": digest(1), "artifact_type": "image" },
        "target": { "artifact_id": source, "artifact_type": "source" },
        "relationship_type": "contains", "comment": "built from", "user_metadata": { "job": 7 },
    });
    (server, wanted)
}

async fn add(server: &TestServer, wanted: &Value) -> Value {
    let made = server.post(PATH).json(wanted).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.body
}

#[tokio::test]
async fn a_relationship_is_made_found_and_deleted() {
    let (server, wanted) = with_artifacts().await;
    let made = add(&server, &wanted).await;
    let mut expected = json!({
        "uuid": made["uuid"], "created_at": "2026-11-23T09:00:00Z",
    });
    expected
        .as_object_mut()
        .unwrap()
        .extend(wanted.as_object().unwrap().clone());
    assert_eq!(made, expected);
    let id = made["uuid"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    assert_eq!(server.get(&path).await.body, made);
    is_error(
        &server.post(PATH).json(&wanted).await,
        409,
        "the relationship exists already",
    );
    let source = wanted["target"]["artifact_id"].as_str().unwrap();
    for (query, count) in [
        (String::new(), 1),
        ("?artifact_type=image".to_owned(), 1),
        ("?artifact_type=source".to_owned(), 1),
        (format!("?artifact_id={}", digest(1)), 1),
        (format!("?artifact_id={source}&artifact_type=source"), 1),
        ("?artifact_id=nosuch".to_owned(), 0),
    ] {
        let listed = server.get(&format!("{PATH}{query}")).await.body;
        assert_eq!(listed.as_array().unwrap().len(), count, "{query}");
    }
    let deleted = server
        .delete(&format!("{PATH}?relationship_ids={id},nosuch"))
        .await;
    assert_eq!(deleted.body, json!({ "deleted": [id] }));
    is_error(&server.get(&path).await, 404, "relationship");
}

#[tokio::test]
async fn edges_between_what_is_not_there_are_refused() {
    let (server, wanted) = with_artifacts().await;
    let mut gone = wanted.clone();
    gone["source"]["artifact_id"] = json!(digest(9));
    is_error(
        &server.post(PATH).json(gone).await,
        404,
        "image not found in DB",
    );
    let mut swapped = wanted.clone();
    swapped["target"]["artifact_type"] = json!("image");
    is_error(
        &server.post(PATH).json(swapped).await,
        404,
        "image not found in DB",
    );
    let mut same = wanted.clone();
    same["target"] = same["source"].clone();
    is_error(
        &server.post(PATH).json(same).await,
        400,
        "`source` and `target`",
    );
    let mut unknown = wanted;
    unknown["relationship_type"] = json!("likes");
    is_problem(
        &server.post(PATH).json(unknown).await,
        400,
        "relationship_type",
    );
    is_problem(
        &server.delete(PATH).await,
        400,
        "missing query parameter `relationship_ids`",
    );
    is_problem(
        &server.get(&format!("{PATH}?artifact_type=x")).await,
        400,
        "query parameter `artifact_type`",
    );
    assert_eq!(server.get(PATH).await.body, json!([]));
}

#[tokio::test]
async fn a_relationship_goes_with_its_artifacts() {
    let (server, wanted) = with_artifacts().await;
    add(&server, &wanted).await;
    let source = format!(
        "/v2/sources/{}",
        wanted["target"]["artifact_id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&source).await.status, 409);
    assert_eq!(
        server.delete(&format!("{source}?force=true")).await.status,
        204
    );
    assert_eq!(server.get(PATH).await.body, json!([]));
}

#[tokio::test]
async fn packages_are_compared_by_name_type_and_version() {
    let server = TestServer::start().await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(&server)
        .await;
    let mut parts = SourceParts::new("abc");
    let package = |name: &str, version: &str| {
        json!({ "name": name, "version": version, "type": "npm", "language": "", "locations": [{ "path": "/x" }],
            "licenses": [], "cpes": [] })
    };
    parts.sbom["artifacts"] = json!([
        package("lodash", "4.17.21"),
        package("left-pad", "1.0.0"),
        { "name": "log4j-core", "version": "2.14.1", "type": "java-archive", "language": "", "locations": [],
            "licenses": [], "cpes": [] },
    ]);
    let source = parts.analyzed(&server).await;
    let made = add(
        &server,
        &json!({
            "source": { "artifact_id": digest(1), "artifact_type": "image" },
            "target": { "artifact_id": source, "artifact_type": "source" },
            "relationship_type": "contains",
        }),
    )
    .await;
    let path = format!("{PATH}/{}/diffs/sbom", made["uuid"].as_str().unwrap());
    let diff = server.get(&path).await.body;
    let names = |list: &str| -> Vec<String> {
        diff[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("source_only"), ["busybox", "musl"]);
    assert_eq!(names("target_only"), ["left-pad"]);
    assert_eq!(names("both_unmodified"), ["log4j-core"]);
    let modified = &diff["source_modified"][0];
    assert_eq!(
        (
            &modified["source"]["version"],
            &modified["target"]["version"]
        ),
        (&json!("4.17.4"), &json!("4.17.21"))
    );
    let patch = &modified["patch"];
    let count = ["add", "remove", "replace"]
        .iter()
        .map(|kind| patch[kind].as_array().unwrap().len())
        .sum::<usize>();
    assert_eq!(patch["operations"].as_array().unwrap().len(), count);
    assert_eq!(
        patch["replace"][0],
        json!({ "id": "0", "op": "replace", "path": "/version", "value": "4.17.4" })
    );
    let added: Vec<&Value> = patch["add"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["path"])
        .collect();
    assert_eq!(added, ["/origin", "/metadata", "/purl"]);
    let musl = &diff["source_only"][1];
    assert_eq!(
        (&musl["size"], &musl["origin"], &musl["sourcepkg"]),
        (&json!(4096), &json!("M <m@example.com>"), &json!("musl"))
    );
    assert_eq!(musl["metadata_type"], "ApkMetadata");
    assert_eq!(diff["both_unmodified"][0]["maven_version"], "2.14.1");
}

#[tokio::test]
async fn artifacts_that_are_not_analyzed_cannot_be_compared() {
    let (server, mut wanted) = with_artifacts().await;
    let waiting = SourceParts::new("def").add(&server).await;
    wanted["target"]["artifact_id"] = waiting["uuid"].clone();
    let made = add(&server, &wanted).await;
    let path = format!("{PATH}/{}/diffs/sbom", made["uuid"].as_str().unwrap());
    is_error(
        &server.get(&path).await,
        404,
        "source is not analyzed - analysis_status: not_analyzed",
    );
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "relationship",
    );
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
}
