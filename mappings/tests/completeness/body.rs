//! Makes and searches JSON bodies by field paths such as `items[].image_digest`.

use serde_json::{Map, Value, json};

/// One step on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'p> {
    /// Every element of an array.
    Element,
    /// One element of an array whose elements have places of their own.
    Column(usize),
    /// A member. `*` and `{x}` stand for members whose names are data.
    Member(&'p str),
}

/// The steps of a path. A word after a column, as in `rows[][2] Trigger`, is for people.
fn parts(path: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for word in path.split('.') {
        let word = word.split(' ').next().unwrap_or(word);
        let (name, brackets) = word.split_at(word.find('[').unwrap_or(word.len()));
        if !name.is_empty() {
            parts.push(Part::Member(name));
        }
        for column in brackets.split_terminator(']') {
            let column = column.trim_start_matches('[').parse();
            parts.push(column.map_or(Part::Element, Part::Column));
        }
    }
    parts
}

/// Puts a value of this kind at this place; arrays get one element.
pub(crate) fn put(body: &mut Value, path: &str, kind: &str) {
    let mut at = body;
    for part in parts(path) {
        match part {
            Part::Element | Part::Column(_) => {
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

/// A value of a kind as the comparison writes it: `string:date-time`, `string{open|closed}`,
/// `array<object>`, `boolean|null`.
fn example(kind: &str) -> Value {
    if kind.starts_with("string:date-time") {
        return json!("2024-05-06T07:08:09Z");
    }
    if let Some(words) = kind.strip_prefix("string{") {
        return json!(words.split(['|', '}']).next());
    }
    let kind = kind.split([':', '{', '<', '|']).next().unwrap_or(kind);
    match kind {
        "integer" => json!(1),
        "number" => json!(1.5),
        "boolean" => json!(true),
        "object" => json!({}),
        "array" => json!([]),
        _ => json!("text"),
    }
}

/// Whether there is something at this place; `...` in front stands for any place.
pub(crate) fn has(body: &Value, path: &str) -> bool {
    if let Some(rest) = path.strip_prefix("...") {
        let inner = match body {
            Value::Array(elements) => elements.iter().any(|inner| has(inner, path)),
            Value::Object(members) => members.values().any(|inner| has(inner, path)),
            _ => false,
        };
        return inner || has(body, rest);
    }
    parts(path)
        .iter()
        .try_fold(body, |at, part| match part {
            Part::Element => at.get(0),
            Part::Column(column) => at.get(column),
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
        put(&mut body, path, "string");
        assert!(has(&body, path), "{path}");
    }
    assert_eq!(
        body,
        json!({"items": [{"image_digest": "text", "image_detail": [{"full_tag": "text"}]}],
               "page": "text"})
    );
    assert!(!has(&body, "items[].full_tag"));
    assert!(has(&json!([{"x": {"y": 1}}]), "[].{name}.y"));
    let table = json!([{"a": {"rows": [["x", {"by": 1}]]}}]);
    assert!(has(&table, "...rows[][1] Reason.by"));
    assert!(!has(&table, "...rows[][2] Other"));
    assert!(!has(&table, "rows[][1] Reason"));
}

#[test]
fn values_are_of_the_kind_that_is_asked_for() {
    for (kind, value) in [
        ("string", json!("text")),
        ("string{open|closed}", json!("open")),
        ("string:date-time", json!("2024-05-06T07:08:09Z")),
        ("array<object>", json!([])),
        ("boolean|null", json!(true)),
        ("object", json!({})),
    ] {
        assert_eq!(example(kind), value, "{kind}");
    }
}

#[test]
fn v2_paths_lead_into_v1_bodies() {
    assert_eq!(unwrapped("items[].x", &json!([])), "[].x");
    assert_eq!(unwrapped("x.y", &json!([])), "[].x.y");
    assert_eq!(unwrapped("[].x", &json!([])), "[].x");
    assert_eq!(unwrapped("x", &json!({})), "x");
}
