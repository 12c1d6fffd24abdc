//! The OpenAPI document: fresh, well made, and true to the reference.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_transforms::document::Document;
use windlass_transforms::document::compare::compare;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

fn document() -> Value {
    serde_json::from_str(&windlass_v2_server::document()).expect("the document is JSON")
}

/// Every operation: its name (`GET /images`), and what the document says of it.
fn operations(document: &Value) -> BTreeMap<String, &Map<String, Value>> {
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths are an object") {
        for method in METHODS {
            if let Some(operation) = item.get(method).and_then(Value::as_object) {
                found.insert(format!("{} {path}", method.to_uppercase()), operation);
            }
        }
    }
    found
}

fn parameters<'a>(operation: &'a Map<String, Value>, place: &str) -> BTreeSet<&'a str> {
    operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == place)
        .map(|parameter| parameter["name"].as_str().expect("parameters have names"))
        .collect()
}

fn successes(operation: &Map<String, Value>) -> Vec<&str> {
    operation["responses"]
        .as_object()
        .expect("responses are an object")
        .keys()
        .map(String::as_str)
        .filter(|status| status.starts_with('2'))
        .collect()
}

#[test]
fn the_committed_document_is_fresh() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi/v2.json");
    let now = windlass_v2_server::document();
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "v2-server/openapi/v2.json is stale; write it anew with\n\n    \
         UPDATE_OPENAPI=1 cargo test -p windlass-v2-server --test openapi\n"
    );
}

#[test]
fn every_operation_is_well_described() {
    let document = document();
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let mut fault = |text: String| faults.push(format!("{name}: {text}"));
        let id = operation["operationId"].as_str().unwrap_or_default();
        if !ids.insert(id.to_owned()) {
            fault(format!("the id `{id}` is used twice"));
        }
        if operation
            .get("summary")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            fault("no summary: the first line of the handler's documentation".to_owned());
        }
        match operation.get("tags").and_then(|tags| tags[0].as_str()) {
            Some(tag) if tags.contains(&tag) => {}
            tag => fault(format!("tag {tag:?} is not among those of the document")),
        }
        if successes(operation).len() != 1 {
            fault(format!(
                "success statuses {:?}, expected one",
                successes(operation)
            ));
        }
        let in_path: BTreeSet<&str> = name
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        let declared = parameters(operation, "path");
        if in_path != declared {
            fault(format!(
                "the path has {in_path:?}, declared are {declared:?}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value, lost: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && document
                        .pointer(reference.trim_start_matches('#'))
                        .is_none()
                {
                    lost.push(reference.clone());
                }
                for member in members.values() {
                    check(member, document, lost);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    check(element, document, lost);
                }
            }
            _ => {}
        }
    }
    let document = document();
    let mut lost = Vec::new();
    check(&document, &document, &mut lost);
    assert!(lost.is_empty(), "{lost:?}");
}

/// Where this server means to differ from the reference.
#[derive(Debug, Deserialize)]
struct Differences {
    difference: Vec<Meant>,
}

/// Differences of one kind, for one reason.
#[derive(Debug, Deserialize)]
struct Meant {
    change: String,
    /// Places from the nearest named schema, or operations with a place in them.
    places: Vec<String>,
    reason: String,
}

/// What a test says that has nothing to compare with.
const SKIPPED: &str = "skipped: WINDLASS_REFERENCE names no folder with the specifications";

/// The reference, as text, where there is one.
fn reference() -> Option<String> {
    let path = PathBuf::from(env::var_os("WINDLASS_REFERENCE")?).join("v2-5.0.0.yaml");
    Some(fs::read_to_string(path).expect("the folder has the V2 specification"))
}

#[test]
fn operations_have_the_ids_and_actions_of_the_reference() {
    let Some(text) = reference() else {
        println!("{SKIPPED}");
        return;
    };
    let reference: Value = serde_saphyr::from_str(&text).unwrap();
    let reference = operations(&reference);
    let mut found = Vec::new();
    for (name, ours) in operations(&document()) {
        let Some(theirs) = reference.get(&name) else {
            found.push(format!("{name}: unknown"));
            continue;
        };
        for member in ["operationId", "x-anchore-authz-action"] {
            let known = theirs.get(member).and_then(Value::as_str).unwrap_or("None");
            if ours[member] != known {
                found.push(format!(
                    "{name}: {member}: {}, reference {known}",
                    ours[member]
                ));
            }
        }
        if successes(ours) != successes(theirs) {
            let (ours, theirs) = (successes(ours), successes(theirs));
            found.push(format!("{name}: answers {ours:?}, reference {theirs:?}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_client_of_the_reference_notices_nothing_but_what_is_listed() {
    let Some(text) = reference() else {
        println!("{SKIPPED}");
        return;
    };
    let reference = Document::from_text(&text).expect("the reference is a document");
    let ours = Document::from_json(&windlass_v2_server::document()).expect("ours is one");
    let meant: Differences = toml::from_str(include_str!("../openapi/differences.toml")).unwrap();
    assert!(
        meant
            .difference
            .iter()
            .all(|meant| !meant.reason.is_empty())
    );
    let mut used = BTreeSet::new();
    let mut new = Vec::new();
    let comparison = compare(&reference, &ours);
    for found in comparison.breaking() {
        let whole = format!("{} {}", found.operation, found.place);
        let whole = whole.trim_end();
        let is_here =
            |place: &&String| found.schema_place.as_ref() == Some(place) || whole == *place;
        let change = found.change.to_string();
        let mut listed = meant
            .difference
            .iter()
            .filter(|meant| meant.change == change);
        match listed.find_map(|meant| meant.places.iter().find(is_here)) {
            Some(place) => {
                used.insert((change, place.clone()));
            }
            None => new.push(found.to_string()),
        }
    }
    assert!(new.is_empty(), "{}", new.join("\n"));
    let all = meant.difference.iter().flat_map(|meant| {
        let change = meant.change.clone();
        let each = meant.places.iter();
        each.map(move |place| (change.clone(), place.clone()))
    });
    let stale: Vec<_> = all.filter(|line| !used.contains(line)).collect();
    assert!(
        stale.is_empty(),
        "no longer so, take it from the list: {stale:#?}"
    );
}
