//! The V1 document, derived: mappings run backwards over a V2 document.
//!
//! Bodies are drawn as the layouts say, schemas renamed by position as the shapes say, parameters
//! as the operations say; what no mapping mentions is as in V2. What a step makes of a schema is
//! told beside the step ([`StepSchemas`]).

mod answers;
mod layout;
mod names;
mod operation;
mod shape;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compile::Direction;
use crate::document::derive::names::{Names, merge_equal};
use crate::document::read::read_schema;
use crate::document::{Document, DocumentError, Schema};
use crate::mapping::MappingSet;
use crate::mapping::operation::OperationFile;
use crate::step::Step;

/// What stands on the V1 side of steps: by the name of a step, JSON text of named schemas in the
/// form of OpenAPI 3, of which the first is the value itself. They may use schemas of the V2 document
/// as well. A step that is not listed leaves the schema as it is.
pub type StepSchemas<'s> = &'s [(&'s str, &'s str)];

/// What a V1 document is derived from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'s> {
    /// How the two APIs differ.
    pub set: &'s MappingSet,
    /// The steps that mappings use.
    pub steps: &'s [Step],
    /// What steps make of schemas.
    pub schemas: StepSchemas<'s>,
    /// The V2 document.
    pub v2: &'s Document,
}

/// Marks the schemas of steps, which have V1 names already, among those of V2.
const V1_MARK: &str = "v1:";

impl Sources<'_> {
    /// The V1 document of one V1 service that had a port of its own, or, with `None`, of the main
    /// port, which serves them all. Title, version and base path are left to the caller. Operations
    /// that the V2 document lacks are there too, with bodies of which nothing is said.
    pub fn derive(&self, service: Option<&str>) -> Result<Document, DocumentError> {
        let (source, roots) = self.with_step_schemas()?;
        let mut deriver = Deriver {
            set: self.set,
            steps: self.steps.iter().map(|step| (step.name, step)).collect(),
            source: &source,
            roots,
            names: Names::new(self.set.shapes.keys()),
            schemas: BTreeMap::new(),
        };
        let mut document = Document::default();
        for file in &self.set.operations {
            if service.is_none_or(|service| is_on(file, service)) {
                document.operations.push(deriver.operation(file));
            }
        }
        if service.is_none() {
            for unmapped in &self.set.unmapped {
                document.operations.push(operation::unmapped(unmapped));
            }
        }
        document.operations.sort_by(|a, b| a.path.cmp(&b.path));
        document.schemas = deriver.schemas;
        merge_equal(&mut document);
        Ok(document)
    }

    /// The V2 document with the schemas of steps in it, and the schema of each step.
    fn with_step_schemas(&self) -> Result<(Document, BTreeMap<String, Schema>), DocumentError> {
        let mut source = self.v2.clone();
        let mut roots = BTreeMap::new();
        for (step, text) in self.schemas {
            let schemas: Map<String, Value> = serde_json::from_str(text)
                .map_err(|error| DocumentError::Syntax(format!("schemas of `{step}`: {error}")))?;
            let Some(root) = schemas.keys().next().cloned() else {
                continue;
            };
            roots.insert(
                (*step).to_owned(),
                Schema::named(format!("{V1_MARK}{root}")),
            );
            for (name, value) in &schemas {
                let mut schema = read_schema(value)?;
                schema.walk_mut(&mut |inner| {
                    let reference = inner.reference.take();
                    inner.reference = match reference {
                        Some(name) if schemas.contains_key(&name) => {
                            Some(format!("{V1_MARK}{name}"))
                        }
                        Some(name) if self.v2.schemas.contains_key(&name) => Some(name),
                        _ => None,
                    };
                });
                source.schemas.insert(format!("{V1_MARK}{name}"), schema);
            }
        }
        Ok((source, roots))
    }
}

/// Whether a service answered an operation on a port of its own.
fn is_on(file: &OperationFile, service: &str) -> bool {
    let own = file.service.as_deref() == Some(service);
    own || file.also_on.iter().any(|other| other.value == service)
}

/// Derives schemas, each once.
struct Deriver<'s> {
    set: &'s MappingSet,
    steps: BTreeMap<&'s str, &'s Step>,
    /// The V2 document and the schemas of steps.
    source: &'s Document,
    /// The schema that a step leaves.
    roots: BTreeMap<String, Schema>,
    names: Names,
    /// V1 schemas by name.
    schemas: BTreeMap<String, Schema>,
}

impl Deriver<'_> {
    /// Whether a step works in this direction.
    fn works(&self, step: &str, direction: Direction) -> bool {
        self.steps.get(step).is_none_or(|step| match direction {
            Direction::V1ToV2 => step.v1_to_v2.is_some(),
            Direction::V2ToV1 => step.v2_to_v1.is_some(),
        })
    }
}
