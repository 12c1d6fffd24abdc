//! `windlass convert`: what is written, what is told as lost, and how it ends.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A bundle in the form that V1 servers came with: `comment`, `policy_id`, `blacklist`, version
/// `1_0`, and no source mappings.
const STOCK: &str = include_str!("data/stock_bundle.json");

fn convert(words: &[&str], body: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .arg("convert")
        .args(words)
        .env_remove("WINDLASS_MAPPINGS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("windlass starts");
    // A command that fails early closes its input.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(body.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn out(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Every member of `part` is in `whole`, with the same value.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|found| holds(found, value))),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| holds(w, p))
        }
        _ => whole == part,
    }
}

#[test]
fn the_stock_bundle_goes_to_v2_and_back_and_nothing_is_lost() {
    let there = convert(&["--to", "v2", "--shape", "PolicyBundle"], STOCK);
    assert_eq!(there.status.code(), Some(0), "{}", err(&there));
    assert!(
        err(&there).contains("nothing in the body was lost"),
        "{}",
        err(&there)
    );
    let policy = out(&there);
    assert_eq!(
        (
            &policy["version"],
            &policy["rule_sets"][0]["rules"][0]["params"][1]["value"]
        ),
        (&json!("2"), &json!("denylist"))
    );
    for v1_name in ["comment", "policies", "whitelists", "blacklisted_images"] {
        assert!(policy.get(v1_name).is_none(), "V2 refuses `{v1_name}`");
    }
    let back = convert(
        &["--to", "v1", "--shape", "PolicyBundle"],
        &policy.to_string(),
    );
    assert!(
        err(&back).contains("nothing in the body was lost"),
        "{}",
        err(&back)
    );
    let stock: Value = serde_json::from_str(STOCK).expect("JSON");
    assert!(holds(&out(&back), &stock), "{}", out(&back));
}

#[test]
fn what_a_step_does_not_keep_is_told_by_place_and_counted() {
    let mut bundle: Value = serde_json::from_str(STOCK).expect("JSON");
    bundle["reviewed by"] = json!("secret-name");
    for rule in bundle["policies"][0]["rules"]
        .as_array_mut()
        .expect("rules")
    {
        rule["color"] = json!("red");
    }
    let words = ["--to", "v2", "--shape", "PolicyBundle", "--fail-on", "loss"];
    let output = convert(&words, &bundle.to_string());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        out(&output)["version"],
        "2",
        "the result is written all the same"
    );
    assert!(
        !err(&output).contains("secret-name"),
        "values are never told"
    );
    insta::assert_snapshot!(err(&output));
}

#[test]
fn what_rules_drop_is_told_with_the_reason_of_the_mapping() {
    let list = json!({"items": [{"image_digest": "sha256:aa", "account_name": "a"}], "page": "1"});
    let images = convert(
        &[
            "--to",
            "v1",
            "--operation",
            "list_images",
            "--status",
            "200",
            "--format",
            "json",
        ],
        &list.to_string(),
    );
    assert_eq!(out(&images)[0]["userId"], "a");
    let report: Value = serde_json::from_str(&err(&images)).expect("JSON");
    assert_eq!(
        (&report["format"], &report["to"], &report["checked"]),
        (&json!(1), &json!("v1"), &json!(true))
    );
    assert_eq!(report["losses"][0]["place"], "$.page");
}

#[test]
fn an_operation_is_named_in_any_way_that_explain_knows() {
    let body = json!({"policyId": "p", "active": true, "policybundle": serde_json::from_str::<Value>(STOCK).expect("JSON")});
    let by_id = [
        "--to",
        "v2",
        "--operation",
        "update_policy",
        "--path",
        "policyId=p",
    ];
    let by_route = [
        "--to",
        "v2",
        "--operation",
        "put /v1/policies/{policyId}",
        "--path",
        "policyId=p",
    ];
    let record = out(&convert(&by_id, &body.to_string()));
    assert_eq!(record, out(&convert(&by_route, &body.to_string())));
    assert_eq!(
        (
            &record["policy_id"],
            &record["name"],
            &record["policy"]["version"]
        ),
        (&json!("p"), &json!("Starter bundle"), &json!("2"))
    );
}

#[test]
fn what_cannot_be_converted_says_why_and_what_to_do() {
    let v2 = convert(&["--to", "v2", "--shape", "PolicyBundle"], STOCK);
    let v2 = String::from_utf8(v2.stdout).expect("UTF-8");
    let shape = |name| vec!["--to", "v2", "--shape", name];
    for (words, body, text) in [
        (shape("PolicyBundel"), "{}", "did you mean `PolicyBundle`?"),
        (shape("Nonesuch"), "{}", "shapes are named as V1 schemas"),
        (shape("PolicyBundle"), "", "standard input is empty"),
        (
            shape("PolicyBundle"),
            "{\"id\":",
            "ends in the middle of a value",
        ),
        (shape("PolicyBundle"), &v2, "perhaps it is V2 already"),
        (
            shape("PolicyBundle"),
            "{\"id\":\"a\"}",
            "'version' is a required property",
        ),
        (
            vec!["--to", "v1", "--operation", "ping", "--status", "200"],
            "{}",
            "the proxy answers it by itself",
        ),
        (
            vec!["--to", "v1", "--operation", "get_image", "--status", "401"],
            "{}",
            "a fixed text for status 401",
        ),
        (
            vec!["--to", "v2"],
            "{}",
            "--shape <NAME>|--operation <OPERATION>",
        ),
    ] {
        let output = convert(&words, body);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        assert!(err(&output).contains(text), "{words:?}: {}", err(&output));
    }
}
