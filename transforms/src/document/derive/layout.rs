//! Draws the schema of a V1 body as its layout draws the body.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compile::Direction;
use crate::document::derive::Deriver;
use crate::document::{Kind, Others, Schema};
use crate::mapping::layout::{Form, KeyForm, Layout, LayoutValue};

/// What a layout may draw from; `None`: nothing is known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Bodies<'s> {
    /// The V2 body.
    pub(super) v2: Option<&'s Schema>,
    /// Answers of look-ups by name.
    pub(super) lookups: BTreeMap<&'s str, Option<&'s Schema>>,
}

impl<'s> Deriver<'s> {
    /// The V1 schema of a body.
    pub(super) fn draw(&mut self, layout: &Layout, bodies: &Bodies<'s>, way: Direction) -> Schema {
        match &layout.form {
            Form::Literal(text) => {
                let value: Value = serde_json::from_str(text).unwrap_or_default();
                fixed(&value)
            }
            Form::Value(value) => self.drawn_value(value, bodies, way),
            Form::Array(inner) => Schema::array(self.draw(inner, bodies, way)),
            Form::Object(members) => {
                let mut object = Schema::of(Kind::Object);
                for (key, inner) in members {
                    let inner = self.draw(inner, bodies, way);
                    match &key.form {
                        KeyForm::Word(name) => {
                            object.required.push(name.clone());
                            object.properties.push((name.clone(), inner));
                        }
                        KeyForm::Path(_) | KeyForm::RequestPath(_) | KeyForm::RequestQuery(_) => {
                            object.others = Others::Each(Box::new(inner));
                        }
                    }
                }
                object
            }
        }
    }

    fn drawn_value(&mut self, value: &LayoutValue, bodies: &Bodies<'s>, way: Direction) -> Schema {
        let mut at = match &value.lookup {
            None => bodies.v2,
            Some(name) => bodies.lookups.get(name.value.as_str()).copied().flatten(),
        };
        for name in &value.path {
            at = at.and_then(|schema| self.source.flat(schema).property(name));
        }
        let step = value.step.as_ref().map(|name| name.value.as_str());
        let shape = value.shape.as_ref().map(|name| name.value.as_str());
        let mut drawn = self.rewritten(at, shape, step, way);
        if let Some(text) = &value.otherwise {
            let otherwise: Value = serde_json::from_str(text).unwrap_or_default();
            drawn.nullable = otherwise.is_null();
        }
        drawn
    }
}

/// The schema of a body that is always this one, or nearly: of what is in an array only the kind is
/// said.
pub(super) fn fixed(value: &Value) -> Schema {
    match value {
        Value::Array(elements) => {
            let mut kinds = elements.iter().map(|element| fixed(element).kind);
            let first = kinds.next().flatten();
            match first.filter(|first| kinds.all(|kind| kind == Some(*first))) {
                Some(kind) => Schema::array(Schema::of(kind)),
                None => Schema::of(Kind::Array),
            }
        }
        Value::Object(members) => {
            let mut object = Schema::of(Kind::Object);
            for (name, value) in members {
                object.required.push(name.clone());
                object.properties.push((name.clone(), fixed(value)));
            }
            object
        }
        scalar => Schema::exactly(scalar.clone()),
    }
}
