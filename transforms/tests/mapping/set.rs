//! Mapping sets for tests.

use serde_json::Value;
use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::step::{Step, StepContext, StepError};
use windlass_transforms::{MappingSet, Mappings};

#[expect(clippy::unnecessary_wraps, reason = "the form of a step")]
fn same(value: Value, _: &StepContext) -> Result<Value, StepError> {
    Ok(value)
}

/// Steps with each choice of directions.
pub(crate) static STEPS: &[Step] = &[
    Step {
        name: "both_ways",
        reason: "for tests",
        renames: &[],
        v1_to_v2: Some(same),
        v2_to_v1: Some(same),
    },
    Step {
        name: "answers_only",
        reason: "for tests",
        renames: &[],
        v1_to_v2: None,
        v2_to_v1: Some(same),
    },
    Step {
        name: "requests_only",
        reason: "for tests",
        renames: &[],
        v1_to_v2: Some(same),
        v2_to_v1: None,
    },
];

/// Several files in one text, each behind a line `#--- path`.
pub(crate) fn files(bundle: &str) -> Vec<(&str, &str)> {
    bundle
        .split("#--- ")
        .skip(1)
        .map(|file| file.split_once('\n').expect("a path ends with its line"))
        .collect()
}

/// Compiles a bundle of files.
pub(crate) fn compile(bundle: &str) -> Result<Mappings, Vec<Diagnostic>> {
    let set = MappingSet::parse(files(bundle))?;
    Mappings::compile(&set, STEPS)
}

/// Compiles a bundle of files that are right.
pub(crate) fn compiled(bundle: &str) -> Mappings {
    compile(bundle).unwrap_or_else(|errors| {
        let text: String = errors.iter().map(ToString::to_string).collect();
        panic!("{text}")
    })
}
