//! The derived V1 document, and in what it differs from the V1 specifications.

#[path = "exceptions.rs"]
mod exceptions;

use std::collections::BTreeSet;

use windlass_transforms::document::Document;
use windlass_transforms::document::compare::{Area, Change, Difference, compare};
use windlass_transforms::plan::operation::Kind;
use windlass_transforms::{MappingSet, Mappings};

use exceptions::Exception;

/// The V1 document of a service; `None`: of the main port.
pub(crate) fn derived(set: &MappingSet, v2: &Document, service: Option<&str>) -> Document {
    windlass_mappings::document::v1(set, v2, service).expect("the schemas of steps are right")
}

/// What a V1 client could notice and no exception is for, and exceptions that nothing needs.
/// Operations that the mappings declare as removed, or as not yet mapped, are listed there.
pub(crate) fn unexcused(
    set: &MappingSet,
    mappings: &Mappings,
    v2: &Document,
    official: &[Document],
) -> Vec<String> {
    let v1 = derived(set, v2, None);
    let declared: BTreeSet<String> = mappings
        .operations()
        .iter()
        .filter(|operation| matches!(operation.kind, Kind::None { .. } | Kind::Unmapped))
        .map(|operation| format!("{} /v1{}", operation.v1.method, operation.v1.template))
        .collect();
    let mut differences = Vec::new();
    for official in official {
        let found = compare(official, &v1).differences;
        differences.extend(found.into_iter().filter(|difference| {
            is_wrong(difference) && !declared.contains(&difference.operation)
        }));
    }
    without_exceptions(&differences, exceptions::LIST)
}

/// Whether a client could fail over it, or find V2 in it.
fn is_wrong(difference: &Difference) -> bool {
    let leaks = difference.change == Change::FieldAdded && difference.area == Area::Response;
    difference.breaking || leaks || difference.change == Change::OperationDeprecated
}

/// The differences that no exception is for, and the exceptions that nothing needs.
fn without_exceptions(differences: &[Difference], exceptions: &[Exception]) -> Vec<String> {
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
