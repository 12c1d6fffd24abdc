//! A body made from a schema: every member it names, once. Steps are run over it.

use serde_json::{Map, Value, json};

use crate::compare::schemas::Typed;
use crate::document::Kind;

/// Schemas that hold themselves end here.
const MAX_DEPTH: usize = 8;

/// A value with every member that the schema names.
pub(super) fn sample(typed: Typed<'_>) -> Value {
    at(typed, 0)
}

fn at(typed: Typed<'_>, depth: usize) -> Value {
    let flat = typed.document.flat(typed.schema);
    if let Some(word) = flat.words.first() {
        return (*word).clone();
    }
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if typed.is_array() {
        return Value::Array(
            typed
                .items()
                .map(|items| at(items, depth + 1))
                .into_iter()
                .collect(),
        );
    }
    match flat.kind {
        Some(Kind::Integer) => json!(1),
        Some(Kind::Number) => json!(1.5),
        Some(Kind::Boolean) => json!(true),
        Some(Kind::String | Kind::File) => match flat.format {
            Some("date-time") => json!("2026-01-02T03:04:05Z"),
            _ => json!("text"),
        },
        Some(Kind::Object | Kind::Array) | None => {
            let members = typed.members();
            let mut object = Map::new();
            for (name, member) in members.named {
                object.insert(name.to_owned(), at(member, depth + 1));
            }
            if let (true, Some(each)) = (object.is_empty(), members.each) {
                object.insert("some key".to_owned(), at(each, depth + 1));
            }
            Value::Object(object)
        }
    }
}
