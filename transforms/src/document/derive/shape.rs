//! Renames the members of schemas as shapes do in bodies.

use serde_json::Value;

use crate::compile::Direction;
use crate::document::derive::Deriver;
use crate::document::derive::layout::fixed;
use crate::document::flat::FlatOthers;
use crate::document::{Flat, Kind, Others, Schema};
use crate::mapping::expression::Expression;
use crate::mapping::place::Text;
use crate::mapping::shape::{ShapeFile, WordList};
use crate::plan::body::Wrap;

impl<'s> Deriver<'s> {
    /// What stands on the V1 side of a value with this step and shape.
    pub(super) fn rewritten(
        &mut self,
        schema: Option<&'s Schema>,
        shape: Option<&str>,
        step: Option<&str>,
        way: Direction,
    ) -> Schema {
        // On the V1 side of a step stands what the shape beside it describes.
        let root = step.and_then(|step| self.roots.get(step));
        let after_step = match root.and_then(|root| root.reference.as_ref()) {
            Some(name) => self.source.schemas.get_key_value(name),
            None => None,
        };
        let shape = shape.and_then(|name| self.set.shapes.get(name));
        match (after_step, schema, shape) {
            (Some((name, named)), _, Some(shape)) => self.named_shaped(name, named, shape, way),
            (Some((name, named)), _, None) => self.named_plain(name, named),
            (None, Some(schema), Some(shape)) => self.shaped(schema, shape, way),
            (None, Some(schema), None) => self.plain(schema),
            (None, None, Some(shape)) => self.object(&Flat::default(), shape, way),
            (None, None, None) => Schema::default(),
        }
    }

    /// A schema that no shape touches: only the names of schemas are new.
    pub(super) fn plain(&mut self, schema: &'s Schema) -> Schema {
        let mut copy = schema.clone();
        copy.walk_mut(&mut |inner| {
            if let Some(name) = &inner.reference
                && let Some((name, named)) = self.source.schemas.get_key_value(name)
            {
                inner.reference = self.named_plain(name, named).reference;
            }
        });
        copy
    }

    fn named_plain(&mut self, name: &'s str, named: &'s Schema) -> Schema {
        let (v1, is_new) = self.names.plain(name);
        if is_new {
            let copy = self.plain(named);
            self.schemas.insert(v1.clone(), copy);
        }
        Schema::named(v1)
    }

    /// A schema with a shape over it; on an array, over each element.
    fn shaped(&mut self, schema: &'s Schema, shape: &'s ShapeFile, way: Direction) -> Schema {
        let flat = self.source.flat(schema);
        if let Some(items) = flat.items {
            let items = self.shaped(items, shape, way);
            return Schema {
                nullable: flat.nullable,
                ..Schema::array(items)
            };
        }
        if !flat.any_of.is_empty() {
            let choices = flat.any_of.iter();
            return Schema {
                nullable: flat.nullable,
                any_of: choices.map(|one| self.shaped(one, shape, way)).collect(),
                ..Schema::default()
            };
        }
        let is_object = matches!(flat.kind, None | Some(Kind::Object));
        if !is_object || !flat.words.is_empty() {
            return self.plain(schema);
        }
        match self.sole_reference(schema) {
            Some((name, named)) => Schema {
                nullable: flat.nullable,
                ..self.named_shaped(name, named, shape, way)
            },
            None => self.object(&flat, shape, way),
        }
    }

    fn named_shaped(
        &mut self,
        name: &'s str,
        named: &'s Schema,
        shape: &'s ShapeFile,
        way: Direction,
    ) -> Schema {
        let flat = self.source.flat(named);
        if flat.items.is_some() || !flat.any_of.is_empty() {
            return self.shaped(named, shape, way);
        }
        let (v1, is_new) = self.names.shaped(name, &shape.name, way);
        if is_new {
            let mut object = self.object(&flat, shape, way);
            object.description.clone_from(&named.description);
            self.schemas.insert(v1.clone(), object);
        }
        Schema::named(v1)
    }

    /// The named schema that a schema stands for, beside nothing but a description and null.
    fn sole_reference(&self, schema: &'s Schema) -> Option<(&'s str, &'s Schema)> {
        let bare = Schema {
            reference: None,
            description: None,
            nullable: false,
            all_of: Vec::new(),
            any_of: Vec::new(),
            ..schema.clone()
        };
        if bare != Schema::default() {
            return None;
        }
        let is_null = |schema: &&Schema| self.source.resolve(schema).is_null();
        let choices: Vec<&Schema> = schema.any_of.iter().filter(|s| !is_null(s)).collect();
        match (&schema.reference, schema.all_of.as_slice(), &choices[..]) {
            (Some(name), [], []) => {
                let (name, named) = self.source.schemas.get_key_value(name)?;
                // A name for another name.
                self.sole_reference(named).or(Some((name, named)))
            }
            (None, [only], []) => self.sole_reference(only),
            (None, [], [only]) => self.sole_reference(only),
            _ => None,
        }
    }

    /// An object on the V1 side of a shape.
    fn object(&mut self, flat: &Flat<'s>, shape: &'s ShapeFile, way: Direction) -> Schema {
        let mut out = Schema {
            nullable: flat.nullable,
            ..Schema::of(Kind::Object)
        };
        for (name, schema) in &flat.properties {
            let is_required = flat.required.contains(name);
            let fields = self.fields_of(shape, name, way);
            // A second V1 name is one of two ways to send the same.
            let needs = is_required
                && (way == Direction::V2ToV1
                    || (fields.len() < 2 && !listed(&shape.v2_default, name)));
            if fields.is_empty() {
                if passes(shape, name, way) {
                    let schema = self.plain(schema);
                    add(&mut out, name, schema, needs);
                }
                continue;
            }
            for (v1, expression) in fields {
                let schema = self.value(Some(schema), shape, expression, way);
                add(&mut out, v1, schema, needs);
            }
        }
        for (v1, expression) in &shape.fields {
            // The document does not know where it comes from; the mapping does.
            if flat.property(expression.v2()).is_none() && out.property(&v1.value).is_none() {
                let schema = self.value(None, shape, expression, way);
                add(&mut out, &v1.value, schema, false);
            }
        }
        match way {
            Direction::V2ToV1 => defaults(&mut out, shape),
            Direction::V1ToV2 => {
                for (name, reason) in &shape.only_v1 {
                    let ignored = Schema {
                        description: Some(format!("Not used: {}", reason.value)),
                        ..Schema::default()
                    };
                    add(&mut out, &name.value, ignored, false);
                }
            }
        }
        out.others = self.others(flat, shape, way);
        out
    }

    /// The V1 names of a V2 member, each with the way its value goes.
    fn fields_of(
        &self,
        shape: &'s ShapeFile,
        v2: &str,
        way: Direction,
    ) -> Vec<(&'s str, &'s Expression)> {
        let fields = shape.fields.iter().filter(|(_, e)| e.v2() == v2);
        let works = |expression: &Expression| {
            let step = expression.step.as_ref();
            step.is_none_or(|step| self.works(&step.value, way))
        };
        let fields: Vec<_> = fields.map(|(v1, e)| (v1.value.as_str(), e)).collect();
        if way == Direction::V2ToV1 && fields.iter().any(|(_, e)| works(e)) {
            return fields.into_iter().filter(|(_, e)| works(e)).collect();
        }
        fields
    }

    fn others(&mut self, flat: &Flat<'s>, shape: &'s ShapeFile, way: Direction) -> Others {
        match (&shape.each, flat.others) {
            (Some(each), FlatOthers::Each(schema)) => {
                Others::Each(Box::new(self.value(Some(schema), shape, each, way)))
            }
            (Some(each), FlatOthers::Any | FlatOthers::Unsaid) => {
                Others::Each(Box::new(self.value(None, shape, each, way)))
            }
            (None, FlatOthers::Each(schema)) => Others::Each(Box::new(self.plain(schema))),
            (None, FlatOthers::Any) => Others::Any,
            (None, FlatOthers::Unsaid) => Others::Unsaid,
            (_, FlatOthers::Closed) => Others::Closed,
        }
    }

    /// The value of a member on the V1 side.
    fn value(
        &mut self,
        schema: Option<&'s Schema>,
        shape: &'s ShapeFile,
        expression: &'s Expression,
        way: Direction,
    ) -> Schema {
        let single = match expression.wrap {
            // V2 has an array of it.
            Wrap::Unwrap => schema.and_then(|schema| self.source.flat(schema).items),
            Wrap::Wrap | Wrap::None => schema,
        };
        let inner = expression.shape.as_ref().map(|name| name.value.as_str());
        let step = expression.step.as_ref().map(|name| name.value.as_str());
        let mut value = self.rewritten(single, inner, step, way);
        if let Some(list) = expression.words.as_ref() {
            let list = shape.word_list(&list.value);
            value = match (single, list) {
                (Some(schema), Some(list)) => self.words(schema, list, way),
                _ => value,
            };
        }
        match expression.wrap {
            Wrap::None => value,
            // `null` stands for an empty array of V2.
            Wrap::Unwrap => Schema {
                nullable: true,
                ..value
            },
            Wrap::Wrap => {
                value.nullable = false;
                let mut array = Schema::array(value);
                // V2 has room for one.
                array.limits.insert("maxItems".to_owned(), Value::from(1));
                array
            }
        }
    }

    /// A schema whose words are exchanged.
    fn words(&mut self, schema: &'s Schema, list: &WordList, way: Direction) -> Schema {
        let flat = self.source.flat(schema);
        if let Some(items) = flat.items {
            return Schema {
                nullable: flat.nullable,
                ..Schema::array(self.words(items, list, way))
            };
        }
        if flat.words.is_empty() {
            return self.plain(schema);
        }
        let mut words: Vec<Value> = Vec::new();
        for word in flat.words {
            let mut v1_words = list.words.iter().filter(|(_, v2)| *word == v2.value);
            let mut found: Vec<Value> = match way {
                Direction::V2ToV1 => v1_words.next().into_iter().map(v1_word).collect(),
                Direction::V1ToV2 => v1_words.map(v1_word).collect(),
            };
            if found.is_empty() {
                found.push(word.clone());
            }
            words.extend(
                found
                    .into_iter()
                    .filter(|word| !words.contains(word))
                    .collect::<Vec<_>>(),
            );
        }
        Schema {
            kind: flat.kind,
            nullable: flat.nullable,
            words,
            ..Schema::default()
        }
    }
}

fn v1_word((v1, _): &(Text, Text)) -> Value {
    Value::from(v1.value.as_str())
}

/// Whether a V2 member that no field names has the same name in V1.
fn passes(shape: &ShapeFile, name: &str, way: Direction) -> bool {
    let is_v1_name = shape.fields.iter().any(|(v1, _)| v1.value == name);
    let is_listed = |list: &[(Text, Text)]| list.iter().any(|(listed, _)| listed.value == name);
    match way {
        Direction::V2ToV1 => {
            !is_listed(&shape.only_v2) && (!is_v1_name || is_listed(&shape.kept_v2))
        }
        Direction::V1ToV2 => !is_listed(&shape.only_v2) && !is_v1_name,
    }
}

fn listed(list: &[(Text, Value)], name: &str) -> bool {
    list.iter().any(|(listed, _)| listed.value == name)
}

fn add(object: &mut Schema, name: &str, schema: Schema, required: bool) {
    if object.property(name).is_some() {
        return;
    }
    object.properties.push((name.to_owned(), schema));
    if required {
        object.required.push(name.to_owned());
    }
}

/// Members that answers always carry.
fn defaults(object: &mut Schema, shape: &ShapeFile) {
    for (name, value) in &shape.v1_default {
        let name = &name.value;
        let mut known = object.properties.iter_mut();
        if let Some((_, schema)) = known.find(|(known, _)| known == name) {
            schema.nullable = value.is_null();
            if !schema.words.is_empty() && !schema.words.contains(value) {
                schema.words.push(value.clone());
            }
        } else {
            let schema = Schema {
                words: Vec::new(),
                ..fixed(value)
            };
            object.properties.push((name.clone(), schema));
        }
        if !object.required.contains(name) {
            object.required.push(name.clone());
        }
    }
}
