//! `windlass lint` and `windlass coverage` over a small API: what is printed and how they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The small API of the tests of `windlass-transforms`: two documents, and mappings in one file.
fn small_api() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../transforms/tests/mapping/documents")
}

/// A mappings folder with the right mappings, and the files of a case in place of theirs.
fn mappings(case: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |name: &str| fs::read_to_string(small_api().join(name)).expect("a file");
    let mut texts = vec![read("right.toml")];
    texts.extend(case.map(|case| read(&format!("cases/{case}.toml"))));
    for text in &texts {
        for part in text.split("#--- ").filter(|part| !part.is_empty()) {
            let (path, text) = part.split_once('\n').expect("a path ends with its line");
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            if text.is_empty() {
                fs::remove_file(path).expect("the file of the right mappings");
            } else {
                fs::write(path, text).expect("a file");
            }
        }
    }
    folder
}

fn windlass(command: &str, mappings: &tempfile::TempDir, more: &[&str]) -> Output {
    let document = |name: &str| small_api().join(name).display().to_string();
    Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args([command, "--mappings"])
        .arg(mappings.path())
        .args(["--v1", &format!("fruit={}", document("v1.json"))])
        .args(["--v2", &document("v2.json")])
        .args(more)
        .env_remove("WINDLASS_MAPPINGS")
        .env_remove("WINDLASS_REFERENCE")
        .output()
        .expect("windlass starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn lint_is_silent_about_what_is_right_and_says_what_it_asked() {
    let output = windlass("lint", &mappings(None), &[]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(out(&output));
}

#[test]
fn lint_shows_code_place_and_help_and_fails() {
    let folder = mappings(Some("M504_v2_parameter"));
    let output = windlass("lint", &folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(out(&output));
    let report = json(&windlass("lint", &folder, &["--format", "json"]));
    assert_eq!(report["format"], 1);
    assert_eq!(report["diagnostics"][0]["code"], "M504");
    assert_eq!(report["diagnostics"][0]["line"], 9);
}

#[test]
fn lint_tells_mistakes_of_syntax_too_and_that_nothing_was_asked() {
    let folder = mappings(None);
    let shape = folder.path().join("shapes/Fruit.toml");
    fs::write(&shape, "sumary = \"A fruit.\"\n").expect("a file");
    let output = windlass("lint", &folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = out(&output);
    assert!(
        text.contains("error[M102]") && text.contains("held against no document"),
        "{text}"
    );
}

#[test]
fn lint_without_documents_says_what_was_not_checked() {
    let command = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_windlass"))
            .arg("lint")
            .args(more)
            .env_remove("WINDLASS_MAPPINGS")
            .env_remove("WINDLASS_REFERENCE")
            .output()
            .expect("windlass starts")
    };
    let output = command(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert!(
        out(&output).contains("not checked, because no V1 document was given: "),
        "{}",
        out(&output)
    );
    assert_eq!(command(&["--fail-on", "unchecked"]).status.code(), Some(1));
}

#[test]
fn each_code_that_lint_prints_can_be_explained() {
    for code in ["M501", "M509", "M512", "M516"] {
        let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
            .args(["explain", code])
            .output()
            .expect("windlass starts");
        assert!(out(&output).starts_with(&format!("{code}: ")), "{code}");
    }
}

#[test]
fn coverage_counts_by_service_and_kind() {
    let output = windlass("coverage", &mappings(None), &["--fail-on", "forgotten"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(out(&output));
}

#[test]
fn coverage_fails_on_what_is_forgotten_and_names_it() {
    let folder = mappings(Some("M510_operation_forgotten"));
    let output = windlass(
        "coverage",
        &folder,
        &["--fail-on", "forgotten", "--format", "markdown"],
    );
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(out(&output));
    assert_eq!(windlass("coverage", &folder, &[]).status.code(), Some(0));
    let report = json(&windlass(
        "coverage",
        &folder,
        &["--format", "json", "--list", "exact"],
    ));
    assert_eq!(report["format"], 1);
    let all = report["rows"].as_array().expect("rows");
    let operations = all
        .iter()
        .find(|row| row["service"] == "all")
        .expect("a sum");
    assert_eq!(
        (&operations["total"], &operations["forgotten"]),
        (&3.into(), &1.into())
    );
    assert_eq!(report["listed"][0]["v2"], "POST /fruits");
}

#[test]
fn coverage_without_a_v1_document_says_what_to_give() {
    let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .arg("coverage")
        .env_remove("WINDLASS_REFERENCE")
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        text.contains("WINDLASS_REFERENCE") && text.contains("--v1"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_no_document_is_named_with_the_reason() {
    let folder = mappings(None);
    let file = folder.path().join("no-document.yaml");
    fs::write(&file, "title: a song\n").expect("a file");
    let output = windlass("lint", &folder, &["--v2", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        text.contains("no-document.yaml") && text.contains("neither `openapi` nor `swagger`"),
        "{text}"
    );
}
