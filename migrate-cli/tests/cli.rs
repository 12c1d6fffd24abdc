//! What users see: standard output, standard error and exit code of the real binary.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn windlass(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(words).env_remove("WINDLASS_MAPPINGS");
    command.output().expect("windlass starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A record of a call by `agent`; `members` are added or replaced.
fn record(agent: &str, members: &Value) -> String {
    let mut record = json!({
        "format": 1, "time": "2026-11-20T10:00:00.000Z", "generation": "v1", "method": "GET", "versionless": false,
        "client": {"user": "admin", "user_agent": agent, "address": "10.0.0.7"},
        "downstream_status": 200, "upstream_status": 200,
        "request_bytes": 0, "response_bytes": 2, "duration_ms": 1, "outcome": "rewritten",
    });
    let fields = record.as_object_mut().expect("an object");
    fields.extend(members.as_object().expect("an object").clone());
    record.to_string()
}

fn records(lines: &[String]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(lines.join("\n").as_bytes())
        .expect("it can be written");
    file
}

/// A covered client, a blocked one, and one on V2.
fn three_clients() -> tempfile::NamedTempFile {
    records(&[
        record(
            "jenkins-plugin/1.1",
            &json!({"v1_operation": "list_images", "v2_operation": "GET /images", "v1_parameters": ["fulltag"]}),
        ),
        record(
            "jenkins-plugin/1.1",
            &json!({"v1_operation": "list_images", "v2_operation": "GET /images", "time": "2026-11-21T09:00:00.000Z"}),
        ),
        record(
            "jenkins-plugin/1.1",
            &json!({"v1_operation": "list_registries", "v2_operation": "GET /registries"}),
        ),
        record(
            "nightly.sh",
            &json!({"v1_operation": "import_image_archive", "method": "POST", "outcome": "refused", "downstream_status": 501}),
        ),
        record(
            "scanner/5",
            &json!({"generation": "v2", "v2_operation": "GET", "outcome": "passed_through"}),
        ),
        record(
            "scanner/5",
            &json!({"generation": "v2", "v2_operation": "GET", "outcome": "passed_through"}),
        ),
    ])
}

#[test]
fn the_audit_shows_clients_operations_and_what_to_call_instead() {
    let file = three_clients();
    let output = windlass(&["audit", file.path().to_str().expect("UTF-8")]);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    insta::assert_snapshot!(out(&output));
}

#[test]
fn the_json_report_carries_its_format_and_the_same_numbers() {
    let file = three_clients();
    let output = windlass(&[
        "audit",
        "--format",
        "json",
        file.path().to_str().expect("UTF-8"),
    ]);
    let report: Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert_eq!(report["format"], 1);
    let summary = &report["summary"];
    let numbers = [
        "clients",
        "calls",
        "v1_calls",
        "v1_operations",
        "ready",
        "covered",
        "at_risk",
        "blocked",
    ];
    assert_eq!(
        numbers.map(|name| summary[name].as_u64().expect("a number")),
        [3, 6, 4, 3, 1, 1, 0, 1]
    );
    let clients: Vec<&Value> = report["clients"]
        .as_array()
        .expect("clients")
        .iter()
        .map(|c| &c["user_agent"])
        .collect();
    assert_eq!(clients, ["nightly.sh", "jenkins-plugin/1.1", "scanner/5"]);
    let images = &report["clients"][1]["operations"][0];
    assert_eq!(
        (&images["operation"], &images["instead"]),
        (&json!("list_images"), &json!("GET /v2/images"))
    );
    assert_eq!(
        (&images["sent"][0]["v1"], &images["sent"][0]["v2"]),
        (&json!("fulltag"), &json!("full_tag"))
    );
}

#[test]
fn the_exit_code_tells_scripts_whether_somebody_is_at_the_limit_or_worse() {
    let file = three_clients();
    let path = file.path().to_str().expect("UTF-8");
    for (limit, code) in [
        ("blocked", 1),
        ("at-risk", 1),
        ("covered", 1),
        ("any-v1", 1),
    ] {
        assert_eq!(
            windlass(&["audit", "--fail-on", limit, path]).status.code(),
            Some(code),
            "{limit}"
        );
    }
    let file = records(&[record(
        "jenkins-plugin/1.1",
        &json!({"v1_operation": "list_registries"}),
    )]);
    let path = file.path().to_str().expect("UTF-8");
    for (limit, code) in [
        ("blocked", 0),
        ("at-risk", 0),
        ("covered", 1),
        ("any-v1", 1),
    ] {
        assert_eq!(
            windlass(&["audit", "--fail-on", limit, path]).status.code(),
            Some(code),
            "{limit}"
        );
    }
    let file = records(&[record(
        "scanner/5",
        &json!({"generation": "v2", "outcome": "passed_through"}),
    )]);
    let path = file.path().to_str().expect("UTF-8");
    assert_eq!(
        windlass(&["audit", "--fail-on", "any-v1", path])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn lines_that_are_no_record_are_counted_aloud_and_strict_refuses_them() {
    let file = records(&[
        "password=hunter2".to_owned(),
        record("a", &json!({"v1_operation": "list_registries"})),
    ]);
    let path = file.path().to_str().expect("UTF-8");
    let output = windlass(&["audit", path]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        err(&output).contains("1 of 2 lines could not be read")
            && err(&output).contains("line 1: not JSON"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("hunter2"), "lines are never quoted");
    let output = windlass(&["audit", "--strict", path]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
    assert!(err(&output).contains("line 1"), "{}", err(&output));
}

#[test]
fn a_client_name_cannot_drive_the_terminal() {
    let agent = "evil\u{1b}[2J\u{202e}\nadmin via good";
    let file = records(&[record(agent, &json!({"v1_operation": "list_registries"}))]);
    let text = out(&windlass(&["audit", file.path().to_str().expect("UTF-8")]));
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}') && text.contains("evil\\u{1b}[2J"),
        "{text}"
    );
}

#[test]
fn records_are_read_from_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["audit", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("windlass starts");
    let line = record("a", &json!({"v1_operation": "list_registries"}));
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(line.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(out(&output).contains("list_registries"), "{}", out(&output));
}

#[test]
fn a_missing_file_is_named_with_the_reason() {
    let output = windlass(&["audit", "/nonexistent/records.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("failed to open `/nonexistent/records.jsonl`"),
        "{}",
        err(&output)
    );
}

#[test]
fn an_operation_is_found_by_id_by_template_and_by_a_real_path() {
    let by_id = out(&windlass(&["explain", "get_registry"]));
    for subject in [
        "GET /registries/{registry}",
        "get /v1/registries/host:5000/team?x=1",
        "GET /v1/registries/host%3A5000/",
    ] {
        assert_eq!(out(&windlass(&["explain", subject])), by_id, "{subject}");
    }
    insta::assert_snapshot!(by_id);
}

#[test]
fn an_explanation_is_data_for_scripts() {
    let output = windlass(&["explain", "--format", "json", "get_registry"]);
    let explained: Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert_eq!(
        (&explained["format"], &explained["operation"]),
        (&json!(1), &json!("get_registry"))
    );
    assert!(
        explained["curl"]
            .as_str()
            .expect("a command")
            .ends_with("\"$ANCHORE_URL/v2/registries/$REGISTRY\""),
        "{explained}"
    );
}

#[test]
fn what_cannot_be_explained_is_an_error_that_says_what_was_expected() {
    for (subject, text) in [
        ("get_regsitry", "did you mean `get_registry`?"),
        ("GET /nosuch", "no V1 operation has the path `/nosuch`"),
        (
            "PATCH /images",
            "V1 has no PATCH on `/images`, but DELETE, GET",
        ),
        ("GET /v2/images", "passes through unchanged"),
    ] {
        let output = windlass(&["explain", subject]);
        assert_eq!(output.status.code(), Some(2), "{subject}");
        assert!(err(&output).contains(text), "{subject}: {}", err(&output));
    }
}

#[test]
fn each_diagnostic_code_has_a_page() {
    let output = windlass(&["explain", "m201"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).starts_with("M201: "), "{}", out(&output));
}

#[test]
fn a_broken_mappings_folder_is_reported_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("operations")).expect("a folder");
    std::fs::write(
        folder.path().join("operations/get_thing.toml"),
        "sumary = \"a\"\n",
    )
    .expect("a file");
    let output = windlass(&[
        "explain",
        "--mappings",
        folder.path().to_str().expect("UTF-8"),
        "get_thing",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("operations/get_thing.toml:1:1"),
        "{}",
        err(&output)
    );
    assert!(err(&output).contains("summary"), "{}", err(&output));
}

#[test]
fn the_ready_command_looks_up_what_the_v2_path_needs() {
    let text = out(&windlass(&["explain", "get_image_by_imageId"]));
    let lines: Vec<&str> = text.lines().rev().take(2).collect();
    assert_eq!(
        lines[1],
        "IMAGE_DIGEST=$(curl -su \"$ANCHORE_USER:$ANCHORE_PASSWORD\" \"$ANCHORE_URL/v2/images?image_id=$IMAGE_ID\" | jq -r '.items[0].image_digest')"
    );
    assert!(
        lines[0].ends_with("\"$ANCHORE_URL/v2/images/$IMAGE_DIGEST\""),
        "{text}"
    );
}
