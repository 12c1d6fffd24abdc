//! Are two JSON values the same facts under different names?

use serde_json::Value;

/// What `value` is when members go by other names. Each difference is a path and the new name of
/// its last member, `-` for a member that is not there: `("image_detail/*/full_tag", "fulltag")`.
/// `*` is every element of an array or every value of an object. A top-level array stands for
/// its elements.
///
/// # Panics
/// When a difference matches no member, because then it says nothing.
#[track_caller]
pub fn told_as(value: &Value, differences: &[(&str, &str)]) -> Value {
    let mut told = value.clone();
    for (path, name) in differences {
        let steps: Vec<&str> = path.split('/').collect();
        let applied = match &mut told {
            Value::Array(elements) => elements
                .iter_mut()
                .map(|element| rename(element, &steps, name))
                .sum(),
            other => rename(other, &steps, name),
        };
        assert!(applied > 0, "no `{path}` in {value}");
    }
    told
}

fn rename(value: &mut Value, path: &[&str], name: &str) -> usize {
    match (path, value) {
        ([last], Value::Object(members)) => {
            let Some(member) = members.shift_remove(*last) else {
                return 0;
            };
            if name != "-" {
                members.insert(name.to_owned(), member);
            }
            1
        }
        (["*", rest @ ..], Value::Array(elements)) => elements
            .iter_mut()
            .map(|element| rename(element, rest, name))
            .sum(),
        (["*", rest @ ..], Value::Object(members)) => members
            .values_mut()
            .map(|member| rename(member, rest, name))
            .sum(),
        ([first, rest @ ..], Value::Object(members)) => members
            .get_mut(*first)
            .map_or(0, |member| rename(member, rest, name)),
        _ => 0,
    }
}

/// The names of an object's members, sorted.
#[track_caller]
pub fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value
        .as_object()
        .unwrap_or_else(|| panic!("an object is expected: {value}"))
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// One member of each element.
#[track_caller]
pub fn each<'v>(list: &'v Value, member: &str) -> Vec<&'v str> {
    list.as_array()
        .unwrap_or_else(|| panic!("an array is expected: {list}"))
        .iter()
        .map(|element| {
            element[member]
                .as_str()
                .unwrap_or_else(|| panic!("no text `{member}` in {element}"))
        })
        .collect()
}

/// Expects the same JSON, and says where it differs.
#[track_caller]
pub fn assert_same(got: &Value, expected: &Value) {
    let mut differences = Vec::new();
    compare("", got, expected, &mut differences);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn compare(place: &str, got: &Value, expected: &Value, differences: &mut Vec<String>) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (name, value) in got {
                let place = format!("{place}/{name}");
                match expected.get(name) {
                    Some(expected) => compare(&place, value, expected, differences),
                    None => differences.push(format!("{place}: {value} is not expected")),
                }
            }
            let missing = expected.iter().filter(|(name, _)| !got.contains_key(*name));
            differences
                .extend(missing.map(|(name, value)| format!("{place}/{name}: {value} is missing")));
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                compare(&format!("{place}/{at}"), got, expected, differences);
            }
        }
        _ if got == expected => {}
        _ => differences.push(format!("{place}: got {got}, expected {expected}")),
    }
}
