//! One schema with its references followed and its parts merged: what a value must be, one level
//! deep.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::document::{Document, Kind, Others, Schema};

/// A schema one level deep: `$ref` is followed, `allOf` merged, a choice between something and null
/// is something nullable. The schemas of members and elements are as written.
#[derive(Debug, Clone, Default)]
pub struct Flat<'d> {
    /// The first name that was followed.
    pub name: Option<&'d str>,
    /// The kind of value; `None`: any.
    pub kind: Option<Kind>,
    /// A closer name of the kind.
    pub format: Option<&'d str>,
    /// Whether null fits too.
    pub nullable: bool,
    /// The values that fit; empty: all of its kind.
    pub words: Vec<&'d Value>,
    /// Members, in the order they were met, each name once.
    pub properties: Vec<(&'d str, &'d Schema)>,
    /// Members that must be there.
    pub required: BTreeSet<&'d str>,
    /// What becomes of other members.
    pub others: FlatOthers<'d>,
    /// Elements of an array.
    pub items: Option<&'d Schema>,
    /// Schemas of which one holds as well; never just one. Null is not among them.
    pub any_of: Vec<&'d Schema>,
    /// `pattern`, `minLength` and the like.
    pub limits: Map<String, Value>,
}

/// [`Others`] of a flat schema.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum FlatOthers<'d> {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// There are none.
    Closed,
    /// Any.
    Any,
    /// Each fits this schema.
    Each(&'d Schema),
}

/// References and parts are followed no deeper: a document may refer in circles.
const MAX_DEPTH: usize = 32;

impl Document {
    /// What a schema means, one level deep.
    pub fn flat<'d>(&'d self, schema: &'d Schema) -> Flat<'d> {
        let mut flat = Flat::default();
        flat.merge(self, schema, 0);
        // `properties` without `type` is how many documents write an object.
        if flat.kind.is_none() && flat.any_of.is_empty() && flat.words.is_empty() {
            if !flat.properties.is_empty() || flat.others != FlatOthers::Unsaid {
                flat.kind = Some(Kind::Object);
            } else if flat.items.is_some() {
                flat.kind = Some(Kind::Array);
            }
        }
        flat
    }

    /// The schema that a chain of plain references ends at.
    pub fn resolve<'d>(&'d self, schema: &'d Schema) -> &'d Schema {
        let mut at = schema;
        for _ in 0..MAX_DEPTH {
            match at
                .reference
                .as_ref()
                .and_then(|name| self.schemas.get(name))
            {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }
}

impl<'d> Flat<'d> {
    fn merge(&mut self, document: &'d Document, schema: &'d Schema, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        self.nullable |= schema.nullable;
        if let Some(name) = &schema.reference {
            self.name.get_or_insert(name);
            if let Some(named) = document.schemas.get(name) {
                self.merge(document, named, depth + 1);
            }
        }
        self.kind = self.kind.or(schema.kind);
        self.format = self.format.or(schema.format.as_deref());
        if self.words.is_empty() {
            self.words.extend(&schema.words);
        }
        for (name, property) in &schema.properties {
            // What is written nearest to the use says more than what it extends.
            match self.properties.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if known.is_any() => *known = property,
                Some(_) => {}
                None => self.properties.push((name, property)),
            }
        }
        self.required
            .extend(schema.required.iter().map(String::as_str));
        match (&schema.others, self.others) {
            (Others::Closed, _) => self.others = FlatOthers::Closed,
            (Others::Each(each), FlatOthers::Unsaid | FlatOthers::Any) => {
                self.others = FlatOthers::Each(each);
            }
            (Others::Any, FlatOthers::Unsaid) => self.others = FlatOthers::Any,
            _ => {}
        }
        self.items = self.items.or(schema.items.as_deref());
        for (name, value) in &schema.limits {
            self.limits
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        for part in &schema.all_of {
            self.merge(document, part, depth + 1);
        }
        self.choose(document, &schema.any_of, depth);
    }

    fn choose(&mut self, document: &'d Document, any_of: &'d [Schema], depth: usize) {
        let is_null = |schema: &&'d Schema| document.resolve(schema).is_null();
        let choices: Vec<&Schema> = any_of.iter().filter(|s| !is_null(s)).collect();
        self.nullable |= choices.len() < any_of.len();
        match choices.as_slice() {
            [] => {}
            [only] => self.merge(document, only, depth + 1),
            _ if self.any_of.is_empty() => self.any_of = choices,
            _ => {}
        }
    }

    /// The member with this name.
    pub fn property(&self, name: &str) -> Option<&'d Schema> {
        let found = self.properties.iter().find(|(known, _)| *known == name);
        found.map(|(_, schema)| *schema)
    }

    /// Whether its members are data and not named by anybody: a map, or an object of which nothing
    /// is said.
    pub fn is_free_form(&self) -> bool {
        self.kind == Some(Kind::Object) && self.properties.is_empty()
    }

    /// Whether any value fits.
    pub fn is_any(&self) -> bool {
        self.kind.is_none() && self.words.is_empty() && self.any_of.is_empty()
    }
}
