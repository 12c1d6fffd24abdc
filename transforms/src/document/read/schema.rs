//! Reads one schema of OpenAPI 3.0, 3.1 or Swagger 2.

use serde_json::{Map, Value};

use super::{At, Read, texts};
use crate::document::{Kind, Others, Schema};

/// Keywords that limit a value, under the names JSON Schema has for them.
const LIMITS: [&str; 14] = [
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "default",
];

/// Reads one schema and those inside it.
pub(super) fn read(value: &Value, at: At<'_>) -> Read<Schema> {
    if value.as_bool() == Some(true) {
        return Ok(Schema::default());
    }
    let object = at.object(value)?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let flag = |name: &str| object.get(name).and_then(Value::as_bool).unwrap_or(false);
    let mut schema = Schema {
        reference: reference(object, at)?,
        format: text("format"),
        nullable: flag("nullable") || flag("x-nullable"),
        words: object
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        // A parameter of Swagger 2 says `required: true` here.
        required: object.get("required").map(texts).unwrap_or_default(),
        others: others(object, at)?,
        description: text("description"),
        ..Schema::default()
    };
    if let Some(constant) = object.get("const") {
        schema.words = vec![constant.clone()];
    }
    kinds(object.get("type"), &mut schema, at)?;
    if let Some(properties) = object.get("properties") {
        let at = at.child("properties");
        for (name, property) in at.object(properties)? {
            let property = read(property, at.child(name))?;
            schema.properties.push((name.clone(), property));
        }
    }
    if let Some(items) = object.get("items") {
        schema.items = Some(Box::new(read(items, at.child("items"))?));
    }
    schema.all_of = list(object, "allOf", at)?;
    schema.any_of = list(object, "oneOf", at)?;
    schema.any_of.extend(list(object, "anyOf", at)?);
    for name in LIMITS {
        if let Some(limit) = object.get(name) {
            schema.limits.insert(name.to_owned(), limit.clone());
        }
    }
    Ok(schema)
}

/// `type`, in 3.1 also a list of them.
fn kinds(value: Option<&Value>, schema: &mut Schema, at: At<'_>) -> Read<()> {
    let unknown = |name: &str| at.malformed(format!("has the unknown type `{name}`"));
    let kind = |name: &str| Kind::parse(name).ok_or_else(|| unknown(name));
    match value {
        None => {}
        Some(Value::String(name)) if name == "null" => schema.words = vec![Value::Null],
        Some(Value::String(name)) => schema.kind = Some(kind(name)?),
        Some(Value::Array(names)) => {
            let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            let all = names.len();
            names.retain(|name| *name != "null");
            schema.nullable |= names.len() < all;
            if let [only] = names.as_slice() {
                schema.kind = Some(kind(only)?);
            } else {
                for name in names {
                    schema.any_of.push(Schema::of(kind(name)?));
                }
            }
        }
        Some(_) => return Err(at.malformed("has a `type` that is no text")),
    }
    Ok(())
}

/// The name of the schema referred to.
fn reference(object: &Map<String, Value>, at: At<'_>) -> Read<Option<String>> {
    let Some(reference) = object.get("$ref").and_then(Value::as_str) else {
        return Ok(None);
    };
    ["#/components/schemas/", "#/definitions/"]
        .iter()
        .find_map(|prefix| reference.strip_prefix(prefix))
        .map(|name| Some(name.to_owned()))
        .ok_or_else(|| at.malformed(format!("refers to `{reference}`, which is no schema")))
}

fn others(object: &Map<String, Value>, at: At<'_>) -> Read<Others> {
    Ok(match object.get("additionalProperties") {
        None => Others::Unsaid,
        Some(Value::Bool(false)) => Others::Closed,
        Some(Value::Bool(true)) => Others::Any,
        Some(value) => {
            let each = read(value, at.child("additionalProperties"))?;
            if each.is_any() {
                Others::Any
            } else {
                Others::Each(Box::new(each))
            }
        }
    })
}

fn list(object: &Map<String, Value>, name: &str, at: At<'_>) -> Read<Vec<Schema>> {
    let Some(list) = object.get(name).and_then(Value::as_array) else {
        return Ok(Vec::new());
    };
    let at = at.child(name);
    let mut schemas = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let index = index.to_string();
        schemas.push(read(value, at.child(&index))?);
    }
    Ok(schemas)
}
