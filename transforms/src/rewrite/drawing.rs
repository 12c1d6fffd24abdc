//! Draws a layout from a document that was held whole.
//!
//! Values are cut out of the text of the document, not out of a parsed tree, so that what
//! the mapping does not change keeps its bytes here too.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::plan::body::{KeySource, LayoutNode, ValuePlan};
use crate::step::StepContext;

use super::error::{Fault, RewriteError};
use super::program::ValueId;

/// A layout with its rules lowered.
#[derive(Debug, Clone)]
pub(crate) enum Drawing {
    /// A value of the document.
    Value {
        path: Box<[Box<str>]>,
        value: ValueId,
        otherwise: Option<Box<str>>,
    },
    /// An array of one.
    Array(Box<Drawing>),
    /// An object.
    Object(Vec<(KeySource, Drawing)>),
    /// JSON text.
    Literal(Box<str>),
}

/// Applies the rule of a value to its text.
type Apply<'a> = dyn FnMut(ValueId, &str, &mut Vec<u8>) -> Result<(), Fault> + 'a;

impl Drawing {
    /// Lowers a layout; `rule` lowers the rule of one value.
    pub(super) fn new(node: &LayoutNode, rule: &mut dyn FnMut(&ValuePlan) -> ValueId) -> Self {
        match node {
            LayoutNode::Value {
                path,
                value,
                otherwise,
            } => Self::Value {
                path: path.clone().into_boxed_slice(),
                value: rule(value),
                otherwise: otherwise.clone(),
            },
            LayoutNode::Array(inner) => Self::Array(Box::new(Self::new(inner, rule))),
            LayoutNode::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(key, inner)| (key.clone(), Self::new(inner, rule)))
                    .collect(),
            ),
            LayoutNode::Literal(text) => Self::Literal(text.clone()),
        }
    }

    /// Draws the layout. `rewrite` applies a rule to the text of one value.
    pub(super) fn draw(
        &self,
        document: &RawValue,
        context: &StepContext,
        rewrite: &mut Apply<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        match self {
            Self::Value {
                path,
                value,
                otherwise,
            } => match (find(document, path)?, otherwise) {
                (Some(found), Some(text)) if found.get() == "null" => write(out, text),
                (Some(found), None) if found.get() == "null" && !path.is_empty() => {
                    return Err(missing(path).into());
                }
                (Some(found), _) => rewrite(*value, found.get(), out)?,
                (None, Some(text)) => write(out, text),
                (None, None) => return Err(missing(path).into()),
            },
            Self::Array(inner) => {
                write(out, "[");
                inner.draw(document, context, rewrite, out)?;
                write(out, "]");
            }
            Self::Object(members) => {
                write(out, "{");
                for (index, (key, inner)) in members.iter().enumerate() {
                    if index > 0 {
                        write(out, ",");
                    }
                    let key = Value::from(text_of(key, document, context)?);
                    write(out, &key.to_string());
                    write(out, ":");
                    inner.draw(document, context, rewrite, out)?;
                }
                write(out, "}");
            }
            Self::Literal(text) => write(out, text),
        }
        Ok(())
    }
}

fn write(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn text_of(key: &KeySource, document: &RawValue, context: &StepContext) -> Result<String, Fault> {
    let of_request = |value: Option<&Value>, name: &str| match value {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(RewriteError::unexpected(
            format!("the value `{name}` of the request, for a member name"),
            0,
        )
        .into()),
    };
    match key {
        KeySource::Literal(text) => Ok(text.to_string()),
        KeySource::RequestPath(name) => of_request(context.path.get(&**name), name),
        KeySource::RequestQuery(name) => of_request(context.query.get(&**name), name),
        KeySource::Path(path) => find(document, path)?
            .and_then(|found| serde_json::from_str(found.get()).ok())
            .ok_or_else(|| {
                let name = path.join(".");
                RewriteError::unexpected(format!("a string at `{name}`, for a member name"), 0)
                    .into()
            }),
    }
}

/// Why a value without an alternative cannot be drawn.
pub(super) fn missing(path: &[Box<str>]) -> RewriteError {
    RewriteError::unexpected(format!("a value at `{}`", path.join(".")), 0)
}

/// The text of the value that a path leads to; `None` when a member on the way is missing or
/// null.
fn find<'d>(document: &'d RawValue, path: &[Box<str>]) -> Result<Option<&'d RawValue>, Fault> {
    let mut at = document;
    for (depth, name) in path.iter().enumerate() {
        if depth > 0 && at.get() == "null" {
            return Ok(None);
        }
        let found = Member { name }
            .deserialize(at)
            .map_err(|_| RewriteError::unexpected(format!("an object with one `{name}`"), 0))?;
        match found {
            Some(value) => at = value,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// Reads one member of an object, and steps over the others.
struct Member<'n> {
    name: &'n str,
}

impl<'d> DeserializeSeed<'d> for Member<'_> {
    type Value = Option<&'d RawValue>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'d> Visitor<'d> for Member<'_> {
    type Value = Option<&'d RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<String>()? {
            if name != self.name {
                members.next_value::<IgnoredAny>()?;
            } else if found.replace(members.next_value::<&RawValue>()?).is_some() {
                return Err(serde::de::Error::custom("two members of this name"));
            }
        }
        Ok(found)
    }
}
