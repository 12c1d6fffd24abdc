//! Applications, called through the whole router.

use serde_json::{Value, json};

use crate::resources::images::record::find_analyzed;
use crate::resources::images::testing::{ImageParts, digest};
use crate::resources::images::vulnerabilities;
use crate::resources::sources;
use crate::resources::sources::testing::SourceParts;
use crate::resources::sources::tests::found;
use crate::testing::{TestServer, is_error, is_problem};

const PATH: &str = "/v2/applications";

async fn shop(server: &TestServer) -> Value {
    let made = server
        .post(PATH)
        .json(json!({ "name": "shop", "description": "sells" }))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.body
}

fn application(made: &Value) -> String {
    format!("{PATH}/{}", made["application_id"].as_str().unwrap())
}

fn head(made: &Value) -> String {
    let version = &made["application_versions"][0]["application_version_id"];
    format!(
        "{}/versions/{}",
        application(made),
        version.as_str().unwrap()
    )
}

#[tokio::test]
async fn a_new_application_has_a_version() {
    let server = TestServer::start().await;
    let made = shop(&server).await;
    let time = "2026-11-23T09:00:00Z";
    let version = json!({
        "application_version_id": made["application_versions"][0]["application_version_id"],
        "application_id": made["application_id"], "version_name": "HEAD", "created_at": time, "last_updated": time,
    });
    let mut expected = json!({
        "application_id": made["application_id"], "name": "shop", "description": "sells",
        "application_versions": [version], "created_at": time, "last_updated": time,
    });
    assert_eq!(made, expected);
    let path = application(&made);
    for query in ["?include_versions=true", "?include_versions=True"] {
        assert_eq!(server.get(&format!("{path}{query}")).await.body, expected);
        assert_eq!(
            server.get(&format!("{PATH}{query}")).await.body,
            json!([expected])
        );
    }
    assert_eq!(
        server.get(&format!("{path}/versions")).await.body,
        json!([version])
    );
    assert_eq!(server.get(&head(&made)).await.body, version);
    expected
        .as_object_mut()
        .unwrap()
        .shift_remove("application_versions");
    assert_eq!(server.get(&path).await.body, expected);
    assert_eq!(server.get(PATH).await.body, json!([expected]));
}

#[tokio::test]
async fn names_are_unique_and_can_be_changed() {
    let server = TestServer::start().await;
    let made = shop(&server).await;
    let taken = server.post(PATH).json(json!({ "name": "shop" })).await;
    is_error(
        &taken,
        409,
        "an application with the name `shop` exists already",
    );
    let other = server
        .post(PATH)
        .json(json!({ "name": "other" }))
        .await
        .body;
    let path = application(&other);
    is_error(
        &server.put(&path).json(json!({ "name": "shop" })).await,
        409,
        "an application",
    );
    server.clock.advance(5);
    let changed = server
        .put(&path)
        .json(json!({ "name": "other", "description": "d" }))
        .await
        .body;
    assert_eq!(
        (
            &changed["name"],
            &changed["description"],
            &changed["last_updated"]
        ),
        (&json!("other"), &json!("d"), &json!("2026-11-23T09:00:05Z"))
    );
    let kept = server
        .put(&path)
        .json(json!({ "name": "third" }))
        .await
        .body;
    assert_eq!(
        (&kept["name"], &kept["description"]),
        (&json!("third"), &json!("d"))
    );

    let versions = format!("{}/versions", application(&made));
    let one = server
        .post(&versions)
        .json(json!({ "version_name": "1.0" }))
        .await
        .body;
    is_error(
        &server
            .post(&versions)
            .json(json!({ "version_name": "1.0" }))
            .await,
        409,
        "a version",
    );
    let one = format!(
        "{versions}/{}",
        one["application_version_id"].as_str().unwrap()
    );
    is_error(
        &server
            .put(&one)
            .json(json!({ "version_name": "HEAD" }))
            .await,
        409,
        "a version",
    );
    let renamed = server
        .put(&one)
        .json(json!({ "version_name": "1.1" }))
        .await
        .body;
    assert_eq!(renamed["version_name"], "1.1");
    assert_eq!(server.delete(&head(&made)).await.status, 204);
    assert_eq!(server.get(&versions).await.body, json!([renamed]));
    assert_eq!(server.delete(&application(&made)).await.status, 204);
    is_error(&server.get(&one).await, 404, "application");
}

#[tokio::test]
async fn what_has_no_name_is_refused() {
    let server = TestServer::start().await;
    let made = shop(&server).await;
    is_error(
        &server.post(PATH).json(json!({})).await,
        400,
        "`name` is required",
    );
    is_error(
        &server.post(PATH).json(json!({ "name": " " })).await,
        400,
        "`name` must not be empty",
    );
    let versions = format!("{}/versions", application(&made));
    is_problem(
        &server.post(&versions).json(json!({})).await,
        400,
        "version_name",
    );
    is_error(
        &server
            .post(&versions)
            .json(json!({ "version_name": "" }))
            .await,
        400,
        "`version_name` must not be empty",
    );
    let nowhere = format!("{PATH}/nosuch");
    for answer in [
        server.get(&nowhere).await,
        server.put(&nowhere).json(json!({})).await,
        server.delete(&nowhere).await,
        server.get(&format!("{nowhere}/versions")).await,
        server.get(&format!("{versions}/nosuch")).await,
        server.get(&format!("{versions}/nosuch/artifacts")).await,
        server
            .get(&format!("{versions}/nosuch/sboms/native-json"))
            .await,
        server
            .get(&format!("{versions}/nosuch/vulnerabilities"))
            .await,
    ] {
        is_error(&answer, 404, "application");
    }
}

async fn with_artifacts(server: &TestServer) -> (Value, String) {
    let made = shop(server).await;
    ImageParts::new(1, "docker.io/library/app:1")
        .analyzed(server)
        .await;
    let source = SourceParts::new("abc").analyzed(server).await;
    let artifacts = format!("{}/artifacts", head(&made));
    for (kind, keys) in [
        ("image", json!({ "image_digest": digest(1) })),
        (
            "source",
            json!({ "host": "github.com", "repository_name": "acme/shop", "revision": "abc" }),
        ),
    ] {
        let body = json!({ "artifact_type": kind, "artifact_keys": keys });
        let added = server.post(&artifacts).json(&body).await;
        assert_eq!(added.status, 200, "{}", added.text);
        is_error(
            &server.post(&artifacts).json(&body).await,
            409,
            "the artifact is in",
        );
    }
    (made, source)
}

#[tokio::test]
async fn artifacts_are_added_listed_and_taken_out() {
    let server = TestServer::start().await;
    let (made, source) = with_artifacts(&server).await;
    let artifacts = format!("{}/artifacts", head(&made));
    let listed = server.get(&artifacts).await.body;
    let time = "2026-11-23T09:00:00Z";
    let metadata = &listed["associated_image_artifacts"][0]["artifact_association_metadata"];
    assert_eq!(
        listed["associated_image_artifacts"],
        json!([{
            "artifact_association_metadata": {
                "association_id": metadata["association_id"], "created_at": time, "last_updated": time,
            },
            "image": {
                "account_name": "admin", "image_digest": digest(1), "distro": "alpine", "distro_version": "3.12.0",
                "analysis_status": "analyzed", "image_status": "active", "analyzed_at": time, "created_at": time,
                "last_updated": time,
            },
        }])
    );
    assert_eq!(
        listed["associated_source_artifacts"][0]["source"]["uuid"],
        source
    );
    let images = server
        .get(&format!("{artifacts}?artifact_types=image"))
        .await
        .body;
    assert_eq!(images["associated_source_artifacts"], json!([]));
    assert_eq!(
        images["associated_image_artifacts"],
        listed["associated_image_artifacts"]
    );
    is_problem(
        &server
            .get(&format!("{artifacts}?artifact_types=nosuch"))
            .await,
        400,
        "query parameter `artifact_types`",
    );
    let one = format!(
        "{artifacts}/{}",
        metadata["association_id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&one).await.status, 204);
    is_error(&server.delete(&one).await, 404, "artifact association");
    assert_eq!(
        server
            .get(&format!("/v2/images/{}", digest(1)))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn artifacts_that_are_not_there_cannot_be_added() {
    let server = TestServer::start().await;
    let made = shop(&server).await;
    let artifacts = format!("{}/artifacts", head(&made));
    for (kind, keys, status, message) in [
        (
            "image",
            json!({ "image_digest": digest(9) }),
            404,
            "image not found",
        ),
        (
            "image",
            json!({}),
            400,
            "`artifact_keys`: expected a text `image_digest`",
        ),
        (
            "image",
            json!({ "image_digest": 1 }),
            400,
            "`artifact_keys`",
        ),
        (
            "source",
            json!({ "uuid": "nosuch" }),
            404,
            "source not found",
        ),
        (
            "source",
            json!({ "host": "a", "repository_name": "b" }),
            400,
            "`artifact_keys`: expected a text `revision`",
        ),
        (
            "source",
            json!({ "host": "a", "repository_name": "b", "revision_id": "c" }),
            404,
            "source not found",
        ),
    ] {
        let body = json!({ "artifact_type": kind, "artifact_keys": keys });
        is_error(&server.post(&artifacts).json(body).await, status, message);
    }
    let body = json!({ "artifact_type": "x", "artifact_keys": {} });
    is_problem(
        &server.post(&artifacts).json(body).await,
        400,
        "artifact_type",
    );
}

#[tokio::test]
async fn what_is_deleted_leaves_its_versions() {
    let server = TestServer::start().await;
    let (made, source) = with_artifacts(&server).await;
    let path = format!("/v2/sources/{source}");
    is_error(
        &server.delete(&path).await,
        409,
        "the source is part of an application version",
    );
    assert_eq!(
        server.delete(&format!("{path}?force=true")).await.status,
        204
    );
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    let listed = server.get(&format!("{}/artifacts", head(&made))).await.body;
    assert_eq!(
        listed,
        json!({ "associated_source_artifacts": [], "associated_image_artifacts": [] })
    );
}

#[tokio::test]
async fn sboms_of_all_artifacts_come_together() {
    let server = TestServer::start().await;
    let (made, _) = with_artifacts(&server).await;
    let path = format!("{}/sboms/native-json", head(&made));
    let all = server.get(&path).await.body;
    assert_eq!(all["application"]["name"], "shop");
    assert_eq!(all["application_version"]["version_name"], "HEAD");
    assert_eq!(all["source_sboms"], json!([sources::testing::sbom()]));
    assert_eq!(
        all["image_sboms"],
        json!([crate::resources::images::testing::sbom()])
    );
    let sources_only = server
        .get(&format!("{path}?artifact_types=source"))
        .await
        .body;
    assert_eq!(sources_only["image_sboms"], json!([]));
    assert_eq!(sources_only["source_sboms"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn vulnerabilities_of_all_artifacts_come_together() {
    let server = TestServer::start().await;
    let (made, source) = with_artifacts(&server).await;
    let (uuid, now) = (source.clone(), server.state.now());
    server
        .state
        .write(move |tx| {
            let matches = [
                found("GHSA-1", "High", false),
                found("GHSA-2", "Critical", true),
            ];
            let key = sources::store::state(tx, "admin", &uuid)?.unwrap().key;
            sources::store::replace_vulnerabilities(tx, key, &matches)?;
            let image = find_analyzed(tx, "admin", &digest(1))?.key;
            Ok(vulnerabilities::store::replace(
                tx,
                image,
                &matches[..1],
                now,
            )?)
        })
        .await
        .unwrap();
    let path = format!("{}/vulnerabilities", head(&made));
    let report = server.get(&path).await.body;
    assert_eq!(
        report["application"],
        json!({
            "id": made["application_id"], "name": "shop", "version_name": "HEAD",
            "version_id": made["application_versions"][0]["application_version_id"],
            "artifacts": {
                "sources": [{ "uuid": source, "host": "github.com", "repository_name": "acme/shop", "revision": "abc" }],
                "images": [{ "image_digest": digest(1) }],
            },
        })
    );
    let place = |id: &str, kind: &str| {
        json!({
            "fix": "None",
            "location": {
                "artifact": { "id": id, "type": kind },
                "package": { "name": "lodash", "type": "npm", "version": "4.17.4", "location": "/package-lock.json" },
            },
        })
    };
    assert_eq!(
        report["vulnerabilities"],
        json!([{
            "id": "GHSA-1", "nvd": [],
            "vendor_data": {
                "feed": "vulnerabilities", "group": "github:npm", "will_not_fix": false, "severity": "High",
                "url": "https://example.com",
            },
            "matches": [place(&source, "source"), place(&digest(1), "image")],
        }])
    );
    let all = server.get(&format!("{path}?will_not_fix=true")).await.body;
    let ids: Vec<_> = all["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["GHSA-2", "GHSA-1"]);
}

#[tokio::test]
async fn accounts_have_applications_of_their_own() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    let made = shop(&server).await;
    assert_eq!(server.get(PATH).as_user("alice").await.body, json!([]));
    let path = application(&made);
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "application",
    );
    is_error(
        &server.delete(&path).as_user("alice").await,
        404,
        "application",
    );
    let same = server
        .post(PATH)
        .as_user("alice")
        .json(json!({ "name": "shop" }))
        .await;
    assert_eq!(
        same.status, 200,
        "names are unique in an account: {}",
        same.text
    );
}
