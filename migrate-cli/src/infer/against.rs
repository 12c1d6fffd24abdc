//! How much of a mapping that exists a draft finds.

use std::collections::BTreeMap;

use serde::Serialize;
use windlass_transforms::compare::{Comparison, Kind};
use windlass_transforms::compile::Mappings;

/// How far a draft agrees with a mapping, for things of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// What is counted.
    pub kind: Kind,
    /// Things of V1 that the mapping gives a V2 name.
    pub mapped: usize,
    /// Of them, those that the draft gives the same name.
    pub found: usize,
    /// Of them, those that the draft gives another name.
    pub wrong: usize,
    /// Things that the draft gives a V2 name and the mapping does not: it declares something else.
    pub extra: usize,
    /// Things that have another name in V2 than in V1.
    pub renamed: usize,
    /// Of them, those that the draft gives the same name.
    pub renamed_found: usize,
}

/// A comparison and the mappings it is about.
type Compared<'c> = (&'c Mappings, &'c Comparison);

/// What a thing of V1 is called in V2: by service, request line, kind and V1 name.
type Names<'c> = BTreeMap<(&'c str, String, Kind, &'c str), &'c str>;

/// Compares what a draft and a mapping make of the same documents.
pub fn against(mapping: Compared<'_>, draft: Compared<'_>) -> Vec<Agreement> {
    let wanted = names(mapping);
    let drafted = names(draft);
    [Kind::Operation, Kind::Parameter, Kind::Field]
        .map(|kind| {
            let mut agreement = Agreement {
                kind,
                mapped: 0,
                found: 0,
                wrong: 0,
                extra: drafted
                    .keys()
                    .filter(|key| key.2 == kind && !wanted.contains_key(key))
                    .count(),
                renamed: 0,
                renamed_found: 0,
            };
            for ((key, v2), form) in wanted
                .iter()
                .filter(|((_, _, of, _), _)| *of == kind)
                .map(|(key, v2)| ((key, *v2), form(v2)))
            {
                let renamed = match kind {
                    Kind::Operation => key.1 != form,
                    _ => leaf(key.3) != leaf(v2),
                };
                let found = drafted.get(key).map(|drafted| self::form(drafted) == form);
                agreement.mapped += 1;
                agreement.found += usize::from(found == Some(true));
                agreement.wrong += usize::from(found == Some(false));
                agreement.renamed += usize::from(renamed);
                agreement.renamed_found += usize::from(renamed && found == Some(true));
            }
            agreement
        })
        .into()
}

fn names((mappings, found): Compared<'_>) -> Names<'_> {
    found
        .facts
        .iter()
        .filter_map(|fact| {
            let v1 = mappings.operation(&fact.operation)?.v1.to_string();
            let key = (&*fact.service, form(&v1), fact.kind, &*fact.name);
            Some((key, fact.v2.as_deref()?))
        })
        .collect()
}

/// Without the names of path parameters, and without the array around a last element.
fn form(name: &str) -> String {
    let parts = name
        .trim_end_matches("[]")
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The last name of a place.
fn leaf(name: &str) -> &str {
    let name = name.trim_end_matches("[]");
    let after = name.rfind(['.', ' ']).map_or(0, |at| at + 1);
    &name[after..]
}
