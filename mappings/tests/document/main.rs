//! The V1 document that is derived from the V2 specification, against the V1 specifications:
//! nothing that a V1 client can send or read is missing, and nothing of V2 is added.

mod exceptions;
#[path = "../shared/reference.rs"]
mod reference;

use std::collections::BTreeSet;

use windlass_mappings::FILES;
use windlass_transforms::MappingSet;
use windlass_transforms::document::compare::{Area, Change, Difference, compare};
use windlass_transforms::document::{Dialect, Document};
use windlass_transforms::plan::operation::Kind;

use exceptions::Exception;

#[test]
fn nothing_that_a_v1_client_sends_or_reads_is_missing() {
    let Some(differences) = differences() else {
        return;
    };
    let wrong = unexcused(&differences, exceptions::LIST);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_derived_documents_are_documents() {
    let Some(v2) = reference::document("v2-5.0.0.yaml") else {
        return;
    };
    for service in [None, Some("rbac"), Some("notifications"), Some("reports")] {
        let v1 = derived(&v2, service);
        assert!(!v1.operations.is_empty(), "{service:?} has operations");
        for dialect in [Dialect::Swagger2, Dialect::OpenApi3] {
            let again = Document::from_value(&v1.to_value(dialect))
                .unwrap_or_else(|error| panic!("{service:?} {dialect:?}: {error}"));
            assert_eq!(again.operations.len(), v1.operations.len());
            assert_eq!(again.base_path, "/v1");
        }
    }
}

/// The V1 document of a service; `None`: of the main port.
fn derived(v2: &Document, service: Option<&str>) -> Document {
    let set = MappingSet::parse(FILES.iter().copied()).expect("the mappings compile");
    windlass_mappings::document::v1(&set, v2, service).expect("the schemas of steps are right")
}

/// What a V1 client could notice. Operations that the mappings declare as removed, or as not yet
/// mapped, are listed there.
fn differences() -> Option<Vec<Difference>> {
    let v1 = derived(&reference::document("v2-5.0.0.yaml")?, None);
    let declared: BTreeSet<String> = windlass_mappings::mappings()
        .operations()
        .iter()
        .filter(|operation| matches!(operation.kind, Kind::None { .. } | Kind::Unmapped))
        .map(|operation| format!("{} /v1{}", operation.v1.method, operation.v1.template))
        .collect();
    let mut differences = Vec::new();
    for official in reference::v1_documents()? {
        let found = compare(&official, &v1).differences;
        differences.extend(found.into_iter().filter(|difference| {
            is_wrong(difference) && !declared.contains(&difference.operation)
        }));
    }
    Some(differences)
}

/// Whether a client could fail over it, or find V2 in it.
fn is_wrong(difference: &Difference) -> bool {
    let leaks = difference.change == Change::FieldAdded && difference.area == Area::Response;
    difference.breaking || leaks || difference.change == Change::OperationDeprecated
}

/// The differences that no exception is for, and the exceptions that nothing needs.
fn unexcused(differences: &[Difference], exceptions: &[Exception]) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for difference in differences {
        let excuse = exceptions
            .iter()
            .position(|exception| exception.is_for(difference));
        match excuse {
            Some(index) => _ = used.insert(index),
            None => wrong.push(match &difference.schema_place {
                Some(place) => format!("{difference}, which is {place}"),
                None => difference.to_string(),
            }),
        }
    }
    for (index, exception) in exceptions.iter().enumerate() {
        if !used.contains(&index) {
            wrong.push(format!("the exception {exception:?} is not needed"));
        }
    }
    wrong
}
