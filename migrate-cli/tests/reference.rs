//! The mappings against the specifications of both APIs, by the comparison that `windlass lint`
//! and `windlass coverage` make. The specifications are read from the folder that
//! `WINDLASS_REFERENCE` names; without it these tests say that they were skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;
use windlass_mappings::steps::STEPS;
use windlass_migrate::documents::Places;
use windlass_migrate::infer::{against, infer};
use windlass_transforms::compare::{Comparison, Kind, Verdict, compare};
use windlass_transforms::{MappingSet, Mappings};

/// Operations whose answers the reference pairs otherwise, and why.
const PAIRED_OTHERWISE: &[(&str, &str)] = &[(
    "get_image_by_imageId",
    "looks the digest up and asks for the image, so its answer is not the list paired there",
)];

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("WINDLASS_REFERENCE").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: WINDLASS_REFERENCE names no folder with the specifications");
    }
    folder
}

/// The comparison, made once for all tests.
static COMPARED: LazyLock<Option<(PathBuf, Mappings, Comparison)>> = LazyLock::new(|| {
    let folder = reference()?;
    let set = windlass_mappings::read_set(None).expect("the mappings are right");
    let mappings = windlass_mappings::compile_set(&set).expect("the mappings are right");
    let places = Places {
        reference: Some(folder.clone()),
        ..Places::default()
    };
    let documents = places.load(&set).expect("the reference has the documents");
    let found = compare(&set, &mappings, STEPS, &documents);
    Some((folder, mappings, found))
});

#[test]
fn the_mappings_are_right_by_the_documents_of_both_apis() {
    let Some((_, _, found)) = &*COMPARED else {
        return;
    };
    let text: String = found.diagnostics.iter().map(ToString::to_string).collect();
    assert!(found.diagnostics.is_empty(), "{text}");
    assert!(found.facts.len() > 3000, "{} facts", found.facts.len());
}

#[test]
fn nothing_of_v1_is_forgotten() {
    let Some((_, _, found)) = &*COMPARED else {
        return;
    };
    let forgotten: Vec<String> = found
        .facts
        .iter()
        .filter(|fact| matches!(fact.verdict, Verdict::Forgotten(_)))
        .map(|fact| format!("{} {}", fact.operation, fact.name))
        .collect();
    assert!(forgotten.is_empty(), "{}", forgotten.join("\n"));
}

/// Documents say which names exist; which V1 name is which V2 name was found by hand for the
/// reference. Where both are, they agree.
#[test]
fn names_are_paired_as_the_reference_pairs_them() {
    let Some((folder, mappings, found)) = &*COMPARED else {
        return;
    };
    let ids = ids(mappings);
    let mapped: BTreeMap<(&str, &str), &str> = found
        .facts
        .iter()
        .filter(|fact| matches!(fact.kind, Kind::Field | Kind::Parameter))
        .filter_map(|fact| Some(((&*fact.operation, &*fact.name), fact.v2.as_deref()?)))
        .collect();
    let mut compared = 0;
    let mut wrong = Vec::new();
    let mut unused = PAIRED_OTHERWISE.to_vec();
    for (operation, v1, v2) in pairs(folder) {
        let Some(id) = ids.get(&operation) else {
            continue;
        };
        let Some(found) = mapped.get(&(id.as_str(), v1.as_str())) else {
            continue; // a step's, or declared as lost: the tests above look at that
        };
        compared += 1;
        // Whether it is a list or one value, the name is the same.
        if found.trim_end_matches("[]") == v2.trim_end_matches("[]") {
            continue;
        }
        unused.retain(|(known, _)| known != id);
        if PAIRED_OTHERWISE.iter().all(|(known, _)| known != id) {
            wrong.push(format!("{id}: `{v1}` is `{found}`, expected `{v2}`"));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong.extend(
        unused
            .iter()
            .map(|u| format!("the exception {u:?} is not needed")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 1500, "{compared} pairs were compared");
}

/// `GET /images/{}` to operation id.
fn ids(mappings: &Mappings) -> BTreeMap<String, String> {
    let operations = mappings.operations().iter();
    operations
        .map(|operation| (form(&operation.v1.to_string()), operation.id.clone()))
        .collect()
}

fn form(name: &str) -> String {
    let parts = name
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts
        .collect::<Vec<_>>()
        .join("/")
        .replacen(" /v1/", " /", 1)
}

/// Operation, V1 name as facts write it, and V2 name.
fn pairs(folder: &std::path::Path) -> Vec<(String, String, String)> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a reference file");
    let mut pairs = Vec::new();
    for row in read("parameters.tsv").lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [v1, name, place, _, v2, ..] = &cells[..] else {
            panic!("a row of parameters.tsv has too few columns: {row}");
        };
        if *place == "query" && *v2 != "-" && *name != "-" {
            pairs.push((form(v1), format!("query {name}"), (*v2).to_owned()));
        }
    }
    let fields: Value = serde_json::from_str(&read("fields.json")).expect("JSON");
    for operation in fields["operations"].as_array().expect("operations") {
        // What the main service answers for the RBAC manager has more members.
        if operation["service"] == "rbac" {
            continue;
        }
        let v1 = form(operation["v1"].as_str().expect("a request line"));
        for response in operation["responses"]
            .as_object()
            .expect("responses")
            .values()
        {
            let status = response["v1_status"].as_str().unwrap_or_default();
            for field in response["fields"].as_array().into_iter().flatten() {
                if let (Some(name), Some(v2)) =
                    (field["v1_path"].as_str(), field["v2_path"].as_str())
                {
                    pairs.push((v1.clone(), format!("{status} {name}"), v2.to_owned()));
                }
            }
        }
    }
    pairs
}

/// What README says of `windlass mappings infer` on the two generations of this API.
#[test]
fn a_draft_of_the_reference_finds_what_the_readme_says() {
    let Some((folder, mappings, found)) = &*COMPARED else {
        return;
    };
    let set = windlass_mappings::read_set(None).expect("the mappings are right");
    let places = Places {
        v1: ["v1-engine.yaml", "v1-enterprise.yaml", "v1-rbac.yaml"]
            .map(|name| (None, folder.join(name)))
            .to_vec(),
        v2: vec![folder.join("v2-5.0.0.yaml")],
        ..Places::default()
    };
    let documents = places.load(&set).expect("the reference has the documents");
    let draft = infer(&documents.v1, &documents.v2[0]);
    let files = draft.files.iter();
    let drafted = MappingSet::parse(files.map(|(path, text)| (path.as_str(), text.as_str())));
    let drafted = drafted.expect("a draft can be read");
    let compiled = Mappings::compile(&drafted, &[]).expect("a draft compiles");
    let documents = places
        .load(&drafted)
        .expect("the reference has the documents");
    let draft_found = compare(&drafted, &compiled, STEPS, &documents);
    let agreement = against((mappings, found), (&compiled, &draft_found));
    let shares: Vec<(Kind, usize, usize, usize)> = agreement
        .iter()
        .map(|a| {
            (
                a.kind,
                a.found * 100 / a.mapped,
                a.renamed_found * 100 / a.renamed,
                a.wrong,
            )
        })
        .collect();
    for (kind, found, renamed, wrong) in shares {
        let (least, least_renamed) = match kind {
            Kind::Operation | Kind::Parameter => (95, 95),
            _ => (95, 80),
        };
        assert!(found >= least, "{kind:?}: {found}%");
        assert!(
            renamed >= least_renamed,
            "{kind:?}: {renamed}% of the renamed"
        );
        assert!(
            wrong * 100 <= agreement[0].mapped,
            "{kind:?}: {wrong} are wrong"
        );
    }
}
