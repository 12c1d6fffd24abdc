//! `windlass mappings infer`: the draft of a small API, and that a draft is fit to be read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use windlass_transforms::{MappingSet, Mappings};

/// A document of the small API of the tests of `windlass-transforms`.
fn document(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder
        .join("../transforms/tests/mapping/documents")
        .join(name)
}

fn infer(more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["mappings", "infer"])
        .args([document("v1.json"), document("v2.json")])
        .args(more)
        .env_remove("WINDLASS_MAPPINGS")
        .output()
        .expect("windlass starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn each_line_of_a_draft_says_how_sure_it_is_and_why() {
    let output = infer(&[]);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    insta::assert_snapshot!(out(&output));
}

#[test]
fn a_draft_compiles() {
    let text = out(&infer(&[]));
    let files = text
        .split("#--- ")
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('\n').expect("a path ends with its line"));
    let set = MappingSet::parse(files).expect("the files are right");
    let mappings = Mappings::compile(&set, &[]).expect("the rules are right");
    assert_eq!(mappings.operations().len(), 3);
}

#[test]
fn a_draft_is_written_to_a_new_folder_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let draft = folder.path().join("draft");
    let path = draft.to_str().expect("UTF-8");
    let output = infer(&["--out", path]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), ""));
    assert!(
        err(&output).contains("3 of 3 operations have one"),
        "{}",
        err(&output)
    );
    assert!(draft.join("shapes/Fruit.toml").is_file());
    let again = infer(&["--out", path]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        err(&again).contains("is not empty: name a new folder"),
        "{}",
        err(&again)
    );
}

#[test]
fn a_draft_is_held_against_a_mapping_that_exists() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("draft");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(infer(&["--out", path]).status.code(), Some(0));
    let output = infer(&["--against", path, "--format", "json"]);
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for row in rows.as_array().expect("rows") {
        assert_eq!(
            row["mapped"], row["found"],
            "a draft agrees with itself: {row}"
        );
        assert_eq!((&row["wrong"], &row["extra"]), (&0.into(), &0.into()));
    }
    assert_eq!(rows[2]["kind"], "field");
    assert!(
        rows[2]["renamed"].as_u64().expect("a number") >= 5,
        "{rows}"
    );
}

#[test]
fn two_documents_are_asked_for() {
    let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["mappings", "infer"])
        .arg(document("v1.json"))
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("2 values required"),
        "{}",
        err(&output)
    );
}
