//! Mappings of a small API held against its two documents: the right ones, and in `cases/` one
//! change to them for each mistake that documents tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use windlass_transforms::compare::{Comparison, Documents, Kind, Source, Verdict, compare};
use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::document::Document;
use windlass_transforms::{MappingSet, Mappings};

use crate::set::STEPS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/documents")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn source(name: &str, complete: bool) -> Source {
    Source {
        name: name.to_owned(),
        service: "fruit".to_owned(),
        mapped_as: None,
        complete,
        document: Document::from_json(&read(name)).unwrap(),
    }
}

fn both() -> Documents {
    Documents {
        v1: vec![source("v1.json", true)],
        v2: vec![source("v2.json", true)],
    }
}

/// The files of a text: each begins with `#--- path`. An empty one takes a file away.
fn files(text: &str) -> BTreeMap<String, String> {
    text.split("#--- ")
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (path, text) = part.split_once('\n').unwrap();
            (path.to_owned(), text.to_owned())
        })
        .collect()
}

/// The right mappings, with these files in place of theirs.
fn held_against(change: &str, documents: &Documents) -> Comparison {
    let mut all = files(&read("right.toml"));
    all.extend(files(change));
    all.retain(|_, text| !text.is_empty());
    let set = MappingSet::parse(all.iter().map(|(path, text)| (&**path, &**text))).unwrap();
    let mappings = Mappings::compile(&set, STEPS).unwrap();
    compare(&set, &mappings, STEPS, documents)
}

/// What each case gives, by its name.
pub(crate) fn cases() -> Vec<(String, Vec<Diagnostic>)> {
    let mut cases: Vec<_> = fs::read_dir(folder().join("cases"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, held_against(&text, &both()).diagnostics)
        })
        .collect();
    cases.sort_by(|(a, _), (b, _)| a.cmp(b));
    cases
}

#[test]
fn right_mappings_are_right_and_leave_nothing_out() {
    let found = held_against("", &both());
    assert_eq!(found.diagnostics, []);
    assert_eq!(found.not_checked, []);
    let of = |kind| {
        let facts = found.facts.iter().filter(move |fact| fact.kind == kind);
        facts
            .map(|fact| {
                assert_eq!(fact.verdict, Verdict::Exact, "{fact:?}");
                let v2 = fact.v2.as_deref().unwrap_or("-");
                format!("{} {} = {v2}", fact.operation, fact.name)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Kind::Operation).len(), 3);
    assert_eq!(of(Kind::Status).len(), 3);
    assert_eq!(
        of(Kind::Parameter),
        [
            "get_fruit path fruitId = fruit_id",
            "get_fruit query withSeeds = with_seeds",
            "delete_fruit path fruitId = fruit_id",
        ]
    );
    assert_eq!(
        of(Kind::Field),
        [
            "add_fruit 200 fruitId = fruit_id",
            "add_fruit 200 ripeSince = ripe_since",
            "add_fruit 200 status = status",
            "add_fruit request name = name",
            "add_fruit request ripeSince = ripe_since",
            "get_fruit 200 fruitId = fruit_id",
            "get_fruit 200 ripeSince = ripe_since",
            "get_fruit 200 status = status",
        ]
    );
    assert_eq!(
        of(Kind::Word)[..2],
        [
            "add_fruit 200 status=ripe = ripe",
            "add_fruit 200 status=rotten = spoilt",
        ]
    );
}

#[test]
fn each_case_gives_the_mistake_it_is_named_for_and_no_other() {
    for (name, found) in cases() {
        let code = name.split('_').next().unwrap();
        assert!(!found.is_empty(), "{name} gives nothing");
        for diagnostic in &found {
            // What one side has under a wrong name, the other side misses.
            let told = diagnostic.code.to_string();
            let follows = [("M501", "M510"), ("M514", "M515"), ("M515", "M514")]
                .contains(&(code, told.as_str()));
            assert!(
                follows || diagnostic.code.to_string() == code,
                "{name} gives {diagnostic}"
            );
        }
    }
}

#[test]
fn messages_stay_good() {
    let text: Vec<String> = cases()
        .iter()
        .flat_map(|(_, found)| found.iter().map(ToString::to_string))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_no_document_has_is_told_as_not_checked_and_never_as_right() {
    let without_v1 = Documents {
        v1: Vec::new(),
        v2: vec![source("v2.json", false)],
    };
    let found = held_against("", &without_v1);
    assert_eq!((&found.diagnostics[..], found.facts.len()), (&[][..], 0));
    let what: Vec<_> = found.not_checked.iter().map(|n| n.what.as_str()).collect();
    assert_eq!(what, ["V1 names"; 3]);

    let change = read("cases/M502_v2_operation.toml");
    let found = held_against(&change, &without_v1);
    assert_eq!(
        found.diagnostics,
        [],
        "the V2 document is a part of the API"
    );
    assert!(
        found
            .not_checked
            .iter()
            .any(|n| n.what == "V2 operation `GET /friuts/{fruit_id}`"),
        "{:?}",
        found.not_checked
    );
}

#[test]
fn what_is_lost_or_unsupported_is_counted_as_declared() {
    let shape =
        files(&read("right.toml"))["shapes/Fruit.toml"].replace("ripeSince = \"ripe_since\"\n", "");
    let change = format!(
        "#--- shapes/Fruit.toml\n{shape}ripe_since = \"new in V2\"\n\n[only_v1]\nripeSince = \"V2 counts otherwise\"\n"
    );
    let found = held_against(&change, &both());
    assert_eq!(found.diagnostics, []);
    let of = |name: &str| {
        let mut facts = found.facts.iter();
        let fact = facts.find(|fact| fact.operation == "get_fruit" && fact.name == name);
        fact.unwrap().verdict.clone()
    };
    assert_eq!(
        of("200 ripeSince"),
        Verdict::Unsupported("V2 counts otherwise".to_owned())
    );
    assert_eq!(of("200 fruitId"), Verdict::Exact);
}

#[test]
fn a_value_may_stand_where_the_document_has_a_parameter() {
    let get = files(&read("right.toml"))["operations/fruit/get_fruit.toml"].clone();
    let lookup = |path: &str| {
        let change = format!(
            "#--- operations/fruit/get_fruit.toml\n{get}\n[lookup.apple]\nv2 = \"GET {path}\"\ntake = {{ kind = \"$.kind\" }}\n"
        );
        let found = held_against(&change, &both()).diagnostics;
        found.iter().map(|d| d.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lookup("/fruits/apple"), [""; 0]);
    assert_eq!(lookup("/fruits/apple?with_seeds=true"), [""; 0]);
    assert_eq!(lookup("/fruits/apple?with_seds=true"), ["M504"]);
    assert_eq!(lookup("/vegetables/apple"), ["M502"]);
}
