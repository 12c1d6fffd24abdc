//! Two answers to one request, compared member by member.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::volatile::{form, is_prose, is_unordered};
use crate::audit::redact;

/// How many differences are told of one exchange.
pub(super) const MAX_DIFFERENCES: usize = 20;
/// The longest value that is shown, in characters.
const MAX_VALUE: usize = 60;

/// What stands for an element of an array in a place.
const ELEMENT: &str = "[]";

/// A place where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// Names of members, which come from outside, and `[]` for elements of arrays.
    pub(super) place: Vec<String>,
    /// How, after "`place` ".
    pub(super) how: String,
}

/// How answers are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparing<'c> {
    /// The V1 operation they answer.
    pub(super) operation: &'c str,
    /// Both are errors.
    pub(super) is_error: bool,
    /// Values are shown, not names alone.
    pub(super) show_values: bool,
}

impl Comparing<'_> {
    /// Where `now` differs from what was recorded, the first places only.
    pub(super) fn differences(&self, recorded: &Value, now: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        self.value(&mut Vec::new(), None, recorded, now, &mut found);
        found
    }

    fn value(
        &self,
        place: &mut Vec<String>,
        name: Option<&str>,
        recorded: &Value,
        now: &Value,
        found: &mut Vec<Difference>,
    ) {
        if found.len() >= MAX_DIFFERENCES || is_alike(name, recorded, now) {
            return;
        }
        match (recorded, now) {
            (Value::Object(recorded), Value::Object(now)) => {
                self.object(place, recorded, now, found);
            }
            (Value::Array(recorded), Value::Array(now)) => {
                self.array(place, recorded, now, found);
            }
            _ if is_same(recorded, now) => {}
            _ => {
                let how = if self.show_values {
                    format!("is {}, was {}", shown(now), shown(recorded))
                } else if kind(recorded) == kind(now) {
                    "has another value".to_owned()
                } else {
                    format!("is {}, was {}", kind(now), kind(recorded))
                };
                found.push(Difference {
                    place: place.clone(),
                    how,
                });
            }
        }
    }

    fn object(
        &self,
        place: &mut Vec<String>,
        recorded: &Map<String, Value>,
        now: &Map<String, Value>,
        found: &mut Vec<Difference>,
    ) {
        let is_root = place.is_empty();
        let counts = |name: &str| !(self.is_error && is_root && is_prose(name));
        for (name, value) in recorded.iter().filter(|(name, _)| counts(name)) {
            place.push(name.clone());
            match now.get(name) {
                Some(now) => self.value(place, Some(name), value, now, found),
                None => found.push(Difference {
                    place: place.clone(),
                    how: "is missing".to_owned(),
                }),
            }
            place.pop();
        }
        for name in now.keys().filter(|name| counts(name)) {
            if !recorded.contains_key(name) {
                let mut place = place.clone();
                place.push(name.clone());
                found.push(Difference {
                    place,
                    how: "is new".to_owned(),
                });
            }
        }
    }

    fn array(
        &self,
        place: &mut Vec<String>,
        recorded: &[Value],
        now: &[Value],
        found: &mut Vec<Difference>,
    ) {
        let (recorded, now): (Vec<&Value>, Vec<&Value>) =
            if is_unordered(self.operation, &written(place, |_| true)) {
                without_equals(recorded, now)
            } else {
                (recorded.iter().collect(), now.iter().collect())
            };
        place.push(ELEMENT.to_owned());
        for (recorded, now) in recorded.iter().zip(&now) {
            self.value(place, None, recorded, now, found);
        }
        place.pop();
        let (more, fewer) = (now.len(), recorded.len());
        if more != fewer {
            let (count, word) = if more > fewer {
                (more - fewer, "more")
            } else {
                (fewer - more, "fewer")
            };
            let unit = if count == 1 { "element" } else { "elements" };
            found.push(Difference {
                place: place.clone(),
                how: format!("has {count} {unit} {word}"),
            });
        }
    }
}

/// `$.results[].level`, with `?` for names that nobody `knows`.
pub(super) fn written(place: &[String], knows: impl Fn(&str) -> bool) -> String {
    let parts = place.iter().map(|part| match part.as_str() {
        ELEMENT => ELEMENT.to_owned(),
        name if knows(name) => format!(".{name}"),
        _ => ".?".to_owned(),
    });
    format!("${}", parts.collect::<String>())
}

/// Whether a volatile member is of its form in both.
fn is_alike(name: Option<&str>, recorded: &Value, now: &Value) -> bool {
    name.and_then(form)
        .is_some_and(|form| form.fits(recorded) && form.fits(now))
}

/// Equal values; numbers by what they are worth, however they are written.
fn is_same(recorded: &Value, now: &Value) -> bool {
    match (recorded, now) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// What is left of two arrays when equal elements are taken out in pairs.
fn without_equals<'a>(recorded: &'a [Value], now: &'a [Value]) -> (Vec<&'a Value>, Vec<&'a Value>) {
    let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, value) in recorded.iter().enumerate().rev() {
        known.entry(canonical(None, value)).or_default().push(at);
    }
    let mut new = Vec::new();
    for value in now {
        if known
            .get_mut(&canonical(None, value))
            .and_then(Vec::pop)
            .is_none()
        {
            new.push(value);
        }
    }
    let mut left: Vec<usize> = known.into_values().flatten().collect();
    left.sort_unstable();
    (left.into_iter().map(|at| &recorded[at]).collect(), new)
}

/// A text that is the same for values that count as equal.
fn canonical(name: Option<&str>, value: &Value) -> String {
    if let Some(form) = name.and_then(form).filter(|form| form.fits(value)) {
        return format!("<{form:?}>");
    }
    match value {
        Value::Object(members) => {
            let mut texts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", canonical(Some(name), value)))
                .collect();
            texts.sort();
            format!("{{{}}}", texts.join(","))
        }
        Value::Array(elements) => {
            let texts: Vec<String> = elements.iter().map(|e| canonical(None, e)).collect();
            format!("[{}]", texts.join(","))
        }
        Value::Number(number) => match number.as_f64() {
            Some(worth) => worth.to_string(),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value, bounded, without what looks like a credential.
fn shown(value: &Value) -> String {
    let text = redact::text(value.to_string().as_bytes());
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(operation: &str, recorded: &Value, now: &Value) -> Vec<String> {
        let comparing = Comparing {
            operation,
            is_error: false,
            show_values: false,
        };
        let differences = comparing.differences(recorded, now);
        let place = |d: &Difference| written(&d.place, |name| name != "gone");
        let texts = differences
            .iter()
            .map(|d| format!("{} {}", place(d), d.how));
        texts.collect()
    }

    #[test]
    fn what_is_volatile_does_not_count_as_long_as_it_is_of_its_form() {
        let recorded =
            json!([{"created_at": "2021-01-01T00:00:00Z", "analyzed_at": null, "tag": "a"}]);
        let now = json!([{"created_at": "2026-01-01T00:00:00Z", "analyzed_at": null, "tag": "a"}]);
        assert_eq!(told("get_image", &recorded, &now), [""; 0]);
        let analyzed =
            json!([{"created_at": "soon", "analyzed_at": "2026-01-01T00:00:00Z", "tag": "a"}]);
        assert_eq!(
            told("get_image", &recorded, &analyzed),
            [
                "$[].created_at has another value",
                "$[].analyzed_at is text, was null"
            ]
        );
    }

    #[test]
    fn every_place_that_differs_is_told_without_its_value() {
        let recorded = json!({"a": 1, "b": {"c": [1, 2]}, "gone": true, "same": 1.0});
        let now = json!({"a": 2, "b": {"c": [1]}, "come": true, "same": 1});
        assert_eq!(
            told("get_image", &recorded, &now),
            [
                "$.a has another value",
                "$.b.c has 1 element fewer",
                "$.? is missing",
                "$.come is new"
            ]
        );
    }

    #[test]
    fn order_counts_except_where_it_means_nothing() {
        let recorded = json!([{"id": 1, "created_at": 5}, {"id": 2, "created_at": 5}]);
        let now = json!([{"created_at": 7, "id": 2}, {"id": 1, "created_at": 6}, {"id": 3}]);
        assert_eq!(
            told("list_images", &recorded, &now),
            ["$ has 1 element more"]
        );
        assert_eq!(told("get_image", &recorded, &now).len(), 3);
    }

    #[test]
    fn errors_are_compared_without_their_prose() {
        let comparing = Comparing {
            operation: "get_image",
            is_error: true,
            show_values: true,
        };
        let recorded = json!({"message": "no such image", "httpcode": 404, "detail": {}});
        let now = json!({"message": "image not found", "httpcode": 404, "detail": {"a": 1}});
        assert_eq!(comparing.differences(&recorded, &now), []);
        let now = json!({"message": "x", "httpcode": "404"});
        let found = comparing.differences(&recorded, &now);
        assert_eq!(found[0].how, "is \"404\", was 404");
    }
}
