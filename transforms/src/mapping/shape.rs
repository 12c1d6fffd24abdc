//! One shape file: how one kind of object differs between V1 and V2.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::NAME_TWICE;
use crate::mapping::expression::Expression;
use crate::mapping::operation::not_empty;
use crate::mapping::place::{Place, Text};
use crate::mapping::table::Table;

/// One shape file.
#[derive(Debug)]
pub(crate) struct ShapeFile {
    pub(crate) name: String,
    /// The beginning of the file.
    pub(crate) place: Place,
    pub(crate) summary: String,
    /// V1 name and where it comes from.
    pub(crate) fields: Vec<(Text, Expression)>,
    /// Lists of words: V1 word and V2 word.
    pub(crate) words: Vec<WordList>,
    /// What becomes of the values of an object whose keys are data.
    pub(crate) each: Option<Expression>,
    /// V2 name and why V1 answers lack it.
    pub(crate) only_v2: Vec<(Text, Text)>,
    /// V2 name and why V1 answers carry it all the same.
    pub(crate) kept_v2: Vec<(Text, Text)>,
    /// V1 name and why V2 lacks it.
    pub(crate) only_v1: Vec<(Text, Text)>,
    /// A name of either side that servers had and no document has, and where it was seen.
    pub(crate) undocumented: Vec<(Text, Text)>,
    /// V1 name and what V1 answers carry when V2 leaves it out; null for those in `v1_null`.
    pub(crate) v1_default: Vec<(Text, Value)>,
    /// V2 name and what V2 requests carry when V1 leaves it out.
    pub(crate) v2_default: Vec<(Text, Value)>,
}

/// A named exchange of strings.
#[derive(Debug)]
pub(crate) struct WordList {
    pub(crate) name: Text,
    /// V1 word and V2 word.
    pub(crate) words: Vec<(Text, Text)>,
}

impl ShapeFile {
    /// Reads a shape file. The name is the file's name.
    pub(crate) fn read(
        name: &str,
        mut table: Table<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let place = table.place().clone();
        let summary = table.required_text("summary", errors);
        let fields = table
            .names("fields", errors)
            .into_iter()
            .filter_map(|(v1, text)| {
                let parsed = Expression::field(&text).map_err(|error| errors.push(*error));
                Some((v1, parsed.ok()?))
            })
            .collect();
        let words = table
            .tables("words", errors)
            .into_iter()
            .map(|(name, list)| WordList {
                name,
                words: list.into_texts(errors),
            })
            .collect();
        let each = table.table("each", errors).and_then(|mut each| {
            let text = each.required_text("value", errors);
            each.finish(errors);
            Expression::each(&text?)
                .map_err(|error| errors.push(*error))
                .ok()
        });
        let only_v2 = reasons(&mut table, "only_v2", errors);
        let kept_v2 = reasons(&mut table, "kept_v2", errors);
        let only_v1 = reasons(&mut table, "only_v1", errors);
        let undocumented = reasons(&mut table, "undocumented", errors);
        let nulls = table.texts("v1_null", errors);
        let mut v1_default = table.values("v1_default", errors);
        for name in nulls {
            if v1_default
                .iter()
                .any(|(other, _)| other.value == name.value)
            {
                let message = format!("`{}` has another default already", name.value);
                errors.push(name.diagnostic(NAME_TWICE, message));
            }
            v1_default.push((name, Value::Null));
        }
        let v2_default = table.values("v2_default", errors);
        table.finish(errors);
        Some(Self {
            name: name.to_owned(),
            place,
            summary: summary?.value,
            fields,
            words,
            each,
            only_v2,
            kept_v2,
            only_v1,
            undocumented,
            v1_default,
            v2_default,
        })
    }

    /// The expressions of all fields and of `[each]`.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.fields
            .iter()
            .map(|(_, expression)| expression)
            .chain(&self.each)
    }

    /// The list of words with this name.
    pub(crate) fn word_list(&self, name: &str) -> Option<&WordList> {
        self.words.iter().find(|list| list.name.value == name)
    }
}

/// Names, each with a reason.
fn reasons(
    table: &mut Table<'_>,
    key: &'static str,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Text, Text)> {
    let entries = table.names(key, errors);
    for (name, reason) in &entries {
        not_empty(reason, &format!("`{}`", name.value), errors);
    }
    entries
}
