//! Names of derived schemas: a V1 schema is named as the shape that rewrites it.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Direction;
use crate::document::derive::V1_MARK;
use crate::document::{Document, Schema};

/// Which V1 schema: the V2 schema, the shape over it, and which way the body goes. Without a shape
/// both ways are alike.
type Key = (String, Option<(String, Direction)>);

/// V1 names given so far.
pub(super) struct Names {
    given: BTreeMap<Key, String>,
    taken: BTreeSet<String>,
    /// Names of shapes.
    shapes: BTreeSet<String>,
}

impl Names {
    pub(super) fn new<'n>(shapes: impl Iterator<Item = &'n String>) -> Self {
        Self {
            given: BTreeMap::new(),
            taken: BTreeSet::new(),
            shapes: shapes.cloned().collect(),
        }
    }

    /// The name of a schema without a shape, and whether it is new.
    pub(super) fn plain(&mut self, v2: &str) -> (String, bool) {
        let own = v2.strip_prefix(V1_MARK).unwrap_or(v2);
        // The plain name of a shape is for what the shape made.
        let first = if self.shapes.contains(own) {
            format!("{own}Unchanged")
        } else {
            own.to_owned()
        };
        let other = format!("{own}Unchanged");
        self.give((v2.to_owned(), None), [first, other])
    }

    /// The name of a schema that a shape rewrites, and whether it is new.
    pub(super) fn shaped(&mut self, v2: &str, shape: &str, way: Direction) -> (String, bool) {
        let key = (v2.to_owned(), Some((shape.to_owned(), way)));
        let own = v2.strip_prefix(V1_MARK).unwrap_or(v2);
        let end = match way {
            Direction::V2ToV1 => "",
            Direction::V1ToV2 => "Request",
        };
        self.give(
            key,
            [format!("{shape}{end}"), format!("{shape}_{own}{end}")],
        )
    }

    fn give(&mut self, key: Key, candidates: [String; 2]) -> (String, bool) {
        if let Some(name) = self.given.get(&key) {
            return (name.clone(), false);
        }
        let last = candidates[1].clone();
        let numbered = (2_u32..).map(|number| format!("{last}{number}"));
        let name = candidates
            .into_iter()
            .chain(numbered)
            .find(|name| !self.taken.contains(name))
            .expect("numbers do not end");
        self.taken.insert(name.clone());
        self.given.insert(key, name.clone());
        (name, true)
    }
}

/// Where a request's schema is the answer's, one of them is enough.
pub(super) fn merge_equal(document: &mut Document) {
    let mut same: BTreeMap<String, String> = document
        .schemas
        .keys()
        .filter_map(|name| {
            let answer = name.strip_suffix("Request")?;
            let found = document.schemas.contains_key(answer);
            found.then(|| (name.clone(), answer.to_owned()))
        })
        .collect();
    // Schemas may use each other in circles: all pairs are equal until two of them differ.
    loop {
        let different: Vec<String> = same
            .iter()
            .filter(|(request, answer)| {
                let request = renamed(&document.schemas[*request], &same);
                request != renamed(&document.schemas[*answer], &same)
            })
            .map(|(request, _)| request.clone())
            .collect();
        if different.is_empty() {
            break;
        }
        same.retain(|request, _| !different.contains(request));
    }
    // What only requests use needs no ending.
    for name in document.schemas.keys() {
        if let Some(short) = name.strip_suffix("Request")
            && !document.schemas.contains_key(short)
        {
            same.insert(name.clone(), short.to_owned());
        }
    }
    let schemas = std::mem::take(&mut document.schemas);
    for (name, schema) in schemas {
        let name = same.get(&name).unwrap_or(&name);
        let schema = renamed(&schema, &same);
        document.schemas.entry(name.clone()).or_insert(schema);
    }
    for operation in &mut document.operations {
        let bodies = operation.request.iter_mut().map(|body| &mut body.content);
        let answers = operation.responses.iter_mut().map(|body| &mut body.content);
        for (_, schema) in bodies.chain(answers).flat_map(|content| &mut content.0) {
            *schema = renamed(schema, &same);
        }
    }
}

fn renamed(schema: &Schema, names: &BTreeMap<String, String>) -> Schema {
    let mut schema = schema.clone();
    schema.walk_mut(&mut |inner| {
        if let Some(reference) = &mut inner.reference
            && let Some(name) = names.get(reference)
        {
            reference.clone_from(name);
        }
    });
    schema
}
