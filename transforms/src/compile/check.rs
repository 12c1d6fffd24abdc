//! What can be checked without lowering anything: names used and unused, rules that say
//! nothing, names with two meanings.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::names::{self, Names};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::{
    MAPPED_AND_UNMAPPED, NAME_TWICE, NO_EFFECT, UNKNOWN_SERVICE, UNUSED_SHAPE, UNUSED_WORDS,
};
use crate::mapping::MappingSet;
use crate::mapping::cursor::Named;
use crate::mapping::layout::Layout;
use crate::mapping::operation::FileKind;
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::mapping::response::ResponseFile;
use crate::mapping::shape::ShapeFile;

pub(super) fn check(set: &MappingSet, names: &Names<'_>, errors: &mut Vec<Diagnostic>) {
    for shape in set.shapes.values() {
        check_shape(shape, names, errors);
    }
    check_usage(set, errors);
    check_services(set, errors);
    for unmapped in &set.unmapped {
        if let Some(mapped) = set.operations.iter().find(|o| o.id == unmapped.id.value) {
            errors.push(unmapped.id.diagnostic(
                MAPPED_AND_UNMAPPED,
                format!(
                    "`{}` is mapped in `{}`",
                    mapped.id, mapped.v1.text.place.file.path
                ),
            ));
        }
    }
}

/// A misspelt service would be one that nobody asks for.
fn check_services(set: &MappingSet, errors: &mut Vec<Diagnostic>) {
    let services: BTreeSet<&str> = set
        .operations
        .iter()
        .filter_map(|operation| operation.service.as_deref())
        .collect();
    for operation in &set.operations {
        for service in &operation.also_on {
            if !services.contains(service.value.as_str()) {
                errors.push(service.diagnostic(
                    UNKNOWN_SERVICE,
                    format!("no operation has the service `{}`", service.value),
                ));
            }
        }
    }
}

fn check_shape(shape: &ShapeFile, names: &Names<'_>, errors: &mut Vec<Diagnostic>) {
    let mut used_words = BTreeSet::new();
    for expression in shape.expressions() {
        if let Some(name) = &expression.shape {
            names.shape(name, errors);
        }
        if let Some(name) = &expression.step {
            names.step(name, errors);
        }
        if let Some(name) = &expression.words {
            names::words(shape, name, errors);
            used_words.insert(name.value.as_str());
        }
    }
    for list in &shape.words {
        if !used_words.contains(list.name.as_str()) {
            errors.push(list.name.diagnostic(
                UNUSED_WORDS,
                format!("no field uses the words `{}`", list.name.value),
            ));
        }
    }
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, expression) in &shape.fields {
        *uses.entry(expression.v2()).or_default() += 1;
    }
    for (v1, expression) in &shape.fields {
        if v1.value == expression.v2() && expression.is_plain() && uses[expression.v2()] == 1 {
            let mut diagnostic =
                v1.diagnostic(NO_EFFECT, format!("`{}` keeps its name anyway", v1.value));
            diagnostic.help = Some("delete the line: members that are not listed pass".into());
            errors.push(diagnostic);
        }
    }
    let v1_names = shape.fields.iter().map(|(v1, _)| v1);
    disjoint(
        v1_names.map(|name| (name, "`[fields]`")),
        &[(&shape.only_v1, "`[only_v1]`")],
        errors,
    );
    let v2_names = shape.fields.iter().filter_map(|(_, e)| e.source.as_ref());
    disjoint(
        v2_names.map(|name| (name, "`[fields]`")),
        &[
            (&shape.only_v2, "`[only_v2]`"),
            (&shape.kept_v2, "`[kept_v2]`"),
        ],
        errors,
    );
}

/// Each name may have one meaning.
fn disjoint<'a>(
    first: impl Iterator<Item = (&'a Text, &'static str)>,
    others: &[(&'a [(Text, Text)], &'static str)],
    errors: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, section) in first {
        seen.insert(name.as_str(), section);
    }
    for (names, section) in others {
        for (name, _) in *names {
            if let Some(earlier) = seen.insert(name.as_str(), section) {
                errors.push(name.diagnostic(
                    NAME_TWICE,
                    format!("`{}` is in {earlier} and in {section}", name.value),
                ));
            }
        }
    }
}

/// Every shape is used by a layout, directly or through other shapes.
fn check_usage(set: &MappingSet, errors: &mut Vec<Diagnostic>) {
    let mut queue: Vec<&Named> = layouts(set).flat_map(layout_shapes).collect();
    let mut used = BTreeSet::new();
    while let Some(name) = queue.pop() {
        let Some(shape) = set.shapes.get(name.as_str()) else {
            continue;
        };
        if used.insert(shape.name.as_str()) {
            queue.extend(shape.expressions().filter_map(|e| e.shape.as_ref()));
        }
    }
    for shape in set.shapes.values() {
        if !used.contains(shape.name.as_str()) {
            errors.push(shape.place.diagnostic(
                UNUSED_SHAPE,
                format!("no operation uses the shape `{}`", shape.name),
            ));
        }
    }
}

/// The shapes that a layout names.
fn layout_shapes(layout: &Layout) -> Vec<&Named> {
    layout
        .values()
        .into_iter()
        .filter_map(|value| value.shape.as_ref())
        .collect()
}

/// Every layout of the set.
fn layouts(set: &MappingSet) -> impl Iterator<Item = &Layout> {
    set.operations
        .iter()
        .flat_map(|operation| layouts_of(&operation.kind))
        .chain(response_layouts(&set.defaults))
}

fn layouts_of(kind: &FileKind) -> Vec<&Layout> {
    match kind {
        FileKind::Call(call) => {
            let request = call.request.as_ref().and_then(RequestFile::layout);
            request
                .into_iter()
                .chain(response_layouts(&call.responses))
                .collect()
        }
        FileKind::Composed(composed) => response_layouts(&composed.responses).collect(),
        FileKind::Answer { .. } | FileKind::None { .. } => Vec::new(),
    }
}

fn response_layouts(responses: &[ResponseFile]) -> impl Iterator<Item = &Layout> {
    responses.iter().filter_map(|r| r.layout.as_ref())
}
