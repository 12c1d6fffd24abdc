//! Searches, called through the whole router.

use serde_json::{Value, json};

use super::store;
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

const PACKAGES: &str = "/v2/query/images/by-package";
const VULNERABILITIES: &str = "/v2/query/vulnerabilities";

async fn with_images(count: u32) -> TestServer {
    let server = TestServer::start().await;
    for number in 1..=count {
        ImageParts::new(number, &format!("docker.io/library/app:{number}"))
            .analyzed(&server)
            .await;
    }
    server
}

fn digests(body: &Value) -> Vec<String> {
    body["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["image"]["image_digest"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn images_are_found_by_a_package() {
    let server = with_images(1).await;
    let found = server.get(&format!("{PACKAGES}?name=musl")).await;
    assert_eq!(
        found.body,
        json!({
            "page": "1", "returned_count": 1,
            "images": [{
                "image": {
                    "image_digest": digest(1), "image_id": format!("{:064}", 501),
                    "analyzed_at": "2026-11-23T09:00:00Z",
                    "tag_history": [{
                        "full_tag": "docker.io/library/app:1", "registry": "docker.io", "repo": "library/app",
                        "tag": "1", "tag_detected_at": "2026-11-23T09:00:00Z",
                    }],
                },
                "packages": [{ "name": "musl", "version": "1.1.24-r8", "type": "APKG" }],
            }],
        })
    );
    for (query, count) in [
        ("name=musl&version=1.1.24-r8&package_type=APKG", 1),
        ("name=musl&version=1", 0),
        ("name=musl&package_type=npm", 0),
        ("name=lodash&package_type=npm", 1),
        ("name=nosuch", 0),
        ("name=m%25", 0),
    ] {
        let found = server.get(&format!("{PACKAGES}?{query}")).await;
        assert_eq!(found.body["returned_count"], count, "{query}");
    }
}

#[tokio::test]
async fn pages_of_images_are_in_the_order_of_their_digests() {
    let server = with_images(3).await;
    for (query, numbers, next) in [
        ("limit=2", vec![1, 2], json!("2")),
        ("limit=2&page=2", vec![3], Value::Null),
        ("limit=2&page=9", vec![], Value::Null),
        ("limit=3", vec![1, 2, 3], Value::Null),
        ("limit=0", vec![1, 2, 3], Value::Null),
        ("page=0", vec![1, 2, 3], Value::Null),
        ("page=2", vec![], Value::Null),
    ] {
        let found = server.get(&format!("{PACKAGES}?name=musl&{query}")).await;
        assert_eq!(found.status, 200, "{query}: {}", found.text);
        let expected: Vec<_> = numbers.into_iter().map(digest).collect();
        assert_eq!(digests(&found.body), expected, "{query}");
        assert_eq!(
            found.body.get("next_page").unwrap_or(&Value::Null),
            &next,
            "{query}"
        );
    }
}

#[tokio::test]
async fn only_analyzed_images_of_the_account_are_found() {
    let server = with_images(2).await;
    ImageParts::new(3, "docker.io/library/app:3")
        .add(&server)
        .await;
    server
        .delete(&format!("/v2/images/{}?force=true", digest(1)))
        .await;
    let found = server.get(&format!("{PACKAGES}?name=musl")).await;
    assert_eq!(digests(&found.body), [digest(2)]);
    server.account_with_user("acme", "alice", "read-only").await;
    let foreign = server
        .get(&format!("{PACKAGES}?name=musl"))
        .as_user("alice")
        .await;
    assert_eq!(foreign.body["returned_count"], 0);
}

#[tokio::test]
async fn bad_searches_are_refused() {
    let server = TestServer::start().await;
    for (path, detail) in [
        (PACKAGES.to_owned(), "missing query parameter `name`"),
        (
            format!("{PACKAGES}?name=a&page=x"),
            "query parameter `page`",
        ),
        (
            format!("{PACKAGES}?name=a&limit=-1"),
            "query parameter `limit`",
        ),
        (
            format!("{PACKAGES}?name=a&limit=x"),
            "query parameter `limit`",
        ),
        (VULNERABILITIES.to_owned(), "missing query parameter `id`"),
        (format!("{VULNERABILITIES}?id="), "query parameter `id`"),
    ] {
        is_problem(&server.get(&path).await, 400, detail);
    }
    is_error(
        &server
            .get(&format!(
                "{VULNERABILITIES}?id=CVE-1&affected_package_version=1"
            ))
            .await,
        400,
        "if affected_package_version is specified, affected_package must also be specified",
    );
}

fn record(id: &str, namespace: &str, package: &str, version: &str) -> Value {
    json!({
        "id": id, "namespace": namespace, "severity": "Medium", "link": format!("https://example.com/{id}"),
        "affected_packages": [{ "name": package, "version": version, "type": "apk", "will_not_fix": false }],
        "nvd_data": [{
            "id": id,
            "cvss_v2": { "base_score": 2.1, "exploitability_score": 3.9, "impact_score": 2.9 },
            "cvss_v3": { "base_score": 5.5, "exploitability_score": 1.8, "impact_score": 3.6 },
        }],
        "vendor_data": [], "description": "a flaw",
        "references": [{ "source": "N/A", "tags": ["Patch"], "url": "https://example.com" }],
    })
}

#[tokio::test]
async fn vulnerabilities_are_found_by_id_namespace_and_package() {
    let server = TestServer::start().await;
    let records = [
        record("CVE-2020-28928", "alpine:3.12", "musl", "1.1.24-r10"),
        record("CVE-2020-28928", "nvdv2:cves", "musl", "9.9.9"),
        record("CVE-2021-44228", "nvdv2:cves", "log4j", "2.14.1"),
    ];
    let kept = records.clone();
    server
        .state
        .write(move |tx| {
            // Twice: the later one counts.
            for record in kept.iter().chain(&kept) {
                let record = serde_json::from_value(record.clone()).unwrap();
                store::keep(tx, &record)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    for (query, expected) in [
        ("id=CVE-2020-28928,CVE-2021-44228", &[2, 1, 0][..]),
        ("id=CVE-2020-28928&id=CVE-2021-44228", &[2, 1, 0]),
        ("id=CVE-2020-28928&namespace=alpine:3.12", &[0]),
        (
            "id=CVE-2020-28928&namespace=alpine:3.12,nvdv2:cves",
            &[1, 0],
        ),
        ("id=CVE-2020-28928&affected_package=musl", &[1, 0]),
        ("id=CVE-2020-28928&affected_package=log4j", &[]),
        (
            "id=CVE-2021-44228&affected_package=log4j&affected_package_version=2.14.1",
            &[2],
        ),
        (
            "id=CVE-2021-44228&affected_package=log4j&affected_package_version=2",
            &[],
        ),
        ("id=CVE-0", &[]),
    ] {
        let found = server.get(&format!("{VULNERABILITIES}?{query}")).await.body;
        let expected: Vec<_> = expected
            .iter()
            .map(|at: &usize| records[*at].clone())
            .collect();
        assert_eq!(found["vulnerabilities"], json!(expected), "{query}");
        assert_eq!(found["returned_count"], expected.len(), "{query}");
    }
    let page = server
        .get(&format!("{VULNERABILITIES}?id=CVE-2020-28928&limit=1"))
        .await
        .body;
    assert_eq!(
        (&page["page"], &page["next_page"]),
        (&json!("1"), &json!("2"))
    );
}

#[tokio::test]
async fn vulnerabilities_are_for_everyone_who_logs_in() {
    let server = TestServer::start().await;
    server.account_with_user("acme", "nobody", "").await;
    let path = format!("{VULNERABILITIES}?id=CVE-1");
    assert_eq!(server.get(&path).as_user("nobody").await.status, 200);
    assert_eq!(server.get(&path).anonymous().await.status, 401);
    assert_eq!(
        server
            .get(&format!("{PACKAGES}?name=a"))
            .as_user("nobody")
            .await
            .status,
        403
    );
}
