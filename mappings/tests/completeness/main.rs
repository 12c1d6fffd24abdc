//! Compares the mappings with the specifications of both APIs: is every operation, parameter
//! and field there, and under the right name? The comparison is read from the folder that
//! `WINDLASS_REFERENCE` names; without it these tests say that they were skipped.

mod document;
mod exceptions;
#[path = "../shared/reference.rs"]
mod reference;

use std::sync::Arc;

use http::Method;
use windlass_mappings::mappings;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::route::{PathValues, Route};

#[test]
fn every_v1_operation_is_mapped_or_listed_as_unmapped() {
    let Some(rows) = table("operations.tsv") else {
        return;
    };
    let missing: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let [_, method, path, ..] = &row[..] else {
                panic!("a row of operations.tsv has too few columns: {row:?}");
            };
            find(method, path).err()
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_query_parameter_is_declared_under_its_v2_name() {
    let Some(rows) = table("parameters.tsv") else {
        return;
    };
    let mut wrong = Vec::new();
    for row in &rows {
        let [v1_operation, name, place, _, v2_name, ..] = &row[..] else {
            panic!("a row of parameters.tsv has too few columns: {row:?}");
        };
        if place != "query" || name == "-" {
            continue;
        }
        let (method, path) = v1_operation.split_once(' ').unwrap();
        let Ok((operation, _)) = find(method, path) else {
            continue; // said by the test above
        };
        if !matches!(operation.kind, Kind::Call(_)) {
            continue;
        }
        let v2_name = (v2_name != "-").then_some(v2_name.as_str());
        let declared = operation
            .explanation
            .query
            .iter()
            .find(|parameter| parameter.v1 == *name);
        match declared {
            None => wrong.push(format!("{}: `{name}` is not declared", operation.id)),
            Some(found) if found.v2.as_deref() != v2_name => wrong.push(format!(
                "{}: `{name}` is {:?}, expected {v2_name:?}",
                operation.id, found.v2
            )),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The operation of a V1 method and path as the specification writes them.
fn find(method: &str, path: &str) -> Result<(Arc<Operation>, PathValues), String> {
    let inner = path.strip_prefix("/v1").unwrap_or(path);
    // A parameter stands for itself: `{imageDigest}` is sent as `imageDigest`.
    let request = inner.replace(['{', '}'], "");
    let verb: Method = method.parse().expect("the reference names methods");
    match mappings().routes().find(&verb, &request) {
        Route::Found { operation, values } => {
            let template = operation.v1.template.to_string().replace("...}", "}");
            if template == inner {
                Ok((operation, values))
            } else {
                Err(format!("{method} {path} goes to {}", operation.v1))
            }
        }
        other => Err(format!("{method} {path}: {other:?}")),
    }
}

/// The rows of a table, without its heading.
fn table(file: &str) -> Option<Vec<Vec<String>>> {
    let text = reference::text(file)?;
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    Some(rows)
}
