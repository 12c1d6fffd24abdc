//! Policies, and what they say about an image.

use serde_json::Value;
use windlass_tests::clients::AnchoreCli;

use super::TAG;

pub(super) fn policies(cli: &AnchoreCli) {
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

pub(super) fn evaluation(cli: &AnchoreCli, digest: &str) {
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
