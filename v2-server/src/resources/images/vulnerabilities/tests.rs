//! Vulnerability reports, called through the whole router.

use serde_json::{Value, json};

use super::store;
use crate::resources::images::evaluation::{
    CvssScores, PackageClass, ScoredRecord, VulnerabilityMatch,
};
use crate::resources::images::record;
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(number: u32, report: &str) -> String {
    format!("/v2/images/{}/vuln/{report}", digest(number))
}

/// A match of musl, an operating system package, that nobody has scored.
pub(super) fn musl(id: &str, severity: &str) -> VulnerabilityMatch {
    VulnerabilityMatch {
        vulnerability_id: id.to_owned(),
        severity: severity.to_owned(),
        fix: None,
        package_name: "musl".to_owned(),
        package_version: "1.1.24-r8".to_owned(),
        package_type: "APKG".to_owned(),
        package_class: PackageClass::Os,
        package_path: "pkgdb".to_owned(),
        url: None,
        feed: "vulnerabilities".to_owned(),
        feed_group: "alpine:3.12".to_owned(),
        will_not_fix: false,
        nvd_data: Vec::new(),
        vendor_data: Vec::new(),
        detected_at: String::new(),
        fix_observed_at: None,
        package_cpe: None,
    }
}

/// A match of lodash, which is not of the operating system.
fn lodash(id: &str, severity: &str) -> VulnerabilityMatch {
    VulnerabilityMatch {
        package_name: "lodash".to_owned(),
        package_version: "4.17.4".to_owned(),
        package_type: "npm".to_owned(),
        package_class: PackageClass::NonOs,
        package_path: "/app/node_modules/lodash/package.json".to_owned(),
        feed: "nvdv2".to_owned(),
        feed_group: "nvdv2:cves".to_owned(),
        ..musl(id, severity)
    }
}

async fn matched(server: &TestServer, number: u32, matches: Vec<VulnerabilityMatch>) {
    let now = server.state.now();
    server
        .state
        .write(move |tx| {
            let image = record::find_analyzed(tx, "admin", &digest(number))?;
            Ok(store::replace(tx, image.key, &matches, now)?)
        })
        .await
        .unwrap();
}

fn ids(body: &Value) -> Vec<&str> {
    let rows = body["vulnerabilities"].as_array().unwrap();
    rows.iter()
        .map(|row| row["vuln"].as_str().unwrap())
        .collect()
}

async fn with_four_matches() -> TestServer {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let unfixed = VulnerabilityMatch {
        will_not_fix: true,
        ..musl("CVE-4", "Critical")
    };
    let matches = vec![
        lodash("CVE-1", "Low"),
        musl("CVE-2", "Medium"),
        lodash("CVE-3", "Critical"),
        unfixed,
    ];
    matched(&server, 1, matches).await;
    server
}

#[tokio::test]
async fn the_kinds_of_report_are_the_same_for_every_image() {
    let server = TestServer::start().await;
    let kinds = server.get(&format!("/v2/images/{}/vuln", digest(1))).await;
    assert_eq!(kinds.body, json!(["os", "non-os", "all"]));
}

#[tokio::test]
async fn a_row_says_none_where_nothing_is_known() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let score = CvssScores {
        base_score: 5.5,
        exploitability_score: 1.8,
        impact_score: 3.6,
    };
    let scored = ScoredRecord {
        id: "CVE-2020-28928".to_owned(),
        cvss_v2: CvssScores::UNKNOWN,
        cvss_v3: score,
    };
    let fixed = VulnerabilityMatch {
        fix: Some("1.1.24-r10".to_owned()),
        url: Some("https://example.com/CVE-2020-28928".to_owned()),
        nvd_data: vec![scored],
        ..musl("CVE-2020-28928", "Medium")
    };
    matched(&server, 1, vec![fixed, lodash("CVE-2017-1", "Low")]).await;
    assert_eq!(
        server.get(&path(1, "all")).await.body,
        json!({
            "image_digest": digest(1), "vulnerability_type": "all",
            "vulnerabilities": [
                {
                    "vuln": "CVE-2020-28928", "fix": "1.1.24-r10", "severity": "Medium", "package": "musl-1.1.24-r8",
                    "url": "https://example.com/CVE-2020-28928", "feed": "vulnerabilities",
                    "feed_group": "alpine:3.12", "package_name": "musl", "package_version": "1.1.24-r8",
                    "package_type": "APKG", "package_cpe": "None", "package_path": "pkgdb", "will_not_fix": false,
                    "nvd_data": [{
                        "id": "CVE-2020-28928",
                        "cvss_v2": { "base_score": -1.0, "exploitability_score": -1.0, "impact_score": -1.0 },
                        "cvss_v3": { "base_score": 5.5, "exploitability_score": 1.8, "impact_score": 3.6 },
                    }],
                    "vendor_data": [], "detected_at": "2026-11-23T09:00:00Z",
                    "fix_observed_at": "2026-11-23T09:00:00Z",
                },
                {
                    "vuln": "CVE-2017-1", "fix": "None", "severity": "Low", "package": "lodash-4.17.4", "url": "None",
                    "feed": "nvdv2", "feed_group": "nvdv2:cves", "package_name": "lodash",
                    "package_version": "4.17.4", "package_type": "npm", "package_cpe": "None",
                    "package_path": "/app/node_modules/lodash/package.json", "will_not_fix": false, "nvd_data": [],
                    "vendor_data": [], "detected_at": "2026-11-23T09:00:00Z",
                },
            ],
        })
    );
}

#[tokio::test]
async fn reports_are_filtered_and_the_worst_comes_first() {
    let server = with_four_matches().await;
    for (report, expected) in [
        ("all", vec!["CVE-3", "CVE-2", "CVE-1"]),
        (
            "all?vendor_only=true&force_refresh=True",
            vec!["CVE-3", "CVE-2", "CVE-1"],
        ),
        (
            "all?vendor_only=False",
            vec!["CVE-3", "CVE-4", "CVE-2", "CVE-1"],
        ),
        ("os", vec!["CVE-2"]),
        ("os?vendor_only=false", vec!["CVE-4", "CVE-2"]),
        ("non-os?vendor_only=false", vec!["CVE-3", "CVE-1"]),
    ] {
        let answer = server.get(&path(1, report)).await;
        assert_eq!(ids(&answer.body), expected, "{report}");
        assert!(
            answer.body["vulnerabilities"][0]
                .get("inherited_from_base")
                .is_none()
        );
    }
}

#[tokio::test]
async fn matches_shared_with_the_base_are_marked() {
    let server = with_four_matches().await;
    ImageParts::new(2, "a:base").analyzed(&server).await;
    matched(
        &server,
        2,
        vec![musl("CVE-2", "Medium"), lodash("CVE-3", "High")],
    )
    .await;
    let answer = server
        .get(&format!("{}?base_digest={}", path(1, "all"), digest(2)))
        .await;
    assert_eq!(answer.body["base_digest"], digest(2));
    let inherited: Vec<_> = answer.body["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["vuln"].as_str().unwrap(),
                row["inherited_from_base"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        inherited,
        [("CVE-3", true), ("CVE-2", true), ("CVE-1", false)]
    );
    let unknown = server
        .get(&format!("{}?base_digest={}", path(1, "all"), digest(7)))
        .await;
    is_error(&unknown, 404, "image not found in DB");
}

#[tokio::test]
async fn a_match_remembers_since_when_it_is_known() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    matched(&server, 1, vec![musl("CVE-1", "Low")]).await;
    server.clock.advance(60);
    let fixed = VulnerabilityMatch {
        fix: Some("2".to_owned()),
        ..musl("CVE-1", "High")
    };
    matched(&server, 1, vec![fixed.clone(), musl("CVE-2", "Low")]).await;
    server.clock.advance(60);
    matched(&server, 1, vec![fixed, musl("CVE-2", "Low")]).await;
    let rows = server.get(&path(1, "all")).await.body["vulnerabilities"].clone();
    assert_eq!(
        (
            &rows[0]["vuln"],
            &rows[0]["detected_at"],
            &rows[0]["fix_observed_at"]
        ),
        (
            &json!("CVE-1"),
            &json!("2026-11-23T09:00:00Z"),
            &json!("2026-11-23T09:01:00Z")
        )
    );
    assert_eq!(
        (&rows[1]["vuln"], &rows[1]["detected_at"]),
        (&json!("CVE-2"), &json!("2026-11-23T09:01:00Z"))
    );
}

#[tokio::test]
async fn a_new_analysis_forgets_matches_of_packages_that_are_gone() {
    let server = with_four_matches().await;
    let mut without_lodash = ImageParts::new(1, TAG);
    without_lodash.query = "force=true";
    without_lodash.packages["artifacts"]
        .as_array_mut()
        .unwrap()
        .remove(2);
    without_lodash.analyzed(&server).await;
    let report = server.get(&path(1, "all?vendor_only=false")).await.body;
    assert_eq!(ids(&report), ["CVE-4", "CVE-2"]);
}

#[tokio::test]
async fn a_long_report_is_whole() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let matches = (0..1300)
        .map(|number| musl(&format!("CVE-{number:04}"), "High"))
        .collect();
    matched(&server, 1, matches).await;
    let report = server.get(&path(1, "all")).await.body;
    let expected: Vec<String> = (0..1300).map(|number| format!("CVE-{number:04}")).collect();
    assert_eq!(ids(&report), expected);
}

#[tokio::test]
async fn without_an_analysis_there_is_no_report() {
    let server = TestServer::start().await;
    is_error(
        &server.get(&path(1, "all")).await,
        404,
        "image not found in DB",
    );
    ImageParts::new(1, TAG).add(&server).await;
    is_error(
        &server.get(&path(1, "all")).await,
        404,
        "image is not analyzed - analysis_status: not_analyzed",
    );
    is_error(
        &server.get(&path(1, "nosuch")).await,
        404,
        "content type (nosuch) not available",
    );
    is_problem(
        &server.get(&path(1, "all?vendor_only=x")).await,
        400,
        "query parameter `vendor_only`",
    );
}
