//! Makes and searches JSON bodies by field paths such as `items[].image_digest`.

use serde_json::{Map, Value, json};

/// One step on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'p> {
    /// Every element of an array.
    Element,
    /// A member. `*` and `{x}` stand for members whose names are data.
    Member(&'p str),
}

fn parts(path: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for word in path.split('.') {
        let name = word.trim_end_matches("[]");
        if !name.is_empty() {
            parts.push(Part::Member(name));
        }
        let elements = (word.len() - name.len()) / 2;
        parts.extend(std::iter::repeat_n(Part::Element, elements));
    }
    parts
}

/// Puts a value of this kind at this place; arrays get one element.
pub(crate) fn put(body: &mut Value, path: &str, kind: &str) {
    let mut at = body;
    for part in parts(path) {
        match part {
            Part::Element => {
                if !at.is_array() {
                    *at = json!([]);
                }
                let array = at.as_array_mut().expect("it was made one");
                if array.is_empty() {
                    array.push(Value::Null);
                }
                at = &mut array[0];
            }
            Part::Member(name) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                let object = at.as_object_mut().expect("it was made one");
                at = object.entry(name).or_insert(Value::Null);
            }
        }
    }
    if at.is_null() {
        *at = example(kind);
    }
}

fn example(kind: &str) -> Value {
    let kind = kind.split([':', '{', '<']).next().unwrap_or(kind);
    match kind {
        "integer" => json!(1),
        "number" => json!(1.5),
        "boolean" => json!(true),
        "object" => json!({}),
        "array" => json!([]),
        _ => json!("text"),
    }
}

/// Whether there is something at this place.
pub(crate) fn has(body: &Value, path: &str) -> bool {
    parts(path)
        .iter()
        .try_fold(body, |at, part| match part {
            Part::Element => at.get(0),
            Part::Member(name) if *name == "*" || name.starts_with('{') => {
                at.as_object().and_then(|object| object.values().next())
            }
            Part::Member(name) => at.get(name),
        })
        .is_some()
}

/// Where a V2 path would lead in a V1 body that lost the `items` around its elements, or
/// gained an array of one.
pub(crate) fn unwrapped(path: &str, v1: &Value) -> String {
    if !v1.is_array() || path.starts_with("[]") {
        path.to_owned()
    } else if let Some(rest) = path.strip_prefix("items[]") {
        format!("[]{rest}")
    } else {
        format!("[].{path}")
    }
}

#[test]
fn what_is_put_is_found() {
    let mut body = Value::Null;
    for path in [
        "items[].image_digest",
        "items[].image_detail[].full_tag",
        "page",
    ] {
        put(&mut body, path, "string:date-time");
        assert!(has(&body, path), "{path}");
    }
    assert_eq!(
        body,
        json!({"items": [{"image_digest": "text", "image_detail": [{"full_tag": "text"}]}],
               "page": "text"})
    );
    assert!(!has(&body, "items[].full_tag"));
    assert!(has(&json!([{"x": {"y": 1}}]), "[].{name}.y"));
}

#[test]
fn v2_paths_lead_into_v1_bodies() {
    assert_eq!(unwrapped("items[].x", &json!([])), "[].x");
    assert_eq!(unwrapped("x.y", &json!([])), "[].x.y");
    assert_eq!(unwrapped("[].x", &json!([])), "[].x");
    assert_eq!(unwrapped("x", &json!({})), "x");
}
