//! What differs between a recorded answer and ours, in short sentences that are stable from
//! run to run.

use serde_json::{Map, Value};

use super::tour::{Answer, Recording};

/// Members whose value matters, not only its form.
const EXACT: [&str; 14] = [
    "active",
    "analysis_status",
    "error_codes",
    "final_action",
    "final_action_reason",
    "header",
    "httpcode",
    "image_status",
    "imageDigest",
    "imageId",
    "policyId",
    "row_count",
    "severity",
    "subscription_type",
];

/// Members that name an element of a list, so that like is compared with like.
const NAMES: [&str; 10] = [
    "vuln",
    "package",
    "package_name",
    "subscription_key",
    "subscription_type",
    "policyId",
    "username",
    "name",
    "fulltag",
    "imageDigest",
];

/// Everything that differs, sorted, each once.
pub(super) fn differences(recording: &Recording, answer: &Answer) -> Vec<String> {
    let theirs = &recording.response;
    let mut found = Vec::new();
    if theirs.status != answer.status {
        found.push(format!(
            "status {} instead of {}",
            answer.status, theirs.status
        ));
    }
    for name in ["content-type", "www-authenticate"] {
        // The type of no body is nothing that clients read.
        if name == "content-type" && theirs.body == "" && answer.body == "" {
            continue;
        }
        let (Some(recorded), ours) = (first_part(theirs, name), first_part(answer, name)) else {
            continue;
        };
        if ours.as_ref() != Some(&recorded) {
            let ours = ours.unwrap_or("absent".to_owned());
            found.push(format!("{name} {ours} instead of {recorded}"));
        }
    }
    values("$", &theirs.body, &answer.body, &mut found);
    found.sort();
    found.dedup();
    found
}

/// A header without its parameters.
fn first_part(answer: &Answer, name: &str) -> Option<String> {
    let value = answer.headers.get(name)?;
    Some(
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    )
}

fn values(place: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => objects(place, theirs, ours, found),
        (Value::Array(theirs), Value::Array(ours)) => lists(place, theirs, ours, found),
        (Value::String(text), Value::Object(_)) if is_left_out(text) => {}
        _ => {
            let (theirs, ours) = (form(theirs), form(ours));
            if theirs != ours {
                found.push(format!("{place} is {ours} instead of {theirs}"));
            }
        }
    }
}

/// Long maps are replaced by their size in the recordings.
fn is_left_out(text: &str) -> bool {
    text.starts_with('<') && text.ends_with(" entries left out>")
}

fn objects(
    place: &str,
    theirs: &Map<String, Value>,
    ours: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    let made_of_data = theirs
        .keys()
        .any(|key| key.starts_with("sha256:") || key.contains('/') || key.len() == 64);
    if made_of_data {
        if theirs.keys().ne(ours.keys()) {
            found.push(format!("{place} has other keys"));
        }
        if let (Some(theirs), Some(ours)) = (theirs.values().next(), ours.values().next()) {
            values(&format!("{place}.*"), theirs, ours, found);
        }
        return;
    }
    for key in theirs.keys().filter(|key| !ours.contains_key(*key)) {
        found.push(format!("{place}.{key} is missing"));
    }
    for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
        found.push(format!("{place}.{key} is not in V1"));
    }
    for (key, value) in theirs {
        let Some(our_value) = ours.get(key) else {
            continue;
        };
        // What an event tells besides depends on its type.
        if key == "details" && theirs.get("type") != ours.get("type") {
            continue;
        }
        let place = format!("{place}.{key}");
        if EXACT.contains(&key.as_str()) && form(value) == form(our_value) && value != our_value {
            found.push(format!("{place} is {our_value} instead of {value}"));
        } else {
            values(&place, value, our_value, found);
        }
    }
}

fn lists(place: &str, theirs: &[Value], ours: &[Value], found: &mut Vec<String>) {
    match (theirs.is_empty(), ours.is_empty()) {
        (true, true) => return,
        (true, false) => return found.push(format!("{place} has elements")),
        (false, true) => return found.push(format!("{place} is empty")),
        (false, false) => {}
    }
    if theirs.len() != ours.len() {
        found.push(format!(
            "{place} has {} elements instead of {}",
            ours.len(),
            theirs.len()
        ));
    }
    let place = format!("{place}[]");
    if !theirs.iter().chain(ours).any(is_named) && theirs.len() == ours.len() {
        for (theirs, ours) in theirs.iter().zip(ours) {
            values(&place, theirs, ours, found);
        }
        return;
    }
    // The order of most lists is the server's own.
    let mut left: Vec<&Value> = ours.iter().collect();
    let mut pairs = Vec::new();
    for element in theirs {
        if let Some(at) = left.iter().position(|ours| name(ours) == name(element)) {
            pairs.push((element, left.remove(at)));
        }
    }
    if pairs.is_empty() {
        pairs.push((&theirs[0], &ours[0]));
    }
    for (theirs, ours) in pairs {
        values(&place, theirs, ours, found);
    }
}

fn is_named(element: &Value) -> bool {
    element.is_object() || element.is_array()
}

/// What an element of a list is called; nothing for plain values.
fn name(element: &Value) -> Vec<&Value> {
    // Events have their type one level below; rows of a check have the trigger's id third.
    let event = element.get("event").and_then(|event| event.get("type"));
    NAMES
        .iter()
        .filter_map(|name| element.get(*name))
        .chain(event)
        .chain(element.get(2))
        .collect()
}

/// The form of a value: what a client's decoder depends on.
fn form(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "a whole number",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
        Value::String(text) => match text.as_str() {
            "" => "an empty text",
            "None" => "the text None",
            text if is_time(text) && text.ends_with('Z') => "a time in UTC",
            text if is_time(text) => "a time without Z",
            _ => "a text",
        },
    }
}

fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape.starts_with("0000-00-00T00:00:00")
}
