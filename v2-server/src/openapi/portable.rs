//! Writes the document as OpenAPI 3.0.
//!
//! utoipa makes 3.1, where a schema may be of several types and stand beside a reference. Published
//! documents of this API are 3.0, and so are the tools of those who use it.
//!
//! utoipa takes every `Option` for a value that may be null. Here it is a member that may be missing: requests with a
//! null in its place are refused, answers leave it out. What may be null says so with a default of null.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// The schema that is written in place instead of by reference.
const TIMESTAMP: &str = "#/components/schemas/Timestamp";

/// The document in 3.0.
pub(super) fn to_3_0(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document)
        .expect("the document is made of texts, numbers, lists and maps with text keys");
    document["openapi"] = json!("3.0.3");
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.shift_remove("Timestamp");
    }
    rewrite(&mut document);
    document
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(rewrite),
        Value::Object(members) => {
            members.values_mut().for_each(rewrite);
            one_type(members);
            no_null_alternative(members);
            default_of_null(members);
            inline_time(members);
            nothing_beside_references(members);
        }
        _ => {}
    }
}

/// `type: [string, null]` → `type: string`
fn one_type(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get_mut("type") else {
        return;
    };
    types.retain(|kind| kind != "null");
    if let [only] = types.as_slice() {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    } else {
        schema.shift_remove("type");
    }
}

/// `oneOf: [X, {type: null}]` → X
fn no_null_alternative(schema: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = schema.get_mut("oneOf") else {
        return;
    };
    let all = alternatives.len();
    alternatives.retain(|alternative| alternative.get("type") != Some(&json!("null")));
    if alternatives.len() == all {
        return;
    }
    if let [Value::Object(only)] = alternatives.as_slice() {
        let only = only.clone();
        schema.shift_remove("oneOf");
        for (name, value) in only {
            schema.entry(name).or_insert(value);
        }
    }
}

/// `default: null` → `nullable: true`
fn default_of_null(schema: &mut Map<String, Value>) {
    if schema.get("default") == Some(&Value::Null) {
        schema.shift_remove("default");
        schema.insert("nullable".to_owned(), json!(true));
    }
}

fn inline_time(schema: &mut Map<String, Value>) {
    if schema.get("$ref") == Some(&json!(TIMESTAMP)) {
        schema.shift_remove("$ref");
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("date-time"));
    }
}

/// In 3.0 everything beside a `$ref` is ignored: `allOf: [{$ref}]` keeps it.
fn nothing_beside_references(schema: &mut Map<String, Value>) {
    if schema.len() > 1
        && let Some(reference) = schema.shift_remove("$ref")
    {
        let all_of = match schema.shift_remove("allOf") {
            Some(Value::Array(mut others)) => {
                others.push(json!({ "$ref": reference }));
                Value::Array(others)
            }
            _ => json!([{ "$ref": reference }]),
        };
        schema.insert("allOf".to_owned(), all_of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(mut value: Value) -> Value {
        rewrite(&mut value);
        value
    }

    #[test]
    fn what_may_be_missing_is_not_null() {
        assert_eq!(
            rewritten(json!({ "type": ["string", "null"], "pattern": "^a" })),
            json!({ "type": "string", "pattern": "^a" })
        );
        assert_eq!(
            rewritten(
                json!({ "oneOf": [{ "$ref": "#/x", "description": "d" }, { "type": "null" }] })
            ),
            json!({ "allOf": [{ "$ref": "#/x" }], "description": "d" })
        );
    }

    #[test]
    fn what_may_be_null_says_so() {
        assert_eq!(
            rewritten(json!({ "type": ["string", "null"], "default": null })),
            json!({ "type": "string", "nullable": true })
        );
        assert_eq!(
            rewritten(json!({ "oneOf": [{ "$ref": "#/x" }, { "type": "null" }], "default": null })),
            json!({ "allOf": [{ "$ref": "#/x" }], "nullable": true })
        );
    }

    #[test]
    fn times_are_written_in_place() {
        let time = json!({ "oneOf": [{ "$ref": TIMESTAMP }, { "type": "null" }] });
        assert_eq!(
            rewritten(time),
            json!({ "type": "string", "format": "date-time" })
        );
    }

    #[test]
    fn lone_references_stay() {
        let reference = json!({ "schema": { "$ref": "#/x" } });
        assert_eq!(rewritten(reference.clone()), reference);
    }
}
