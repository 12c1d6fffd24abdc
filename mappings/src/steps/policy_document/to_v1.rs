//! V2 → V1: renames, and writes again under the second name what V1 had under two.

use serde_json::{Map, Value};
use windlass_transforms::step::StepError;

use super::super::Direction;
use super::shapes::{Besides, Holds, Shape};
use super::words;

/// Rewrites an object of a shape. Members that V2 does not define in the version we know stay:
/// V1 documents are open. Null stays null.
///
/// # Errors
/// [`StepError::Unexpected`] when an object or list is something else.
pub(in crate::steps) fn rewrite(value: Value, shape: &'static Shape) -> Result<Value, StepError> {
    let v2 = match value {
        Value::Null => return Ok(Value::Null),
        Value::Object(v2) => v2,
        _ => return Err(unexpected(shape.name, "an object")),
    };
    let mut v1 = Map::new();
    for (name, value) in v2 {
        let Some(member) = shape.members.iter().find(|m| m.v2 == name) else {
            v1.insert(name, value);
            continue;
        };
        let value = match member.holds {
            Holds::Anything => value,
            Holds::Version => version(value),
            Holds::One(shape) => rewrite(value, shape)?,
            Holds::Many(shape) => list(value, shape)?,
        };
        v1.insert(member.v1.to_owned(), value);
    }
    match shape.besides {
        Besides::Nothing => {}
        Besides::Rule => words::rule(&mut v1, Direction::ToV1),
        // Servers before 4.8 knew `comment` only, and so do their clients.
        Besides::Document => {
            if let Some(description) = v1.get("description").cloned() {
                v1.insert("comment".to_owned(), description);
            }
        }
        // The stock V1 policy and clients of its time use `policy_id`.
        Besides::Mapping => {
            if let Some([single]) = v1
                .get("policy_ids")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                v1.insert("policy_id".to_owned(), single.clone());
            }
        }
    }
    Ok(Value::Object(v1))
}

fn list(value: Value, shape: &'static Shape) -> Result<Value, StepError> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(elements) => elements
            .into_iter()
            .map(|element| rewrite(element, shape))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array),
        _ => Err(unexpected(shape.name, "a list")),
    }
}

fn version(value: Value) -> Value {
    if value == "2" {
        Value::from("1_0")
    } else {
        value
    }
}

fn unexpected(shape: &str, expected: &str) -> StepError {
    StepError::Unexpected(format!(
        "the policy document has something else than {expected} for `{shape}`"
    ))
}
