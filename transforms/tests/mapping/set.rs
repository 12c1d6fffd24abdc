//! Mapping sets for tests.

use serde_json::{Map, Value, json};
use windlass_transforms::composition::{Composing, Composition, Part, PartCall};
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

/// Compositions with and without rows.
pub(crate) static COMPOSITIONS: &[Composition] = &[Composition {
    name: "fruit_by_worm",
    reason: "for tests",
    parts: &[
        Part {
            name: "worm",
            values: &["worm", "detail"],
            rows: false,
        },
        Part {
            name: "fruits",
            values: &["kind"],
            rows: true,
        },
    ],
    start: |context| {
        let Some(worm) = context.query.get("worm") else {
            return Err(StepError::Malformed("which worm".to_owned()));
        };
        Ok(Box::new(FruitByWorm {
            next: vec![call("worm", "worm", worm.clone())],
            fruits: Vec::new(),
            pages: 0,
        }))
    },
}];

/// Asks which kinds of fruit a worm likes, then for the fruits of each kind.
struct FruitByWorm {
    next: Vec<PartCall>,
    fruits: Vec<Value>,
    pages: u64,
}

fn call(part: &'static str, name: &str, value: Value) -> PartCall {
    PartCall {
        part,
        values: Map::from_iter([(name.to_owned(), value)]),
    }
}

impl Composing for FruitByWorm {
    fn calls(&mut self) -> Vec<PartCall> {
        std::mem::take(&mut self.next)
    }

    fn row(&mut self, _: &PartCall, row: Value) -> Result<(), StepError> {
        if row["stone"] == true {
            return Err(StepError::Unexpected("a stone is no fruit".to_owned()));
        }
        self.fruits.push(row["name"].clone());
        Ok(())
    }

    fn answered(&mut self, asked: &PartCall, rest: Value) -> Result<(), StepError> {
        if asked.part == "worm" {
            let kinds = rest["kinds"].as_array().into_iter().flatten();
            self.next = kinds.map(|k| call("fruits", "kind", k.clone())).collect();
        } else {
            assert!(rest.get("fruits").is_none(), "rows are not shown twice");
            self.pages += rest["pages"].as_u64().unwrap_or_default();
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Value, StepError> {
        Ok(json!({"fruits": self.fruits, "pages": self.pages}))
    }
}

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
    Mappings::compile_with(&set, STEPS, COMPOSITIONS)
}

/// Compiles a bundle of files that are right.
pub(crate) fn compiled(bundle: &str) -> Mappings {
    compile(bundle).unwrap_or_else(|errors| {
        let text: String = errors.iter().map(ToString::to_string).collect();
        panic!("{text}")
    })
}
