//! Runs every case of `examples/`: from what the client sends and what the upstream answers,
//! the mappings must make what the upstream gets and what the client gets.

mod case;
mod http_text;
mod several;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::Map;
use windlass_mappings::mappings;
use windlass_transforms::plan::call::RequestBody;
use windlass_transforms::plan::operation::Kind;
use windlass_transforms::rewrite::{BodyRewriter, Limits};
use windlass_transforms::route::PathValues;

use case::{Case, cases, check};

/// The folder of a case, for people.
fn name(case: &Case) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = case.folder.strip_prefix(root).unwrap_or(&case.folder);
    path.display().to_string()
}

#[test]
fn every_example_holds() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let why = check(case, mappings()).err()?;
            Some(format!("{}\n    {why}", name(case)))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} examples do not hold:\n{}",
        wrong.len(),
        cases().len(),
        wrong.join("\n")
    );
}

#[test]
fn every_mapped_operation_has_an_example() {
    let shown: BTreeSet<String> = cases().into_iter().map(|case| case.operation).collect();
    let missing: Vec<&str> = mappings()
        .operations()
        .iter()
        .filter(|operation| !matches!(operation.kind, Kind::Unmapped))
        .map(|operation| operation.id.as_str())
        .filter(|id| !shown.contains(*id))
        .collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
}

#[test]
fn a_changed_status_has_an_example() {
    let mut missing = Vec::new();
    for operation in mappings().operations() {
        let Kind::Call(plan) = &operation.kind else {
            continue;
        };
        let shown: BTreeSet<u16> = cases()
            .iter()
            .filter(|case| case.operation == operation.id)
            .filter_map(|case| case.response("response.v2.http").ok().flatten())
            .map(|response| response.status)
            .collect();
        for status in [200, 204, 400, 404, 409] {
            if plan.response(status).status != status && !shown.contains(&status) {
                missing.push(format!("{} with V2 status {status}", operation.id));
            }
        }
    }
    assert!(missing.is_empty(), "without an example: {missing:?}");
}

#[test]
fn what_a_step_drops_is_noted_for_the_record() {
    let Some(Kind::Call(plan)) = mappings().operation("add_policy").map(|o| &o.kind) else {
        panic!("`add_policy` is not a call");
    };
    let RequestBody::Rewrite(body) = plan.request_body() else {
        panic!("`add_policy` does not rewrite its body");
    };
    let context = plan.context(&PathValues::default(), None, Map::new());
    let mut rewriter = BodyRewriter::new(body, Arc::new(context), Limits::default());
    let policy = r#"{"id": "p", "version": "1_0", "policies": [], "mappings": [], "stray": 1}"#;
    let mut out = Vec::new();
    rewriter.push(policy.as_bytes(), &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    assert_eq!(
        rewriter.touched(),
        ["PolicyBundle.policies", "PolicyBundle.stray"]
    );
}
