//! The V1 document that is derived from the V2 specification, against the V1 specifications:
//! nothing that a V1 client can send or read is missing, and nothing of V2 is added.

mod derived;
#[path = "../shared/reference.rs"]
mod reference;

use derived::{derived, unexcused};
use windlass_transforms::document::{Dialect, Document};

#[test]
fn nothing_that_a_v1_client_sends_or_reads_is_missing() {
    let (Some(v2), Some(v1)) = (
        reference::document("v2-5.0.0.yaml"),
        reference::v1_documents(),
    ) else {
        return;
    };
    let set = windlass_mappings::read_set(None).expect("the mappings can be read");
    let wrong = unexcused(&set, windlass_mappings::mappings(), &v2, &v1);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_derived_documents_are_documents() {
    let Some(v2) = reference::document("v2-5.0.0.yaml") else {
        return;
    };
    let set = windlass_mappings::read_set(None).expect("the mappings can be read");
    for service in [None, Some("rbac"), Some("notifications"), Some("reports")] {
        let v1 = derived(&set, &v2, service);
        assert!(!v1.operations.is_empty(), "{service:?} has operations");
        for dialect in [Dialect::Swagger2, Dialect::OpenApi3] {
            let again = Document::from_value(&v1.to_value(dialect))
                .unwrap_or_else(|error| panic!("{service:?} {dialect:?}: {error}"));
            assert_eq!(again.operations.len(), v1.operations.len());
            assert_eq!(again.base_path, "/v1");
        }
    }
}
