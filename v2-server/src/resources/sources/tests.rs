//! Sources, called through the whole router.

use serde_json::{Value, json};

use super::store;
use super::testing::{SourceParts, sbom};
use crate::resources::images::evaluation::{PackageClass, VulnerabilityMatch};
use crate::testing::{TestServer, is_error, is_problem};

fn path(uuid: &str, rest: &str) -> String {
    format!("/v2/sources/{uuid}{rest}")
}

#[tokio::test]
async fn an_imported_source_waits_and_is_then_analyzed() {
    let server = TestServer::start().await;
    let parts = SourceParts::new("abc123");
    let made = parts.add(&server).await;
    let uuid = made["uuid"].as_str().unwrap().to_owned();
    let mut expected = json!({
        "uuid": uuid, "account_name": "admin", "vcs_type": "git", "host": "github.com",
        "repository_name": "acme/shop", "revision": "abc123",
        "created_at": "2026-11-23T09:00:00Z", "last_updated": "2026-11-23T09:00:00Z",
        "analysis_status": "not_analyzed", "source_status": "active",
        "metadata_records": [{
            "uuid": made["metadata_records"][0]["uuid"], "ci_workflow_name": "build",
            "ci_workflow_execution_time": "2026-11-23T08:00:00Z", "branch_name": "main",
            "change_author": "a@example.com",
        }],
    });
    assert_eq!(made, expected);
    is_error(
        &server.get(&path(&uuid, "/content/npm")).await,
        404,
        "source is not analyzed - analysis_status: not_analyzed",
    );
    super::analysis::analyze_waiting(&server.state)
        .await
        .unwrap();
    expected["analysis_status"] = json!("analyzed");
    assert_eq!(server.get(&path(&uuid, "")).await.body, expected);
    let mut listed = expected;
    for member in ["vcs_type", "metadata_records"] {
        listed.as_object_mut().unwrap().shift_remove(member);
    }
    assert_eq!(
        server.get("/v2/sources").await.body,
        json!({ "items": [listed] })
    );
}

#[tokio::test]
async fn importing_a_revision_again_keeps_its_id_and_replaces_its_sbom() {
    let server = TestServer::start().await;
    let mut parts = SourceParts::new("abc123");
    let first = parts.analyzed(&server).await;
    parts.sbom["artifacts"] = json!([]);
    let second = parts.analyzed(&server).await;
    assert_eq!(first, second);
    let npm = server.get(&path(&first, "/content/npm")).await.body;
    assert_eq!(npm["content"], json!([]));
    let records = &server.get(&path(&first, "")).await.body["metadata_records"];
    assert_eq!(records.as_array().unwrap().len(), 2);
    let other = SourceParts::new("def").analyzed(&server).await;
    assert_ne!(first, other);
    let listed = server.get("/v2/sources").await.body;
    assert_eq!(listed["items"][0]["uuid"], other, "the newest comes first");
}

#[tokio::test]
async fn packages_of_all_types_have_one_form() {
    let server = TestServer::start().await;
    let uuid = SourceParts::new("abc123").analyzed(&server).await;
    assert_eq!(
        server.get(&path(&uuid, "/content/npm")).await.body,
        json!({
            "source_id": uuid, "content_type": "npm",
            "content": [{
                "package": "lodash", "version": "4.17.4", "type": "NPM", "origin": "a", "licenses": ["MIT"],
                "location": "/package-lock.json", "cpes": [], "metadata": { "author": "a" },
                "purl": "pkg:npm/lodash@4.17.4",
            }],
        })
    );
    let java = server.get(&path(&uuid, "/content/java")).await.body;
    assert_eq!(
        java["content"],
        json!([{
            "package": "log4j-core", "version": "2.14.1", "type": "JAVA", "origin": "N/A", "licenses": [],
            "location": "/pom.xml", "cpes": [],
        }])
    );
    let types = server.get(&path(&uuid, "/content")).await.body;
    let types: Vec<_> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    assert!(
        types.contains(&"npm") && !types.contains(&"files"),
        "{types:?}"
    );
    for kind in ["files", "malware", "nosuch"] {
        is_error(
            &server.get(&path(&uuid, &format!("/content/{kind}"))).await,
            404,
            &format!("content type ({kind}) not available"),
        );
    }
}

#[tokio::test]
async fn sboms_come_in_three_forms() {
    let server = TestServer::start().await;
    let uuid = SourceParts::new("abc123").analyzed(&server).await;
    assert_eq!(
        server.get(&path(&uuid, "/sbom/native-json")).await.body,
        sbom()
    );
    let spdx = server.get(&path(&uuid, "/sbom/spdx-json")).await.body;
    assert_eq!(spdx["name"], "github.com/acme/shop");
    assert_eq!(spdx["packages"][0]["versionInfo"], "abc123");
    assert_eq!(spdx["packages"][0]["primaryPackagePurpose"], "SOURCE");
    let cyclonedx = server.get(&path(&uuid, "/sbom/cyclonedx-json")).await.body;
    assert_eq!(cyclonedx["metadata"]["component"]["type"], "application");
    assert_eq!(cyclonedx["components"].as_array().unwrap().len(), 2);
}

pub(crate) fn found(id: &str, severity: &str, will_not_fix: bool) -> VulnerabilityMatch {
    VulnerabilityMatch {
        vulnerability_id: id.to_owned(),
        severity: severity.to_owned(),
        fix: None,
        package_name: "lodash".to_owned(),
        package_version: "4.17.4".to_owned(),
        package_type: "npm".to_owned(),
        package_class: PackageClass::NonOs,
        package_path: "/package-lock.json".to_owned(),
        url: Some("https://example.com".to_owned()),
        feed: "vulnerabilities".to_owned(),
        feed_group: "github:npm".to_owned(),
        will_not_fix,
        nvd_data: Vec::new(),
        vendor_data: Vec::new(),
        detected_at: "2026-11-23T09:00:00Z".to_owned(),
        fix_observed_at: None,
        package_cpe: None,
    }
}

async fn with_vulnerabilities(server: &TestServer) -> String {
    let uuid = SourceParts::new("abc123").analyzed(server).await;
    let wanted = uuid.clone();
    server
        .state
        .write(move |tx| {
            let source = store::state(tx, "admin", &wanted)?.unwrap().key;
            let matches = [
                found("GHSA-1", "Low", true),
                found("GHSA-2", "Critical", false),
            ];
            Ok(store::replace_vulnerabilities(tx, source, &matches)?)
        })
        .await
        .unwrap();
    uuid
}

#[tokio::test]
async fn vulnerabilities_are_reported_worst_first() {
    let server = TestServer::start().await;
    let uuid = with_vulnerabilities(&server).await;
    let ids = async |query: &str| -> Vec<String> {
        let report = server.get(&path(&uuid, &format!("/vuln/{query}"))).await;
        assert_eq!(report.status, 200, "{}", report.text);
        let rows = report.body["vulnerabilities"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["vuln"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("all").await, ["GHSA-2", "GHSA-1"]);
    assert_eq!(ids("non-os?will_not_fix=true").await, ["GHSA-1"]);
    assert_eq!(ids("non-os?will_not_fix=false").await, ["GHSA-2"]);
    assert_eq!(ids("os").await, [""; 0]);
    let report = server.get(&path(&uuid, "/vuln/all")).await.body;
    assert_eq!(
        (&report["source_id"], &report["vulnerability_type"]),
        (&json!(uuid), &json!("all"))
    );
    assert_eq!(
        server.get(&path(&uuid, "/vuln")).await.body,
        json!(["os", "non-os", "all"])
    );
    assert_eq!(server.get(&path(&uuid, "/vuln/nosuch")).await.status, 404);
}

#[tokio::test]
async fn a_policy_is_run_on_the_packages_of_a_source() {
    let server = TestServer::start().await;
    let uuid = with_vulnerabilities(&server).await;
    let unmapped = server.get(&path(&uuid, "/check")).await;
    assert_eq!(unmapped.status, 200, "{}", unmapped.text);
    assert_eq!(unmapped.body["source_mapped_to_rule"], false);
    let rule = |id: &str, severity: &str| {
        json!({
            "id": id, "gate": "vulnerabilities", "trigger": "package", "action": "STOP",
            "params": [
                { "name": "package_type", "value": "all" },
                { "name": "severity_comparison", "value": "=" }, { "name": "severity", "value": severity },
            ],
        })
    };
    let policy = json!({
        "id": "for-sources", "name": "P", "version": "2", "mappings": [],
        "rule_sets": [
            { "id": "s", "name": "S", "version": "2", "artifact_type": "source", "rules": [rule("r", "critical")] },
            { "id": "i", "name": "I", "version": "2", "rules": [rule("q", "low")] },
        ],
        "source_mappings": [
            { "id": "other", "name": "O", "host": "gitlab.com", "repository": "*", "rule_set_ids": ["i"], "allowlist_ids": [] },
            { "id": "m", "name": "M", "host": "github.com", "repository": "acme/*", "rule_set_ids": ["i", "s"], "allowlist_ids": [] },
        ],
    });
    let added = server.post("/v2/policies").json(policy).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let check = server
        .get(&path(&uuid, "/check?policy_id=for-sources"))
        .await;
    assert_eq!(check.status, 200, "{}", check.text);
    let body = check.body;
    assert_eq!(body["matched_mapping_rule"]["id"], "m");
    assert_eq!(
        (&body["final_action"], &body["status"]),
        (&json!("stop"), &json!("fail"))
    );
    assert_eq!(
        body["number_of_findings"], 1,
        "rules for images are not run: {body}"
    );
    assert_eq!(body["findings"][0]["rule_id"], "r");
    assert_eq!(body["revision"], "abc123");
    assert_eq!(body["policy"]["id"], "for-sources");
    is_error(
        &server.get(&path(&uuid, "/check?policy_id=nosuch")).await,
        404,
        "",
    );
}

#[tokio::test]
async fn a_source_is_deleted_with_all_that_hangs_on_it() {
    let server = TestServer::start().await;
    let uuid = SourceParts::new("abc123").analyzed(&server).await;
    assert_eq!(server.delete(&path(&uuid, "")).await.status, 204);
    for rest in [
        "",
        "/content/npm",
        "/sbom/native-json",
        "/vuln/all",
        "/check",
    ] {
        is_error(
            &server.get(&path(&uuid, rest)).await,
            404,
            "source not found in DB",
        );
    }
    is_error(
        &server.delete(&path(&uuid, "")).await,
        404,
        "source not found in DB",
    );
    assert_eq!(server.get("/v2/sources").await.body, json!({ "items": [] }));
}

#[tokio::test]
async fn accounts_do_not_see_each_others_sources() {
    let server = TestServer::start().await;
    server
        .account_with_user("acme", "alice", "read-write")
        .await;
    let uuid = SourceParts::new("abc123").analyzed(&server).await;
    for rest in ["", "/content/npm", "/sbom/spdx-json", "/vuln/all", "/check"] {
        let answer = server.get(&path(&uuid, rest)).as_user("alice").await;
        is_error(&answer, 404, "source not found in DB");
    }
    let deleted = server
        .delete(&path(&uuid, "?force=true"))
        .as_user("alice")
        .await;
    is_error(&deleted, 404, "source not found in DB");
    let listed = server.get("/v2/sources").as_user("alice").await;
    assert_eq!(listed.body, json!({ "items": [] }));
    let bad = server.delete(&path(&uuid, "?force=maybe")).await;
    is_problem(&bad, 400, "query parameter `force`");
}

#[tokio::test]
async fn a_long_list_of_sources_is_whole() {
    let server = TestServer::start().await;
    server
        .state
        .write(|tx| {
            for number in 0..1100 {
                let new = store::NewSource {
                    account: "admin",
                    uuid: &format!("u{number}"),
                    host: "h",
                    repository_name: "r",
                    revision: &number.to_string(),
                    import_uuid: "none",
                    metadata: super::types::SourceMetadataRecord {
                        uuid: format!("m{number}"),
                        ci_workflow_name: None,
                        ci_workflow_execution_time: None,
                        branch_name: None,
                        change_author: None,
                    },
                };
                store::add(tx, &new, "2026-11-23T09:00:00Z".parse().unwrap())?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let listed: Value = server.get("/v2/sources").await.body;
    let revisions: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["revision"].as_str().unwrap().parse::<u32>().unwrap())
        .collect();
    assert_eq!(revisions, (0..1100).rev().collect::<Vec<_>>());
}
