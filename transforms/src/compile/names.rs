//! Everything that mappings refer to by name.

use std::collections::BTreeMap;

use crate::composition::Composition;
use crate::diagnostic::code::{UNKNOWN_COMPOSITION, UNKNOWN_SHAPE, UNKNOWN_STEP, UNKNOWN_WORDS};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::mapping::MappingSet;
use crate::mapping::cursor::Named;
use crate::mapping::shape::{ShapeFile, WordList};
use crate::step::Step;

/// Shapes, steps and compositions by name.
pub(super) struct Names<'s> {
    pub(super) set: &'s MappingSet,
    steps: BTreeMap<&'s str, &'s Step>,
    compositions: BTreeMap<&'s str, &'s Composition>,
}

impl<'s> Names<'s> {
    pub(super) fn new(
        set: &'s MappingSet,
        steps: &'s [Step],
        compositions: &'s [Composition],
    ) -> Self {
        Self {
            set,
            steps: steps.iter().map(|step| (step.name, step)).collect(),
            compositions: compositions.iter().map(|c| (c.name, c)).collect(),
        }
    }

    /// The composition of this name.
    pub(super) fn composition(
        &self,
        name: &Named,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<&'s Composition> {
        let found = self.compositions.get(name.as_str()).copied();
        if found.is_none() {
            let message = format!("there is no composition `{}`", name.value);
            let mut diagnostic = name.diagnostic(UNKNOWN_COMPOSITION, message);
            diagnostic.label = Some("not registered beside the mappings".into());
            diagnostic.help = did_you_mean(&name.value, self.compositions.keys().copied());
            errors.push(diagnostic);
        }
        found
    }

    /// The shape of this name.
    pub(super) fn shape(
        &self,
        name: &Named,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<&'s ShapeFile> {
        let found = self.set.shapes.get(name.as_str());
        if found.is_none() {
            let mut diagnostic =
                name.diagnostic(UNKNOWN_SHAPE, format!("there is no shape `{}`", name.value));
            diagnostic.label = Some(format!("no file `shapes/{}.toml`", name.value));
            let known = self.set.shapes.keys().map(String::as_str);
            diagnostic.help = did_you_mean(&name.value, known);
            errors.push(diagnostic);
        }
        found
    }

    /// The step of this name.
    pub(super) fn step(&self, name: &Named, errors: &mut Vec<Diagnostic>) -> Option<&'s Step> {
        let found = self.steps.get(name.as_str()).copied();
        if found.is_none() {
            let mut diagnostic =
                name.diagnostic(UNKNOWN_STEP, format!("there is no step `{}`", name.value));
            diagnostic.label = Some("not registered beside the mappings".into());
            diagnostic.help = did_you_mean(&name.value, self.steps.keys().copied());
            errors.push(diagnostic);
        }
        found
    }
}

/// The list of words of this name.
pub(super) fn words<'s>(
    shape: &'s ShapeFile,
    name: &Named,
    errors: &mut Vec<Diagnostic>,
) -> Option<&'s WordList> {
    let found = shape.word_list(&name.value);
    if found.is_none() {
        let mut diagnostic = name.diagnostic(
            UNKNOWN_WORDS,
            format!("there is no list of words `{}`", name.value),
        );
        diagnostic.label = Some(format!("no table `[words.{}]` in this file", name.value));
        let known = shape.words.iter().map(|list| list.name.as_str());
        diagnostic.help = did_you_mean(&name.value, known);
        errors.push(diagnostic);
    }
    found
}
