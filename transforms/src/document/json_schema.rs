//! A schema as JSON Schema (2020-12), for validators.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::flat::FlatOthers;
use crate::document::{Document, Flat, Kind, Schema};

/// What a validator makes of members that a schema does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// They fit, unless the document says otherwise.
    AsWritten,
    /// They are wrong, unless the document says that the object is open or a map. An object of
    /// which nothing is said stays free-form.
    Closed,
}

impl Document {
    /// A schema as JSON Schema, with every named schema that it needs below `$defs`.
    pub fn json_schema(&self, schema: &Schema, closing: Closing) -> Value {
        let mut writer = Writer {
            document: self,
            closing,
            wanted: Vec::new(),
            known: BTreeSet::new(),
        };
        let mut root = writer.schema(schema);
        let mut named = Map::new();
        while let Some(name) = writer.wanted.pop() {
            if let Some(schema) = self.schemas.get(name) {
                let text = writer.flat(&self.flat(schema));
                named.insert(name.to_owned(), text);
            }
        }
        if !named.is_empty()
            && let Some(root) = root.as_object_mut()
        {
            root.insert("$defs".to_owned(), Value::Object(named));
        }
        root
    }
}

struct Writer<'d> {
    document: &'d Document,
    closing: Closing,
    /// Names still to be written.
    wanted: Vec<&'d str>,
    known: BTreeSet<&'d str>,
}

impl<'d> Writer<'d> {
    fn schema(&mut self, schema: &'d Schema) -> Value {
        match &schema.reference {
            // Written by name, so that schemas may use themselves.
            Some(name) if is_plain_reference(schema) => {
                if self.known.insert(name) {
                    self.wanted.push(name);
                }
                json!({ "$ref": format!("#/$defs/{}", escaped(name)) })
            }
            _ => self.flat(&self.document.flat(schema)),
        }
    }

    fn flat(&mut self, flat: &Flat<'d>) -> Value {
        let mut out = Map::new();
        if let Some(kind) = flat.kind.filter(|kind| *kind != Kind::File) {
            let kind = json!(kind.as_str());
            let kinds = if flat.nullable {
                json!([kind, "null"])
            } else {
                kind
            };
            out.insert("type".to_owned(), kinds);
        }
        if !flat.words.is_empty() {
            let mut words: Vec<&Value> = flat.words.clone();
            if flat.nullable && !words.contains(&&Value::Null) {
                words.push(&Value::Null);
            }
            out.insert("enum".to_owned(), json!(words));
        }
        if let Some(format) = flat.format {
            out.insert("format".to_owned(), json!(format));
        }
        for (name, limit) in &flat.limits {
            if name != "default" {
                out.insert(name.clone(), limit.clone());
            }
        }
        if !flat.properties.is_empty() {
            let properties = flat.properties.iter();
            let properties: Map<String, Value> = properties
                .map(|(name, schema)| ((*name).to_owned(), self.schema(schema)))
                .collect();
            out.insert("properties".to_owned(), Value::Object(properties));
        }
        if !flat.required.is_empty() {
            out.insert("required".to_owned(), json!(flat.required));
        }
        match flat.others {
            FlatOthers::Each(schema) => {
                out.insert("additionalProperties".to_owned(), self.schema(schema));
            }
            FlatOthers::Closed => {
                out.insert("additionalProperties".to_owned(), json!(false));
            }
            FlatOthers::Unsaid
                if self.closing == Closing::Closed && !flat.properties.is_empty() =>
            {
                out.insert("additionalProperties".to_owned(), json!(false));
            }
            FlatOthers::Any | FlatOthers::Unsaid => {}
        }
        if let Some(items) = flat.items {
            out.insert("items".to_owned(), self.schema(items));
        }
        if !flat.any_of.is_empty() {
            let mut choices: Vec<Value> = Vec::new();
            for choice in &flat.any_of {
                choices.push(self.schema(choice));
            }
            if flat.nullable {
                choices.push(json!({ "type": "null" }));
            }
            out.insert("anyOf".to_owned(), Value::Array(choices));
        }
        Value::Object(out)
    }
}

/// Whether nothing but a description stands beside the reference.
fn is_plain_reference(schema: &Schema) -> bool {
    let plain = Schema {
        reference: schema.reference.clone(),
        description: schema.description.clone(),
        ..Schema::default()
    };
    *schema == plain
}

/// A name as a JSON pointer in a URI has it.
fn escaped(name: &str) -> String {
    let pointer = name.replace('~', "~0").replace('/', "~1");
    pointer.replace('%', "%25").replace(' ', "%20")
}
