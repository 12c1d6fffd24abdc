//! Named steps: the few differences between V1 and V2 that mapping files cannot say.
//!
//! Each file holds one step, the reason why it is not a mapping, and its tests. Steps are pure
//! functions over JSON values; mapping files call them with `via NAME`.

mod event_category;
mod findings_table;
mod image_source;
mod joined_licenses;
mod looked_for;
mod nested_error;
mod no_artifacts;
mod policy_check;
mod policy_document;
mod policy_record;
mod scan_of_type;
mod source_policy_check;
mod sync_results;
mod v1_error;

use windlass_transforms::document::derive::StepSchemas;
use windlass_transforms::step::Step;

/// Every step, for the compiler of the mappings.
pub static STEPS: &[Step] = &[
    event_category::STEP,
    image_source::STEP,
    joined_licenses::STEP,
    looked_for::DELETION,
    looked_for::STEP,
    nested_error::STEP,
    no_artifacts::STEP,
    policy_check::STEP,
    policy_document::STEP,
    policy_record::STEP,
    scan_of_type::STEP,
    source_policy_check::STEP,
    sync_results::STEP,
    v1_error::STEP,
    v1_error::AS_500,
];

/// V1 schemas that have no shape file, because a step rewrites them as a whole: the name of the
/// schema and the name of the step.
pub static SHAPES: &[(&str, &str)] = &[("PolicyBundle", policy_document::STEP.name)];

/// What stands on the V1 side of steps, for the derived V1 document: named schemas, the first of
/// which is the value itself (with V2 names, where the mapping has a shape beside the step). Other
/// steps leave the schema of a value as it is.
pub static SCHEMAS: StepSchemas<'static> = &[
    (
        event_category::STEP.name,
        include_str!("schemas/event_category.json"),
    ),
    (
        image_source::STEP.name,
        include_str!("schemas/image_source.json"),
    ),
    (
        joined_licenses::STEP.name,
        include_str!("schemas/joined_licenses.json"),
    ),
    (
        looked_for::DELETION.name,
        include_str!("schemas/unknown_deletion.json"),
    ),
    (looked_for::STEP.name, ERROR),
    (nested_error::STEP.name, ERROR),
    (no_artifacts::STEP.name, ERROR),
    (
        policy_check::STEP.name,
        include_str!("schemas/policy_check.json"),
    ),
    (
        policy_document::STEP.name,
        include_str!("schemas/policy_document.json"),
    ),
    (
        policy_record::STEP.name,
        include_str!("schemas/policy_record.json"),
    ),
    (
        source_policy_check::STEP.name,
        include_str!("schemas/source_policy_check.json"),
    ),
    (
        scan_of_type::STEP.name,
        include_str!("schemas/scan_of_type.json"),
    ),
    // A composition, whose body has the form of V2.
    (
        "images_by_vulnerability",
        include_str!("schemas/images_by_vulnerability.json"),
    ),
    (v1_error::STEP.name, ERROR),
    (v1_error::AS_500.name, ERROR),
];

/// An error as V1 servers wrote it.
const ERROR: &str = include_str!("schemas/error.json");

/// Which way a table of pairs is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToV1,
    ToV2,
}

impl Direction {
    /// `(from, to)` of a V1 and a V2 value.
    fn pair<T>(self, v1: T, v2: T) -> (T, T) {
        match self {
            Self::ToV1 => (v2, v1),
            Self::ToV2 => (v1, v2),
        }
    }
}
