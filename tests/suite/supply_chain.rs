//! Sources, applications and the edges between artifacts, over both versions.

use serde_json::{Value, json};
use windlass_tests::facts::each;
use windlass_tests::image::{image, sbom};
use windlass_tests::story::Story;
use windlass_tests::world::{Answer, World};

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let image = image("docker.io/library/shop:1.0", '1');
        world.import_over_v1(&image, &sbom()).await;
        world.analyzed(&image.digest).await;
        let source = a_source_is_imported(world).await;
        a_source_is_read_and_checked(world, &source).await;
        an_application_has_versions_with_artifacts(world, &source, &image.digest).await;
        artifacts_contain_each_other(world, &source, &image.digest).await;
        the_same_over_v1(world, &source, &image.digest).await;
        a_source_goes(world, &source).await;
    })
});

#[tokio::test]
async fn sources_become_parts_of_applications_over_both_versions() {
    STORY.told().await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn a_source_is_imported(world: &World) -> String {
    let (_, v2) = world.admin();
    let given_up = v2.post_empty("/imports/sources").await.ok();
    let path = format!("/imports/sources/{}", text(&given_up["uuid"]));
    assert_eq!(v2.delete(&path).await.ok()["status"], "expired");
    let begun = v2.post_empty("/imports/sources").await.ok();
    let path = format!("/imports/sources/{}", text(&begun["uuid"]));
    let uploaded = v2.post(&format!("{path}/sbom"), &sbom()).await.ok();
    assert_eq!(v2.get(&format!("{path}/sbom")).await.ok(), uploaded);
    let made = v2
        .post(
            &format!("{path}/finalize"),
            &json!({
                "host": "github.com", "repository_name": "acme/shop", "revision": "0123abc",
                "branch_name": "main", "contents": {"sbom": uploaded["digest"]},
            }),
        )
        .await
        .ok();
    let uuid = text(&made["uuid"]).to_owned();
    world
        .until(|| async {
            let source = v2.get(&format!("/sources/{uuid}")).await.ok();
            source["analysis_status"] == "analyzed"
        })
        .await;
    assert_eq!(v2.get(&path).await.ok()["status"], "complete");
    assert_eq!(
        v2.get("/imports/sources").await.ok()[1]["status"],
        "complete"
    );
    uuid
}

async fn a_source_is_read_and_checked(world: &World, source: &str) {
    let (_, v2) = world.admin();
    let listed = v2.get("/sources").await.ok();
    assert_eq!(each(&listed["items"], "uuid"), [source]);
    let path = format!("/sources/{source}");
    let types = v2.get(&format!("{path}/content")).await.ok();
    assert!(
        types.as_array().expect("types").contains(&json!("os")),
        "{types}"
    );
    let packages = v2.get(&format!("{path}/content/os")).await.ok();
    assert_eq!(packages["source_id"], source);
    assert!(
        !each(&packages["content"], "package").is_empty(),
        "{packages}"
    );
    assert_eq!(
        v2.get(&format!("{path}/sbom/native-json")).await.ok(),
        sbom()
    );
    let spdx = v2.get(&format!("{path}/sbom/spdx-json")).await.ok();
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    let cyclonedx = v2.get(&format!("{path}/sbom/cyclonedx-json")).await.ok();
    assert_eq!(cyclonedx["bomFormat"], "CycloneDX");
    assert_eq!(
        v2.get(&format!("{path}/vuln")).await.ok(),
        json!(["os", "non-os", "all"])
    );
    let report = v2.get(&format!("{path}/vuln/all")).await.ok();
    assert_eq!(report["vulnerabilities"], json!([]));
    let check = v2.get(&format!("{path}/check")).await.ok();
    assert_eq!(
        (&check["status"], &check["source_mapped_to_rule"]),
        (&json!("pass"), &json!(false))
    );
}

async fn an_application_has_versions_with_artifacts(world: &World, source: &str, digest: &str) {
    let (_, v2) = world.admin();
    let made = v2
        .post("/applications", &json!({"name": "shop"}))
        .await
        .ok();
    let path = format!("/applications/{}", text(&made["application_id"]));
    assert_eq!(
        each(&made["application_versions"], "version_name"),
        ["HEAD"]
    );
    let renamed = v2.put(&path, &json!({"description": "sells"})).await.ok();
    assert_eq!(renamed["description"], "sells");
    assert_eq!(v2.get(&path).await.ok(), renamed);
    let listed = v2.get("/applications?include_versions=true").await.ok();
    assert_eq!(each(&listed, "name"), ["shop"]);
    let versions = format!("{path}/versions");
    let version = v2
        .post(&versions, &json!({"version_name": "1.0"}))
        .await
        .ok();
    let version = format!("{versions}/{}", text(&version["application_version_id"]));
    v2.put(&version, &json!({"version_name": "1.1"})).await.ok();
    assert_eq!(v2.get(&version).await.ok()["version_name"], "1.1");
    assert_eq!(
        each(&v2.get(&versions).await.ok(), "version_name"),
        ["HEAD", "1.1"]
    );

    let artifacts = format!("{version}/artifacts");
    for (kind, keys) in [
        ("image", json!({"image_digest": digest})),
        ("source", json!({"uuid": source})),
    ] {
        let wanted = json!({"artifact_type": kind, "artifact_keys": keys});
        v2.post(&artifacts, &wanted).await.ok();
        v2.post(&artifacts, &wanted).await.with(409);
    }
    let listed = v2.get(&artifacts).await.ok();
    assert_eq!(
        listed["associated_source_artifacts"][0]["source"]["uuid"],
        source
    );
    let associated = &listed["associated_image_artifacts"][0];
    assert_eq!(associated["image"]["image_digest"], digest);
    let sboms = v2.get(&format!("{version}/sboms/native-json")).await.ok();
    assert_eq!(sboms["source_sboms"], json!([sbom()]));
    assert_eq!(sboms["image_sboms"], json!([sbom()]));
    let report = v2.get(&format!("{version}/vulnerabilities")).await.ok();
    assert_eq!(
        report["application"]["artifacts"]["images"],
        json!([{"image_digest": digest}])
    );
    let association = &associated["artifact_association_metadata"]["association_id"];
    v2.delete(&format!("{artifacts}/{}", text(association)))
        .await
        .empty(204);
    v2.delete(&version).await.empty(204);
    v2.delete(&path).await.empty(204);
    assert_eq!(v2.get("/applications").await.ok(), json!([]));
}

async fn artifacts_contain_each_other(world: &World, source: &str, digest: &str) {
    let (_, v2) = world.admin();
    let made = v2
        .post(
            "/artifact-relationships",
            &json!({
                "source": {"artifact_id": digest, "artifact_type": "image"},
                "target": {"artifact_id": source, "artifact_type": "source"},
                "relationship_type": "contains",
            }),
        )
        .await
        .ok();
    let id = text(&made["uuid"]);
    let listed = v2
        .get(&format!("/artifact-relationships?artifact_id={source}"))
        .await
        .ok();
    assert_eq!(listed, json!([made]));
    let path = format!("/artifact-relationships/{id}");
    assert_eq!(v2.get(&path).await.ok(), made);
    let diff = v2.get(&format!("{path}/diffs/sbom")).await.ok();
    assert_eq!(
        diff["source_only"],
        json!([]),
        "both have the same packages"
    );
    assert!(!each(&diff["both_unmodified"], "name").is_empty());
    v2.delete(&format!("/sources/{source}")).await.with(409);
    let deleted = v2
        .delete(&format!("/artifact-relationships?relationship_ids={id}"))
        .await
        .ok();
    assert_eq!(deleted, json!({"deleted": [id]}));
}

/// What V2 clients do, as V1 clients do it.
async fn the_same_over_v1(world: &World, source: &str, digest: &str) {
    let (v1, v2) = world.admin();
    let imports = "/enterprise/imports/sources";
    let given_up = v1.post_empty(imports).await.ok();
    let path = format!("{imports}/{}", text(&given_up["uuid"]));
    v1.delete(&path).await.ok();
    let begun = v1.post_empty(imports).await.ok();
    let path = format!("{imports}/{}", text(&begun["uuid"]));
    let uploaded = v1.post(&format!("{path}/sbom"), &sbom()).await.ok();
    v1.get(&format!("{path}/sbom")).await.ok();
    let made = v1
        .post(
            &format!("{path}/finalize"),
            &json!({
                "host": "github.com", "repository_name": "acme/old", "revision": "1",
                "contents": {"sbom": uploaded["digest"]},
            }),
        )
        .await
        .ok();
    assert_eq!(made["account_id"], "admin", "{made}");
    v1.get(&path).await.ok();
    assert_eq!(v1.get(imports).await.ok().as_array().map(Vec::len), Some(4));

    let sources = v1.get("/enterprise/sources").await.ok();
    assert!(sources.to_string().contains(source), "{sources}");
    let path = format!("/enterprise/sources/{source}");
    for rest in [
        "",
        "/content",
        "/content/os",
        "/sbom/native-json",
        "/sbom/spdx-json",
        "/sbom/cyclonedx-json",
        "/vuln",
        "/vuln/all",
        "/check",
    ] {
        v1.get(&format!("{path}{rest}")).await.ok();
    }
    assert_eq!(v1.get(&format!("{path}/sbom")).await.ok()[0], "native");
    done(&v1.get(&format!("{path}/sbom/native")).await);
    let other = format!("/enterprise/sources/{}", text(&made["uuid"]));
    done(&v1.delete(&other).await);

    let applications = "/enterprise/applications";
    let made = v1.post(applications, &json!({"name": "old"})).await.ok();
    let path = format!("{applications}/{}", text(&made["application_id"]));
    v1.put(&path, &json!({"name": "older"})).await.ok();
    assert_eq!(v1.get(&path).await.ok()["name"], "older");
    assert_eq!(each(&v1.get(applications).await.ok(), "name"), ["older"]);
    let versions = format!("{path}/versions");
    let version = v1
        .post(&versions, &json!({"version_name": "1.0"}))
        .await
        .ok();
    let version = format!("{versions}/{}", text(&version["application_version_id"]));
    v1.put(&version, &json!({"version_name": "1.1"})).await.ok();
    v1.get(&version).await.ok();
    assert_eq!(
        each(&v1.get(&versions).await.ok(), "version_name"),
        ["HEAD", "1.1"]
    );
    let artifacts = format!("{version}/artifacts");
    let wanted = json!({"artifact_type": "image", "artifact_keys": {"image_digest": digest}});
    let added = v1.post(&artifacts, &wanted).await.ok();
    v1.get(&artifacts).await.ok();
    v1.get(&format!("{version}/sboms/json")).await.ok();
    v1.get(&format!("{version}/vulnerabilities")).await.ok();
    let association = &added["artifact_association_metadata"]["association_id"];
    done(
        &v1.delete(&format!("{artifacts}/{}", text(association)))
            .await,
    );
    done(&v1.delete(&version).await);
    done(&v1.delete(&path).await);

    let edges = "/enterprise/artifact_relationships";
    let wanted = json!({
        "source": {"artifact_id": digest, "artifact_type": "image"},
        "target": {"artifact_id": source, "artifact_type": "source"},
        "relationship_type": "contains",
    });
    v1.post(edges, &wanted).await.ok();
    let listed = v2.get("/artifact-relationships").await.ok();
    let id = text(&listed[0]["uuid"]);
    assert_eq!(v1.get(edges).await.ok(), listed);
    assert_eq!(v1.get(&format!("{edges}/{id}")).await.ok(), listed[0]);
    v1.get(&format!("{edges}/{id}/diffs/sbom")).await.ok();
    done(&v1.delete(&format!("{edges}?relationship_ids={id}")).await);
    assert_eq!(v1.get(edges).await.ok(), json!([]));
}

/// Expects success, whatever the status and the body are in V1.
#[track_caller]
fn done(answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}

async fn a_source_goes(world: &World, source: &str) {
    let (_, v2) = world.admin();
    v2.delete(&format!("/sources/{source}")).await.empty(204);
    v2.get(&format!("/sources/{source}")).await.with(404);
    assert_eq!(v2.get("/sources").await.ok(), json!({"items": []}));
}
