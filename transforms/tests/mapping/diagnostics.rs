//! Each broken mapping set in `broken/` against the messages it must give.

use std::fs;
use std::path::Path;

use crate::set;
use windlass_transforms::diagnostic::{Diagnostic, code};

/// Codes that no small file can bring about: M305 needs 65,536 shapes; what would be M508 the
/// compiler refuses as M212 before, so it says that route table and compiler agree.
const WITHOUT_EXAMPLE: [&str; 2] = ["M305", "M508"];

fn broken() -> Vec<(String, Vec<Diagnostic>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/broken");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let found = set::compile(&text)
                .err()
                .unwrap_or_else(|| panic!("{name} compiles"));
            (name, found)
        })
        .collect();
    cases.sort_by(|(a, _), (b, _)| a.cmp(b));
    cases
}

#[test]
fn messages_stay_good() {
    for (name, found) in broken() {
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(name, text.join("\n"));
    }
}

#[test]
fn every_case_has_the_code_it_is_named_for() {
    for (name, found) in broken() {
        let code = name.split('_').next().unwrap();
        assert!(
            found.iter().any(|d| d.code.to_string() == code),
            "{name} does not give {code}"
        );
    }
}

#[test]
fn every_code_has_a_case() {
    let mut cases = broken();
    cases.extend(crate::against_documents::cases());
    for page in code::PAGES {
        let code = page.code.to_string();
        let shown = cases
            .iter()
            .any(|(_, found)| found.iter().any(|d| d.code == page.code));
        let excepted = WITHOUT_EXAMPLE.contains(&code.as_str());
        assert!(
            shown != excepted,
            "{code} has no case, or needs no exception"
        );
    }
}

#[test]
fn places_lie_within_the_line_that_is_shown() {
    for (name, found) in broken() {
        for diagnostic in found {
            let length = diagnostic.source_line.chars().count();
            assert!(
                diagnostic.column + diagnostic.length <= length.max(1) + 2,
                "{name}: {diagnostic}"
            );
        }
    }
}

#[test]
fn a_diagnostic_as_json_has_code_and_place() {
    let found = set::compile("#--- shapes/A.toml\nsumary = \"x\"\n").unwrap_err();
    insta::assert_json_snapshot!(found[0]);
}
