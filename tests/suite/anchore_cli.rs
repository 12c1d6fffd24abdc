//! The real `anchore-cli`, a V1 client that nobody here wrote, does its daily work through
//! the proxy and notices nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use windlass_tests::clients::{AnchoreCli, program, syft};
use windlass_tests::image::image;
use windlass_tests::world::{ADMIN_PASSWORD, World};
use windlass_transforms::route::Route;

const TAG: &str = "docker.io/team/app:1.0";

/// Imports an image over V1 with the SBOM that the real Syft makes of its files.
async fn import(world: &World) -> Option<String> {
    let root = world.folder().join("root");
    windlass_tests::image::write_root(&root);
    let sbom = syft(&root)?;
    let image = image(TAG, '1');
    world.import_over_v1(&image, &sbom).await;
    world.analyzed(&image.digest).await;
    Some(image.digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_tour_works_with_v1_in_the_url() {
    tour("/v1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_tour_works_without_a_version_in_the_url() {
    tour("").await;
}

async fn tour(base: &str) {
    let mut world = World::start().await;
    let url = format!("{}{base}", world.proxy_url());
    let Some(cli) = AnchoreCli::find(&url, "admin", ADMIN_PASSWORD) else {
        return;
    };
    let Some(digest) = import(&world).await else {
        return;
    };
    let visit = || {
        system(&cli);
        accounts(&cli);
        registries(&cli);
        policies(&cli);
        images(&cli, &digest);
        evaluation(&cli, &digest);
        events_and_subscriptions(&cli);
        failures(&cli);
    };
    tokio::task::block_in_place(visit);
    let records = world.stop().await;
    audit(&cli, &records);
}

/// The audit of the tour lists every operation the client used, none it did not, as often as
/// the client says it called it, and no secret.
fn audit(cli: &AnchoreCli, records: &Path) {
    let mut expected = BTreeMap::new();
    for call in cli.calls() {
        let path = call.path.split('?').next().expect("the first part");
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let method = call.method.parse().expect("a method");
        let id = match windlass_mappings::mappings().routes().find(&method, path) {
            Route::Found { operation, .. } => operation.id.clone(),
            other => panic!("{call:?}: {other:?}"),
        };
        *expected.entry(id).or_insert(0) += 1;
    }
    assert!(expected.len() > 30, "{expected:?}");
    let text = std::fs::read_to_string(records).expect("records were written");
    let Some(windlass) = program("windlass") else {
        return;
    };
    let output = Command::new(windlass)
        .args(["audit", "--format", "json"])
        .arg(records)
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json = String::from_utf8(output.stdout).expect("UTF-8");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let mut found = BTreeMap::new();
    for client in report["clients"].as_array().expect("clients") {
        if client["user_agent"] == "python-requests/2.26.0" {
            for operation in client["operations"].as_array().expect("operations") {
                let id = operation["operation"].as_str().expect("an id");
                *found.entry(id.to_owned()).or_insert(0) +=
                    operation["calls"].as_u64().expect("a count");
                let mapped = windlass_mappings::mappings().operation(id);
                let is_whole = mapped.is_some_and(|operation| operation.losses.is_empty());
                let readiness = if is_whole { "covered" } else { "at-risk" };
                assert_eq!(operation["readiness"], readiness, "{operation}");
            }
        }
    }
    assert_eq!(found, expected);
    let encoded = windlass_tests::base64(&format!("admin:{ADMIN_PASSWORD}"));
    for secret in [
        ADMIN_PASSWORD,
        encoded.as_str(),
        "registry-secret",
        "other-secret",
        "alice-password",
        "another-password",
    ] {
        assert!(
            !text.contains(secret) && !json.contains(secret),
            "a secret was recorded: {secret}"
        );
    }
}

fn system(cli: &AnchoreCli) {
    let status = cli.ok(&["system", "status"]);
    assert!(
        status.contains("Service apiext") && status.contains("up"),
        "{status}"
    );
    assert!(
        status.contains("Engine Code Version: ") && !status.contains("Version: None"),
        "{status}"
    );
    let services = cli.json(&["system", "status"]);
    let states = services["service_states"]
        .as_array()
        .expect("a list of services");
    assert!(
        states
            .iter()
            .any(|state| state["servicename"] == "apiext" && state["status"] == true),
        "{services}"
    );
    cli.ok(&[
        "system",
        "wait",
        "--timeout",
        "10",
        "--interval",
        "1",
        "--feedsready",
        "",
    ]);
    cli.ok(&["system", "errorcodes"]);
    cli.ok(&["system", "feeds", "list"]);
}

fn accounts(cli: &AnchoreCli) {
    let listed = cli.ok(&["account", "list"]);
    assert!(
        listed.contains("admin") && listed.contains("enabled"),
        "{listed}"
    );
    let added = cli.ok(&["account", "add", "acme", "--email", "ops@example.com"]);
    assert!(
        added.contains("Name: acme") && added.contains("ops@example.com"),
        "{added}"
    );
    let accounts = cli.json(&["account", "list"]);
    let names: Vec<&Value> = accounts
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| &account["name"])
        .collect();
    assert_eq!(names, ["admin", "acme"]);
    assert!(
        cli.ok(&["account", "get", "acme"])
            .contains("State: enabled")
    );
    cli.ok(&[
        "account",
        "user",
        "add",
        "--account",
        "acme",
        "alice",
        "alice-password",
    ]);
    assert!(
        cli.ok(&["account", "user", "list", "--account", "acme"])
            .contains("alice")
    );
    assert_eq!(
        cli.json(&["account", "user", "get", "--account", "acme", "alice"])["username"],
        "alice"
    );
    cli.ok(&[
        "account",
        "user",
        "setpassword",
        "--account",
        "acme",
        "--username",
        "alice",
        "another-password",
    ]);
    cli.ok(&["account", "user", "del", "--account", "acme", "alice"]);
    let refused = cli.run(&["account", "del", "--dontask", "acme"]);
    assert!(
        refused.code != 0,
        "an enabled account must not be deleted: {refused:?}"
    );
    cli.ok(&["account", "disable", "acme"]);
    assert!(
        cli.ok(&["account", "get", "acme"])
            .contains("State: disabled")
    );
    cli.ok(&["account", "enable", "acme"]);
    assert!(cli.ok(&["account", "whoami"]).contains("Username: admin"));
}

fn registries(cli: &AnchoreCli) {
    let name = "registry.example.org:5000";
    let added = cli.ok(&[
        "registry",
        "add",
        "--skip-validate",
        name,
        "bob",
        "registry-secret",
        "--registry-type",
        "docker_v2",
    ]);
    assert!(
        added.contains(name) && added.contains("User: bob") && !added.contains("registry-secret"),
        "{added}"
    );
    assert!(cli.ok(&["registry", "list"]).contains(name));
    let got = cli.json(&["registry", "get", name]);
    assert_eq!(
        (&got[0]["registry"], &got[0]["registry_user"]),
        (&name.into(), &"bob".into())
    );
    assert!(
        got[0].get("registry_pass").is_none() && got[0].get("account_name").is_none(),
        "{got}"
    );
    cli.ok(&[
        "registry",
        "update",
        "--skip-validate",
        name,
        "bill",
        "other-secret",
    ]);
    assert!(cli.ok(&["registry", "get", name]).contains("User: bill"));
    let again = cli.run(&[
        "registry",
        "add",
        "--skip-validate",
        name,
        "bob",
        "registry-secret",
    ]);
    assert!(
        again.code != 0 && again.out.contains("already exists"),
        "{again:?}"
    );
    cli.ok(&["registry", "del", name]);
    let gone = cli.run(&["registry", "get", name]);
    assert!(gone.code != 0, "{gone:?}");
}

fn policies(cli: &AnchoreCli) {
    let listed = cli.ok(&["policy", "list"]);
    assert!(
        listed.contains("Policy ID") && listed.contains("True"),
        "{listed}"
    );
    let policies = cli.json(&["policy", "list"]);
    let default = policies[0]["policyId"].as_str().expect("an id").to_owned();
    assert_eq!(
        (&policies[0]["active"], &policies[0]["policybundle"]),
        (&true.into(), &serde_json::json!({}))
    );
    let got = cli.ok(&["policy", "get", &default]);
    assert!(
        got.contains(&default) && got.contains("Active: True"),
        "{got}"
    );
    let record = cli.json(&["policy", "get", "--detail", &default]);
    let bundle = &record[0]["policybundle"];
    assert!(
        bundle["policies"].is_array()
            && bundle["whitelists"].is_array()
            && bundle["mappings"].is_array(),
        "{bundle}"
    );
    // A bundle as V1 clients keep it in their repositories, edited and sent back.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let own = serde_json::json!({
        "id": "own", "name": "own bundle", "version": "1_0", "comment": "kept",
        "policies": [{"id": "p1", "name": "p", "version": "1_0", "comment": "no curl",
            "rules": [{"id": "r1", "gate": "packages", "trigger": "blacklist", "action": "STOP",
                       "params": [{"name": "name", "value": "curl"}]}]}],
        "whitelists": [{"id": "w1", "name": "w", "version": "1_0", "items": []}],
        "mappings": [{"id": "m1", "name": "all", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "policy_ids": ["p1"], "whitelist_ids": ["w1"]}],
        "whitelisted_images": [], "blacklisted_images": [],
    });
    std::fs::write(file.path(), own.to_string()).expect("the file can be written");
    cli.ok(&["policy", "add", &file.path().display().to_string()]);
    let record = cli.json(&["policy", "get", "--detail", "own"]);
    let kept = &record[0]["policybundle"];
    assert_eq!(kept["policies"][0]["rules"][0]["trigger"], "blacklist");
    assert_eq!(
        (&kept["comment"], &kept["policies"][0]["comment"]),
        (&"kept".into(), &"no curl".into())
    );
    cli.ok(&["policy", "activate", "own"]);
    let active: Vec<Value> = cli
        .json(&["policy", "list"])
        .as_array()
        .expect("a list")
        .clone();
    let active: Vec<&Value> = active
        .iter()
        .filter(|policy| policy["active"] == true)
        .map(|policy| &policy["policyId"])
        .collect();
    assert_eq!(active, ["own"]);
    let refused = cli.run(&["policy", "del", "own"]);
    assert!(
        refused.code != 0,
        "the active policy must not be deleted: {refused:?}"
    );
    cli.ok(&["policy", "describe"]);
    cli.ok(&["policy", "describe", "--gate", "packages"]);
}

fn images(cli: &AnchoreCli, digest: &str) {
    let listed = cli.ok(&["image", "list"]);
    assert!(
        listed.contains(TAG) && listed.contains(digest) && listed.contains("analyzed"),
        "{listed}"
    );
    for name in [digest, TAG] {
        let got = cli.ok(&["image", "get", name]);
        assert!(
            got.contains(&format!("Image Digest: {digest}"))
                && got.contains("Analysis Status: analyzed"),
            "{got}"
        );
        assert!(
            got.contains("Full Tag: docker.io/team/app:1.0") && got.contains("Distro: debian"),
            "{got}"
        );
    }
    let record = cli.json(&["image", "get", digest]);
    assert_eq!(
        (&record[0]["imageDigest"], &record[0]["userId"]),
        (&digest.into(), &"admin".into())
    );
    assert!(
        record[0]["image_detail"][0]["fulltag"] == TAG && record[0].get("account_name").is_none(),
        "{record}"
    );
    assert!(cli.ok(&["image", "content", digest]).contains("os"));
    let packages = cli.ok(&["image", "content", digest, "os"]);
    assert!(
        packages.contains("curl") && packages.contains("7.88.1-10"),
        "{packages}"
    );
    let packages = cli.json(&["image", "content", digest, "os"]);
    let names: Vec<&Value> = packages["content"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| &package["package"])
        .collect();
    assert!(
        names.contains(&&Value::from("curl")) && packages["imageDigest"] == digest,
        "{packages}"
    );
    assert!(
        cli.ok(&["image", "content", digest, "python"])
            .contains("requests")
    );
    assert!(
        cli.ok(&["image", "content", digest, "npm"])
            .contains("left-pad")
    );
    cli.ok(&["image", "content", digest, "files"]);
    cli.ok(&["image", "vuln", digest]);
    cli.ok(&["image", "vuln", digest, "all"]);
    let found = cli.json(&["image", "vuln", digest, "all"]);
    assert!(
        found["imageDigest"] == digest && found["vulnerabilities"].is_array(),
        "{found}"
    );
    assert!(
        cli.ok(&["image", "metadata", digest, "dockerfile"])
            .contains("FROM debian:12")
    );
    cli.ok(&["image", "metadata", digest, "manifest"]);
    let unknown = cli.run(&["image", "get", "docker.io/no/such:1"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

fn evaluation(cli: &AnchoreCli, digest: &str) {
    let ended = cli.run(&["evaluate", "check", TAG, "--detail"]);
    assert_eq!(
        ended.code, 1,
        "the policy stops images with curl: {ended:?}"
    );
    assert!(
        ended.out.contains(digest) && ended.out.contains("Status: fail"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("Policy ID: own") && ended.out.contains("stop"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("packages") && ended.out.contains("blacklist"),
        "{}",
        ended.out
    );
    let ended = cli.run(&["--json", "evaluate", "check", TAG, "--detail"]);
    let checked: Value = serde_json::from_str(&ended.out).expect("JSON");
    let evaluation = &checked[0][digest][TAG][0];
    assert_eq!(
        (&evaluation["policyId"], &evaluation["status"]),
        (&"own".into(), &"fail".into())
    );
    let table = evaluation["detail"]["result"]["result"]
        .as_object()
        .expect("a table by image id");
    let result = &table.values().next().expect("one image")["result"];
    assert_eq!(
        result["row_count"],
        result["rows"].as_array().expect("rows").len()
    );
    assert!(
        result["rows"][0].as_array().expect("a row").len()
            == result["header"].as_array().expect("a header").len()
    );
    // Back to the default policy, which only warns here: the check passes.
    let policies = cli.json(&["policy", "list"]);
    let other = policies
        .as_array()
        .expect("a list")
        .iter()
        .find(|policy| policy["policyId"] != "own")
        .expect("the default");
    cli.ok(&[
        "policy",
        "activate",
        other["policyId"].as_str().expect("an id"),
    ]);
    let passed = cli.ok(&["evaluate", "check", digest, "--tag", TAG]);
    assert!(passed.contains("Status: pass"), "{passed}");
    cli.ok(&["evaluate", "check", TAG, "--show-history"]);
    cli.ok(&["policy", "del", "own"]);
}

fn events_and_subscriptions(cli: &AnchoreCli) {
    let listed = cli.ok(&["event", "list"]);
    assert!(listed.contains("user.image.analysis.completed"), "{listed}");
    let events = cli.json(&["event", "list"]);
    let first = &events["results"][0];
    assert!(
        first["generated_uuid"].is_string() && first["event"]["resource"]["user_id"].is_string(),
        "{first}"
    );
    assert!(
        first["event"]["source"]["servicename"].is_string() && events["next_page"].is_boolean(),
        "{first}"
    );
    let got = cli.ok(&[
        "event",
        "get",
        first["generated_uuid"].as_str().expect("an id"),
    ]);
    assert!(got.contains("type:"), "{got}");
    let listed = cli.ok(&["subscription", "list"]);
    assert!(
        listed.contains(TAG) && listed.contains("analysis_update"),
        "{listed}"
    );
    cli.ok(&["subscription", "activate", "tag_update", TAG]);
    let subscriptions = cli.json(&["subscription", "list"]);
    let active = |kind: &str| {
        subscriptions
            .as_array()
            .expect("a list")
            .iter()
            .any(|s| s["subscription_type"] == kind && s["active"] == true)
    };
    assert!(
        active("tag_update") && active("analysis_update") && !active("vuln_update"),
        "{subscriptions}"
    );
    cli.ok(&["subscription", "deactivate", "tag_update", TAG]);
}

fn failures(cli: &AnchoreCli) {
    let ended = cli.with_password("wrong").run(&["account", "list"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.out.contains("Unauthorized")
            || ended.out.contains("could not access anchore service"),
        "{ended:?}"
    );
    // The image is the latest of its tag and subscribed: V1 refused that with status 200.
    let listed = cli.json(&["image", "list"]);
    let digest = listed[0]["imageDigest"].as_str().expect("a digest");
    let refused = cli.run(&["image", "del", digest]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let deleted = cli.ok(&["image", "del", "--force", digest]);
    assert!(
        deleted.contains("deleting") || deleted.contains("Success"),
        "{deleted}"
    );
}
