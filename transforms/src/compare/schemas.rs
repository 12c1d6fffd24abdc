//! One side of a comparison: a schema and the document it stands in.

use crate::document::flat::FlatOthers;
use crate::document::{Document, Kind, Schema};

/// A schema in its document.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'d> {
    /// The document.
    pub document: &'d Document,
    /// The schema.
    pub schema: &'d Schema,
}

/// What members an object has.
#[derive(Debug)]
pub struct Members<'d> {
    /// Those with a name.
    pub named: Vec<(&'d str, Typed<'d>)>,
    /// Names of those that must be there.
    pub required: Vec<&'d str>,
    /// What members without a name are.
    pub each: Option<Typed<'d>>,
    /// Whether members that are not named are welcome: the object is a map, or nothing is said of
    /// its members.
    pub open: bool,
}

/// A choice is followed no deeper.
const MAX_CHOICES: usize = 8;

impl<'d> Typed<'d> {
    /// A schema of a document.
    pub fn new(document: &'d Document, schema: &'d Schema) -> Self {
        Self { document, schema }
    }

    fn with(self, schema: &'d Schema) -> Self {
        Self { schema, ..self }
    }

    /// The schema's name, to know it again.
    pub fn name(self) -> Option<&'d str> {
        self.document.flat(self.schema).name
    }

    /// The elements of an array.
    pub fn items(self) -> Option<Self> {
        let flat = self.document.flat(self.schema);
        let items = flat.items.map(|items| self.with(items));
        items.or_else(|| {
            let choices = flat.any_of.iter();
            choices
                .filter_map(|choice| self.document.flat(choice).items)
                .map(|items| self.with(items))
                .next()
        })
    }

    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        let flat = self.document.flat(self.schema);
        flat.kind == Some(Kind::Array) || (flat.kind.is_none() && flat.items.is_some())
    }

    /// Whether it is text, a number or a boolean.
    pub fn is_scalar(self) -> bool {
        matches!(
            self.document.flat(self.schema).kind,
            Some(Kind::String | Kind::Integer | Kind::Number | Kind::Boolean | Kind::File)
        )
    }

    /// The values it may have; empty: any of its kind.
    pub fn words(self) -> Vec<&'d serde_json::Value> {
        self.document.flat(self.schema).words
    }

    /// Its members, those of every choice together.
    pub fn members(self) -> Members<'d> {
        let mut members = Members {
            named: Vec::new(),
            required: Vec::new(),
            each: None,
            open: false,
        };
        self.collect(&mut members, 0);
        members.open |= members.named.is_empty();
        members
    }

    fn collect(self, into: &mut Members<'d>, depth: usize) {
        if depth > MAX_CHOICES {
            return;
        }
        let flat = self.document.flat(self.schema);
        for (name, schema) in &flat.properties {
            if into.named.iter().all(|(known, _)| known != name) {
                into.named.push((name, self.with(schema)));
            }
        }
        if depth == 0 {
            into.required.extend(flat.required.iter().copied());
        }
        match flat.others {
            FlatOthers::Each(each) => {
                into.each = Some(self.with(each));
                into.open = true;
            }
            FlatOthers::Any => into.open = true,
            FlatOthers::Unsaid | FlatOthers::Closed => {}
        }
        for choice in flat.any_of {
            self.with(choice).collect(into, depth + 1);
        }
    }

    /// The member with this name.
    pub fn member(self, name: &str) -> Option<Self> {
        let members = self.members();
        let found = members.named.iter().find(|(known, _)| *known == name);
        found.map(|(_, typed)| *typed).or(members.each)
    }
}

impl<'d> Members<'d> {
    /// The member with this name.
    pub fn get(&self, name: &str) -> Option<Typed<'d>> {
        let found = self.named.iter().find(|(known, _)| *known == name);
        found.map(|(_, typed)| *typed)
    }
}
