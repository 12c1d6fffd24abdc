//! V1 names of fields and parameters. One alone says nothing; two that stand together do.

use std::collections::{BTreeMap, BTreeSet};

use windlass_transforms::Mappings;

use super::commands::file;
use super::{Confidence, Found, What};

/// How many lines may lie between names that stand together.
const TOGETHER: u64 = 12;

/// Finds names.
pub(super) struct Names(BTreeMap<String, BTreeSet<String>>);

impl Names {
    pub(super) fn new(mappings: &Mappings) -> Self {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |v1: &str, v2: &str| {
            let is_common = file().common_names.iter().any(|common| common == v1);
            if v1 != v2 && v1.len() > 4 && !is_common {
                names
                    .entry(v1.to_owned())
                    .or_default()
                    .insert(v2.to_owned());
            }
        };
        for operation in mappings.operations() {
            let explained = &operation.explanation;
            for parameter in explained.query.iter().chain(&explained.path) {
                if let Some(v2) = &parameter.v2 {
                    add(&parameter.v1, v2);
                }
            }
            for field in explained.shapes.iter().flat_map(|shape| &shape.fields) {
                if let (Some(v1), Some(v2)) = (&field.v1, &field.v2) {
                    add(v1, v2);
                }
            }
        }
        // A name that V2 uses too, elsewhere, tells nothing.
        let v2: BTreeSet<String> = names.values().flatten().cloned().collect();
        names.retain(|v1, _| !v2.contains(v1));
        Self(names)
    }

    /// Hands every group of names in a text to `take`, with the line of its first.
    pub(super) fn text(&self, text: &str, speaks_of_it: bool, take: &mut dyn FnMut(Found, u64)) {
        let mut group: Vec<(&str, u64)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index as u64 + 1;
            if line.len() > super::walk::LONGEST_LINE {
                continue;
            }
            if group
                .last()
                .is_some_and(|(_, last)| number - last > TOGETHER)
            {
                self.end(&group, speaks_of_it, take);
                group.clear();
            }
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words {
                if let Some((name, _)) = self.0.get_key_value(word) {
                    group.push((name, number));
                }
            }
        }
        self.end(&group, speaks_of_it, take);
    }

    fn end(&self, group: &[(&str, u64)], speaks_of_it: bool, take: &mut dyn FnMut(Found, u64)) {
        let names: BTreeSet<&str> = group.iter().map(|(name, _)| *name).collect();
        let (Some((_, line)), true) = (group.first(), names.len() >= 2) else {
            return;
        };
        let v2: Vec<String> = names
            .iter()
            .map(|name| {
                let all: Vec<&str> = self.0[*name].iter().map(String::as_str).collect();
                all.join(" or ")
            })
            .collect();
        let v1: Vec<&str> = names.into_iter().collect();
        let found = Found {
            what: What::Names,
            confidence: if speaks_of_it {
                Confidence::High
            } else {
                Confidence::Medium
            },
            operation: None,
            v1: v1.join(", "),
            v2: v2.join(", "),
        };
        take(found, *line);
    }
}
