//! Policy checks, called through the whole router on images that were imported through it.

use serde_json::{Value, json};

use crate::resources::images::evaluation::{PackageClass, VulnerabilityMatch};
use crate::resources::images::record::find_analyzed;
use crate::resources::images::testing::{ImageParts, digest};
use crate::resources::images::vulnerabilities;
use crate::testing::{TestServer, is_error, is_problem};

const TAG: &str = "docker.io/library/app:1.0";

fn package(name: &str, version: &str, license: &str) -> Value {
    json!({
        "name": name, "version": version, "type": "apk", "locations": [{"path": "/lib/apk/db/installed"}],
        "licenses": [license], "language": "", "cpes": [],
    })
}

/// An image of Alpine 3.12.0 with these packages and no file listing, under [`TAG`].
fn image(number: u32, packages: &[Value]) -> ImageParts {
    ImageParts {
        packages: json!({
            "artifacts": packages, "source": {"type": "image"},
            "distro": {"name": "alpine", "version": "3.12.0", "idLike": ""},
        }),
        dockerfile: Some("FROM scratch\nEXPOSE 22\n"),
        secret_searches: Some(json!([{
            "location": {"path": "/root/.aws"},
            "content_searches": [{
                "classification": "AWS_ACCESS_KEY", "line_number": 1, "line_offset": 0, "seek_position": 0,
                "length": 1,
            }],
        }])),
        file_contents: Some(json!([{
            "location": {"path": "/etc/passwd"}, "contents": "cm9vdDp4OjA6MDpyb290Oi9yb290Oi9iaW4vc2gK",
        }])),
        ..ImageParts::new(number, TAG)
    }
}

/// A server with the image 1 that has `musl` and `curl`.
async fn with_app() -> TestServer {
    let server = TestServer::start().await;
    let packages = [
        package("musl", "1.1.24-r8", "MIT"),
        package("curl", "8.0-r0", "curl"),
    ];
    image(1, &packages).analyzed(&server).await;
    server
}

/// Adds a policy of this id with one rule set of these rules: gate, trigger, action, parameters.
async fn add_policy(server: &TestServer, id: &str, rules: &[(&str, &str, &str, Value)]) {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(gate, trigger, action, params)| {
            let params: Vec<Value> = params
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            json!({"id": format!("{gate}/{trigger}"), "gate": gate, "trigger": trigger, "action": action, "params": params})
        })
        .collect();
    let policy = json!({
        "id": id, "name": id, "version": "2",
        "rule_sets": [{"id": "rs1", "name": "RS", "version": "2", "rules": rules}],
        "allowlists": [{
            "id": "al1", "name": "AL", "version": "2",
            "items": [{"id": "i1", "gate": "packages", "trigger_id": "*"}],
        }],
        "mappings": [{
            "id": "m1", "name": "default", "registry": "docker.io", "repository": "library/*",
            "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs1"], "allowlist_ids": ["al1"],
        }],
    });
    let answer = server.post("/v2/policies").json(policy).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn path(number: u32, query: &str) -> String {
    format!("/v2/images/{}/check?tag={TAG}&{query}", digest(number))
}

async fn check(server: &TestServer, query: &str) -> Value {
    let answer = server.get(&path(1, query)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

/// Final actions of the evaluations in an answer.
fn actions(body: &Value) -> Vec<&str> {
    body["evaluations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evaluation| evaluation["final_action"].as_str().unwrap())
        .collect()
}

fn findings(body: &Value) -> Vec<String> {
    body["evaluations"][0]["details"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            format!(
                "{} {} {}",
                finding["gate"].as_str().unwrap(),
                finding["action"].as_str().unwrap(),
                finding["message"].as_str().unwrap()
            )
        })
        .collect()
}

async fn told(server: &TestServer) -> Vec<Value> {
    let page = server
        .get("/v2/events?event_type=user.checks.tag.policy_evaluation.update")
        .await
        .body;
    page["results"].as_array().unwrap().clone()
}

async fn add_always(server: &TestServer, id: &str, action: &str) {
    add_policy(server, id, &[("always", "always", action, json!({}))]).await;
}

#[tokio::test]
async fn an_evaluation_says_everything_about_itself() {
    let server = with_app().await;
    add_policy(
        &server,
        "p",
        &[
            ("always", "always", "WARN", json!({})),
            ("packages", "denylist", "STOP", json!({"name": "curl"})),
        ],
    )
    .await;
    let body = check(&server, "policy_id=p").await;
    let policy = server.get("/v2/policies/p").await.body["policy"].clone();
    let mapping = policy["mappings"][0].clone();
    assert_eq!(
        body,
        json!({
            "policy_id": "p", "image_digest": digest(1), "evaluated_tag": TAG,
            "evaluations": [{
                "details": {
                    "policy": policy,
                    "findings": [
                        {
                            "trigger_id": "always", "gate": "always", "trigger": "always",
                            "message": "Unconditional trigger match", "action": "warn", "policy_id": "rs1",
                            "recommendation": "", "rule_id": "always/always", "allowlisted": false,
                            "allowlist_match": null, "inherited_from_base": null,
                        },
                        {
                            "trigger_id": "78d2dbda3b6ddf4c458247ac7d6501a4", "gate": "packages",
                            "trigger": "denylist", "message": "Package is denylisted: curl", "action": "go",
                            "policy_id": "rs1", "recommendation": "", "rule_id": "packages/denylist",
                            "allowlisted": true,
                            "allowlist_match": {"id": "al1", "name": "AL", "matched_rule_id": "i1"},
                            "inherited_from_base": null,
                        },
                    ],
                    "policy_action": "warn", "remediations": [],
                },
                "comparison_image_digest": null, "evaluation_time": "2026-11-23T09:00:00Z",
                "evaluation_problems": [], "status": "pass", "final_action": "warn",
                "final_action_reason": "policy_evaluation", "image_allowlisted": false,
                "matched_allowlisted_images_rule": null, "image_denylisted": false,
                "matched_denylisted_images_rule": null, "image_mapped_to_rule": true,
                "matched_mapping_rule": mapping, "number_of_findings": 2,
            }],
        })
    );
}

#[tokio::test]
async fn without_details_only_the_outcome_is_answered() {
    let server = with_app().await;
    let body = check(&server, "detail=False").await;
    assert_eq!(body["evaluations"][0]["details"], Value::Null);
    assert_eq!(body["evaluations"][0]["status"], "fail");
}

#[tokio::test]
async fn the_active_policy_is_used_at_once() {
    let server = with_app().await;
    let body = check(&server, "").await;
    assert_eq!(body["policy_id"], "2c53a13c-1765-11e8-82ef-23527761d060");
    assert_eq!(
        findings(&body),
        [
            "dockerfile stop Dockerfile exposes port (22) which is in policy file DENIEDPORTS list",
            "dockerfile warn Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check",
            "vulnerabilities warn The vulnerability feed for this image distro is older than MAXAGE (2) days",
            "vulnerabilities warn Distro-specific feed data not found for distro namespace: alpine:3.12.0. Cannot \
             perform CVE scan OS/distro packages",
        ]
    );
    assert_eq!(actions(&body), ["stop"]);

    add_always(&server, "go", "GO").await;
    let mut record = server.get("/v2/policies/go").await.body;
    record["active"] = json!(true);
    server.put("/v2/policies/go").json(record).await;
    let body = check(&server, "").await;
    assert_eq!(body["policy_id"], "go");
    assert_eq!(actions(&body), ["go"]);
}

#[tokio::test]
async fn what_was_imported_is_what_is_checked() {
    let server = with_app().await;
    add_policy(
        &server,
        "p",
        &[
            (
                "metadata",
                "attribute",
                "WARN",
                json!({"attribute": "size", "check": ">", "value": "1mb"}),
            ),
            (
                "licenses",
                "denylist_exact_match",
                "WARN",
                json!({"licenses": "curl"}),
            ),
            (
                "packages",
                "required_package",
                "WARN",
                json!({"name": "bash"}),
            ),
            ("secret_scans", "content_regex_checks", "WARN", json!({})),
            (
                "passwd_file",
                "denylist_userids",
                "WARN",
                json!({"user_ids": "0"}),
            ),
            ("malware", "scan_not_run", "WARN", json!({})),
            ("files", "suid_or_guid_set", "STOP", json!({})),
        ],
    )
    .await;
    let body = check(&server, "policy_id=p").await;
    assert_eq!(
        findings(&body),
        [
            "metadata warn Attribute check for attribute: 'size' check: '>' check_value: '1048576' matched image \
             value: '2797641'",
            "licenses warn LICFULLMATCH Packages are installed that have denylisted licenses: curl(curl)",
            "packages go Required input package (bash) is not present in container image",
            "secret_scans warn Secret content search analyzer found regexp match in container: file=/root/.aws \
             regexp=AWS_ACCESS_KEY",
            "passwd_file warn Denylisted uid '0' found in image's /etc/passwd: \
             pentry=root:x:0:0:root:/root:/bin/sh",
            "malware warn No malware scans found for image",
        ]
    );
    let problems = &body["evaluations"][0]["evaluation_problems"];
    assert_eq!(problems.as_array().unwrap().len(), 1);
    assert_eq!(problems[0]["problem_type"], "DataNotAvailableWarning");
    assert_eq!(problems[0]["severity"], "warn");
}

#[tokio::test]
async fn stored_matches_of_vulnerabilities_are_checked() {
    let server = with_app().await;
    let now = server.state.now();
    let found = VulnerabilityMatch {
        vulnerability_id: "CVE-2020-28928".to_owned(),
        severity: "Medium".to_owned(),
        fix: Some("1.1.24-r10".to_owned()),
        package_name: "musl".to_owned(),
        package_version: "1.1.24-r8".to_owned(),
        package_type: "APKG".to_owned(),
        package_class: PackageClass::Os,
        package_path: "pkgdb".to_owned(),
        url: Some("https://example.com/CVE-2020-28928".to_owned()),
        feed: "vulnerabilities".to_owned(),
        feed_group: "alpine:3.12".to_owned(),
        will_not_fix: false,
        nvd_data: Vec::new(),
        vendor_data: Vec::new(),
        detected_at: now.to_string(),
        fix_observed_at: None,
        package_cpe: None,
    };
    server
        .state
        .write(move |tx| {
            let image = find_analyzed(tx, "admin", &digest(1))?.key;
            tx.execute(
                "INSERT INTO feed_groups (feed, name, enabled, created_at, updated_at, last_sync, record_count)
                 VALUES ('vulnerabilities', 'alpine:3.12', $1, $2, $2, $2, 1)",
                crate::params![true, now],
            )?;
            Ok(vulnerabilities::store::replace(tx, image, std::slice::from_ref(&found), now)?)
        })
        .await
        .unwrap();
    let body = check(&server, "").await;
    let of_vulnerabilities: Vec<_> = findings(&body)
        .into_iter()
        .filter(|finding| finding.starts_with("vulnerabilities"))
        .collect();
    assert_eq!(
        of_vulnerabilities,
        [
            "vulnerabilities warn MEDIUM Vulnerability found in os package type (APKG) - musl (fixed in: 1.1.24-r10)\
             (CVE-2020-28928 - https://example.com/CVE-2020-28928)"
        ],
        "data for 3.12 serves 3.12.0, and is fresh"
    );
}

#[tokio::test]
async fn any_tag_can_be_asked_for_and_is_answered_in_full() {
    let server = with_app().await;
    add_always(&server, "stop", "STOP").await;
    let ask = async |tag: &str| {
        let path = format!("/v2/images/{}/check?policy_id=stop&tag={tag}", digest(1));
        let body = server.get(&path).await.body;
        let evaluation = &body["evaluations"][0];
        (
            body["evaluated_tag"].as_str().unwrap().to_owned(),
            evaluation["image_mapped_to_rule"].as_bool().unwrap(),
            evaluation["final_action"].as_str().unwrap().to_owned(),
        )
    };
    let stop = |tag: &str| (tag.to_owned(), true, "stop".to_owned());
    let go = |tag: &str| (tag.to_owned(), false, "go".to_owned());
    assert_eq!(
        ask("docker.io/library/other:9").await,
        stop("docker.io/library/other:9")
    );
    assert_eq!(
        ask("dockerhub/library/app").await,
        stop("docker.io/library/app:latest")
    );
    assert_eq!(ask("app:1.0").await, go("docker.io/app:1.0"));
    assert_eq!(
        ask("quay.io:443/library/app:1").await,
        go("quay.io:443/library/app:1")
    );
}

#[tokio::test]
async fn what_cannot_be_checked_is_404() {
    let server = with_app().await;
    let unknown = path(99, "");
    is_error(&server.get(&unknown).await, 404, "image not found in DB");
    let unknown = path(1, "policy_id=nosuch");
    is_error(
        &server.get(&unknown).await,
        404,
        "Policy bundle nosuch not found in DB",
    );
    let base = path(1, &format!("base_digest={}", digest(99)));
    is_error(&server.get(&base).await, 404, "image not found in DB");

    image(2, &[]).add(&server).await;
    is_error(
        &server.get(&path(2, "policy_id=nosuch")).await,
        404,
        "image is not analyzed - analysis_status: not_analyzed",
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_400() {
    let server = with_app().await;
    let image = format!("/v2/images/{}/check", digest(1));
    is_problem(
        &server.get(&image).await,
        400,
        "missing query parameter `tag`",
    );
    for bad in ["", "a%20b", "docker.io/library/app@sha256:12"] {
        let answer = server.get(&format!("{image}?tag={bad}")).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text);
    }
    let answer = server.get(&path(1, "interactive=perhaps")).await;
    is_problem(&answer, 400, "query parameter `interactive`");
}

#[tokio::test]
async fn every_outcome_is_kept_once_and_the_newest_comes_first() {
    let server = with_app().await;
    add_always(&server, "p", "STOP").await;
    for action in ["STOP", "WARN", "STOP"] {
        add_always(&server, "p", action).await;
        server.clock.advance(60);
        check(&server, "policy_id=p").await;
    }
    server.clock.advance(60);
    let body = check(&server, "policy_id=p&history=true").await;
    assert_eq!(actions(&body), ["stop", "warn"]);
    assert_eq!(
        body["evaluations"][0]["evaluation_time"],
        "2026-11-23T09:04:00Z"
    );
    assert_eq!(
        body["evaluations"][1]["evaluation_time"],
        "2026-11-23T09:02:00Z"
    );
    assert_eq!(
        body["evaluations"][1]["details"]["findings"][0]["action"],
        "warn"
    );

    let other_tag = format!(
        "/v2/images/{}/check?tag=other:1&policy_id=p&history=true",
        digest(1)
    );
    assert_eq!(actions(&server.get(&other_tag).await.body), ["go"]);
}

#[tokio::test]
async fn an_interactive_check_leaves_no_trace() {
    let server = with_app().await;
    add_always(&server, "p", "WARN").await;
    check(&server, "policy_id=p").await;
    add_always(&server, "p", "STOP").await;
    let body = check(&server, "policy_id=p&interactive=true&history=true").await;
    assert_eq!(actions(&body), ["stop"]);
    assert_eq!(told(&server).await, Vec::<Value>::new());
    add_always(&server, "p", "WARN").await;
    let body = check(&server, "policy_id=p&history=true").await;
    assert_eq!(actions(&body), ["warn"]);
}

#[tokio::test]
async fn a_changed_outcome_is_told() {
    let server = with_app().await;
    add_always(&server, "warn", "WARN").await;
    add_always(&server, "stop", "STOP").await;
    check(&server, "policy_id=warn").await;
    check(&server, "policy_id=warn").await;
    assert_eq!(
        told(&server).await.len(),
        0,
        "nothing to compare with, then nothing new"
    );
    server.clock.advance(60);
    check(&server, "policy_id=stop").await;
    let events = told(&server).await;
    assert_eq!(events.len(), 1);
    let event = &events[0]["event"];
    assert_eq!(event["resource"]["id"], TAG);
    let outcome = |policy: &str, status: &str, action: &str, time: &str| {
        json!({
            "image_digest": digest(1), "tag": TAG, "policy_id": policy, "status": status, "final_action": action,
            "final_action_reason": "policy_evaluation", "evaluation_time": time,
        })
    };
    let details = &event["details"];
    assert_eq!(details["subscription_type"], "policy_eval");
    assert_eq!(
        details["last_eval"],
        outcome("warn", "pass", "warn", "2026-11-23T09:00:00Z")
    );
    assert_eq!(
        details["curr_eval"],
        outcome("stop", "fail", "stop", "2026-11-23T09:01:00Z")
    );
}

#[tokio::test]
async fn findings_tell_whether_the_base_image_has_them() {
    let server = with_app().await;
    image(2, &[package("musl", "1.1.24-r8", "MIT")])
        .analyzed(&server)
        .await;
    add_policy(
        &server,
        "p",
        &[
            ("packages", "denylist", "STOP", json!({"name": "musl"})),
            ("packages", "denylist", "STOP", json!({"name": "curl"})),
        ],
    )
    .await;
    let query = format!("policy_id=p&base_digest={}", digest(2));
    let evaluation = check(&server, &query).await["evaluations"][0].clone();
    assert_eq!(evaluation["comparison_image_digest"], json!(digest(2)));
    let findings = &evaluation["details"]["findings"];
    assert_eq!(findings[0]["inherited_from_base"], true);
    assert_eq!(findings[1]["inherited_from_base"], false);

    let history = check(&server, "policy_id=p&history=true").await;
    let stored = &history["evaluations"][0];
    assert_eq!(stored["comparison_image_digest"], Value::Null);
    assert_eq!(
        stored["details"]["findings"][0]["inherited_from_base"],
        Value::Null
    );
}

#[tokio::test]
async fn evaluations_outlive_their_policy() {
    let server = with_app().await;
    add_always(&server, "p", "WARN").await;
    check(&server, "policy_id=p").await;
    assert_eq!(server.delete("/v2/policies/p").await.status, 204);
    add_always(&server, "p", "STOP").await;
    let body = check(&server, "policy_id=p&history=true").await;
    assert_eq!(actions(&body), ["stop", "warn"]);
}

#[tokio::test]
async fn roles_and_accounts_decide_who_may_check() {
    let server = with_app().await;
    server.account_with_user("acme", "alice", "read-only").await;
    server.account_with_user("acme", "bob", "").await;
    let path = path(1, "");
    is_error(
        &server.get(&path).as_user("alice").await,
        404,
        "image not found in DB",
    );
    is_error(
        &server.get(&path).as_user("bob").await,
        403,
        "Not authorized. Requires permissions: domain=acme action=getImageEvaluation target=*",
    );
}
