//! Names in shape files: each is found in a schema at one of the places where the shape is used.

use std::collections::BTreeSet;

use crate::compare::Comparer;
use crate::compare::schemas::Members;
use crate::diagnostic::code::{DOCUMENTED, NO_V1_FIELD, NO_V2_FIELD};
use crate::diagnostic::did_you_mean;
use crate::mapping::place::Text;
use crate::mapping::shape::ShapeFile;

/// Whose name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    V1,
    V2,
}

/// A name in a mapping file, and what documents said to it.
#[derive(Debug)]
pub(super) struct NameUse {
    text: Text,
    side: Side,
    found: bool,
    /// The shape says that no document has it.
    undocumented: bool,
    /// Names that were there instead.
    others: BTreeSet<String>,
}

impl<'c> Comparer<'c> {
    /// Notes which names of a shape an object of both sides has.
    pub(super) fn note_names(
        &mut self,
        shape: &'c ShapeFile,
        v1: Option<&Members<'c>>,
        v2: Option<&Members<'c>>,
    ) {
        if let Some(members) = v1 {
            let fields = shape.fields.iter().map(|(name, _)| name);
            let only = shape.only_v1.iter().map(|(name, _)| name);
            let defaults = shape.v1_default.iter().map(|(name, _)| name);
            for name in fields.chain(only).chain(defaults) {
                self.note(shape, name, Side::V1, members);
            }
        }
        if let Some(members) = v2 {
            let sources = shape.fields.iter().filter_map(|(_, e)| e.source.as_ref());
            let only = shape.only_v2.iter().chain(&shape.kept_v2);
            let defaults = shape.v2_default.iter().map(|(name, _)| name);
            for name in sources.chain(only.map(|(name, _)| name)).chain(defaults) {
                self.note(shape, name, Side::V2, members);
            }
        }
    }

    fn note(&mut self, shape: &ShapeFile, text: &Text, side: Side, members: &Members<'c>) {
        let found = members.open || members.get(&text.value).is_some();
        let key = (text.place.file.path.to_string(), text.place.range.start);
        let name = self.names.entry(key).or_insert_with(|| NameUse {
            text: text.clone(),
            side,
            found: false,
            undocumented: shape
                .undocumented
                .iter()
                .any(|(name, _)| name.value == text.value),
            others: BTreeSet::new(),
        });
        name.found |= found;
        let others = members.named.iter().map(|(name, _)| (*name).to_owned());
        name.others.extend(others);
    }

    /// Reports names that no schema had.
    pub(super) fn unused_names(&mut self) {
        let missing = |name: &&NameUse| !name.found && !name.undocumented;
        for name in self.names.values().filter(missing) {
            let (code, generation) = match name.side {
                Side::V1 => (NO_V1_FIELD, "V1"),
                Side::V2 => (NO_V2_FIELD, "V2"),
            };
            let message = format!(
                "no {generation} schema that this shape stands for has `{}`",
                name.text.value
            );
            let mut diagnostic = name.text.diagnostic(code, message);
            diagnostic.help =
                did_you_mean(&name.text.value, name.others.iter().map(String::as_str));
            self.found.diagnostics.push(diagnostic);
        }
        self.documented_after_all();
    }

    /// `[undocumented]` only shrinks.
    fn documented_after_all(&mut self) {
        for shape in self.set.shapes.values() {
            for (name, _) in &shape.undocumented {
                let uses = self.names.values().filter(|used| {
                    used.undocumented
                        && used.text.value == name.value
                        && used.text.place.file.path == name.place.file.path
                });
                let (mut count, mut found) = (0, 0);
                for used in uses {
                    count += 1;
                    found += usize::from(used.found);
                }
                // Where no document was asked, nothing is known.
                if count > 0 && count == found {
                    let message = format!("`{}` is documented", name.value);
                    let mut diagnostic = name.diagnostic(DOCUMENTED, message);
                    diagnostic.help = Some("delete the line".to_owned());
                    self.found.diagnostics.push(diagnostic);
                }
            }
        }
    }
}
