//! Mappings held against the documents of both APIs: is every name there, is every rule of use, is
//! anything forgotten?
//!
//! ```text
//! mapping files ─┐                        ┌─▶ facts: what becomes of each operation, parameter,
//! V1 documents ──┼─ walked side by side ──┤         status, field and word of V1
//! V2 documents ──┘                        └─▶ diagnostics: what is wrong in the mapping files
//! ```
//!
//! A V1 schema and a V2 schema are walked together, the way a layout and its shapes lead. Below a
//! named step documents say nothing, so the step is run over a body made from the V2 schema.
//! Recorded servers and clients count more than documents: what the two are known to disagree
//! about stands in the mappings, with its reason.

mod answers;
mod endpoints;
mod fact;
mod made;
mod members;
mod parameters;
mod requests;
mod sample;
mod schemas;
mod shapes;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Mappings;
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::mapping::MappingSet;
use crate::step::Step;

pub use fact::{Fact, Kind, NotChecked, Verdict};
pub use schemas::{Members, Typed};

/// One document and where it comes from.
#[derive(Debug)]
pub struct Source {
    /// What it is called in reports, such as its file name.
    pub name: String,
    /// The group its operations are reported in, such as `engine`.
    pub service: String,
    /// The `service` of mapping files it belongs to; `None`: the main one.
    pub mapped_as: Option<String>,
    /// Whether it has every operation of its API, so that what it lacks does not exist.
    pub complete: bool,
    /// The document.
    pub document: Document,
}

/// What mappings are held against.
#[derive(Debug, Default)]
pub struct Documents {
    /// The V1 documents, one per service.
    pub v1: Vec<Source>,
    /// The V2 documents. Bodies are compared with the first one that has the operation; a name
    /// exists when any of them has it.
    pub v2: Vec<Source>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What becomes of everything in the V1 documents.
    pub facts: Vec<Fact>,
    /// What is wrong in the mapping files, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// What could not be held against any document.
    pub not_checked: Vec<NotChecked>,
}

/// Holds mappings against documents. `mappings` are compiled from `set`.
pub fn compare(
    set: &MappingSet,
    mappings: &Mappings,
    steps: &[Step],
    documents: &Documents,
) -> Comparison {
    let mut comparer = Comparer {
        set,
        steps: steps.iter().map(|step| (step.name, step)).collect(),
        documents,
        found: Comparison::default(),
        told: BTreeSet::new(),
        names: BTreeMap::new(),
        operation: String::new(),
        service: String::new(),
        assumed: None,
        stands_in_for: None,
    };
    comparer.routes(mappings);
    comparer.operations();
    comparer.unused_names();
    let mut found = comparer.found;
    found.diagnostics.sort_by(|a, b| {
        (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code))
    });
    found.diagnostics.dedup();
    found
}

/// The state of one comparison.
struct Comparer<'c> {
    set: &'c MappingSet,
    steps: BTreeMap<&'c str, &'c Step>,
    documents: &'c Documents,
    found: Comparison,
    /// Diagnostics about no place of their own, told once: file and what.
    told: BTreeSet<(String, String)>,
    /// Names in shapes, by file and place: whether a schema had them where they were used.
    names: BTreeMap<(String, usize), shapes::NameUse>,
    /// The operation that is looked at.
    operation: String,
    /// Its group.
    service: String,
    /// Why its mapping is an assumption.
    assumed: Option<String>,
    /// The service whose document is looked at, where the main service answers for it.
    stands_in_for: Option<String>,
}

impl Comparer<'_> {
    fn fact(&mut self, kind: Kind, name: impl Into<String>, verdict: Verdict) {
        self.mapped_fact(kind, name, None, verdict);
    }

    /// A fact about something that has a name in V2.
    fn mapped_fact(
        &mut self,
        kind: Kind,
        name: impl Into<String>,
        v2: Option<String>,
        verdict: Verdict,
    ) {
        self.found.facts.push(Fact {
            service: self.service.clone(),
            operation: self.operation.clone(),
            kind,
            name: name.into(),
            v2,
            verdict,
        });
    }

    fn not_checked(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.found.not_checked.push(NotChecked {
            operation: self.operation.clone(),
            what: what.into(),
            why: why.into(),
        });
    }

    /// A diagnostic, once for its file and subject.
    fn tell_once(&mut self, subject: &str, diagnostic: Diagnostic) {
        if self.told.insert((
            diagnostic.file.clone(),
            format!("{}{subject}", diagnostic.code),
        )) {
            self.found.diagnostics.push(diagnostic);
        }
    }
}
