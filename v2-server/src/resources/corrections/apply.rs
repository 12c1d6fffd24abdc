//! Applying corrections to packages.

use serde_json::{Map, Value};

use super::store;
use super::types::{Correction, CorrectionFieldMatch};
use crate::store::{Result, Transaction};

/// The corrections of an account for packages of one type, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corrections(Vec<Correction>);

impl Corrections {
    /// Reads the corrections of an account for a content type.
    pub(crate) fn load(
        tx: &mut Transaction<'_>,
        account: &str,
        content_type: &str,
    ) -> Result<Self> {
        store::of_type(tx, account, content_type).map(Self)
    }

    /// Applies all corrections to one package, as content listings show it.
    pub(crate) fn apply(&self, package: &mut Map<String, Value>) {
        for correction in &self.0 {
            let conditions = correction
                .matches
                .field_matches
                .as_deref()
                .unwrap_or_default();
            if conditions.iter().all(|condition| holds(condition, package)) {
                replace(package, &correction.replace, conditions);
            }
        }
    }

    /// Applies all corrections to rows of a content listing: JSON objects joined by commas.
    ///
    /// # Errors
    /// The rows are no JSON objects.
    pub(crate) fn apply_to_rows(&self, rows: String) -> serde_json::Result<String> {
        if self.0.is_empty() {
            return Ok(rows);
        }
        let packages: Vec<Map<String, Value>> = serde_json::from_str(&format!("[{rows}]"))?;
        let rows: Vec<String> = packages
            .into_iter()
            .map(|mut package| {
                self.apply(&mut package);
                serde_json::to_string(&package)
            })
            .collect::<serde_json::Result<_>>()?;
        Ok(rows.join(","))
    }
}

/// A value as a text, as conditions compare it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn holds(condition: &CorrectionFieldMatch, package: &Map<String, Value>) -> bool {
    match package.get(&condition.field_name) {
        None => false,
        Some(Value::Array(elements)) => elements
            .iter()
            .any(|element| text(element) == condition.field_value),
        Some(value) => text(value) == condition.field_value,
    }
}

fn replace(
    package: &mut Map<String, Value>,
    replacements: &[CorrectionFieldMatch],
    conditions: &[CorrectionFieldMatch],
) {
    let before = package.clone();
    for replacement in replacements {
        let name = &replacement.field_name;
        let value = filled(&replacement.field_value, &before);
        let Some(Value::Array(elements)) = package.get_mut(name) else {
            package.insert(name.clone(), Value::String(value));
            continue;
        };
        let named: Vec<&str> = conditions
            .iter()
            .filter(|condition| condition.field_name == *name)
            .map(|condition| condition.field_value.as_str())
            .collect();
        if named.is_empty() {
            *elements = vec![Value::String(value)];
            continue;
        }
        for element in elements.iter_mut() {
            if named.contains(&text(element).as_str()) {
                *element = Value::String(value.clone());
            }
        }
        // Two elements may have become the same.
        let mut kept: Vec<Value> = Vec::with_capacity(elements.len());
        for element in elements.drain(..) {
            if !kept.contains(&element) {
                kept.push(element);
            }
        }
        *elements = kept;
    }
}

/// The template with `{field}` replaced by fields of the package.
fn filled(template: &str, package: &Map<String, Value>) -> String {
    let mut text_so_far = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text_so_far.push_str(before);
        match after.split_once('}') {
            Some((name, behind)) if package.contains_key(name) => {
                text_so_far.push_str(&text(&package[name]));
                rest = behind;
            }
            _ => {
                text_so_far.push('{');
                rest = after;
            }
        }
    }
    text_so_far.push_str(rest);
    text_so_far
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn corrected(package: &Value, correction: &Value) -> Value {
        let corrections = Corrections(vec![serde_json::from_value(correction.clone()).unwrap()]);
        let rows = corrections.apply_to_rows(package.to_string()).unwrap();
        serde_json::from_str(&rows).unwrap()
    }

    fn field(name: &str, value: &str) -> Value {
        json!({ "field_name": name, "field_value": value })
    }

    fn correction(conditions: &Value, replacements: &Value) -> Value {
        json!({
            "type": "package", "match": { "type": "java", "field_matches": conditions }, "replace": replacements,
        })
    }

    #[test]
    fn all_conditions_must_hold() {
        let package = json!({ "package": "a", "version": "1" });
        let replacement = json!([field("version", "2")]);
        for (conditions, version) in [
            (json!([field("package", "a")]), "2"),
            (json!([]), "2"),
            (json!(null), "2"),
            (json!([field("package", "a"), field("version", "1")]), "2"),
            (json!([field("package", "a"), field("version", "9")]), "1"),
            (json!([field("nosuch", "a")]), "1"),
        ] {
            let corrected = corrected(&package, &correction(&conditions, &replacement));
            assert_eq!(corrected["version"], version, "{conditions}");
        }
    }

    #[test]
    fn only_the_named_elements_of_a_list_are_exchanged() {
        let package = json!({ "package": "a", "cpes": ["cpe:x", "cpe:y", "cpe:z"] });
        let named = correction(
            &json!([field("cpes", "cpe:y")]),
            &json!([field("cpes", "cpe:z")]),
        );
        assert_eq!(
            corrected(&package, &named)["cpes"],
            json!(["cpe:x", "cpe:z"])
        );
        let all = correction(
            &json!([field("package", "a")]),
            &json!([field("cpes", "cpe:n")]),
        );
        assert_eq!(corrected(&package, &all)["cpes"], json!(["cpe:n"]));
    }

    #[test]
    fn fields_can_be_made_of_others() {
        let package = json!({ "package": "a", "implementation-version": "1.2", "size": 7 });
        let made = correction(
            &json!([]),
            &json!([
                field("cpe", "cpe:{package}:{implementation-version}:{nosuch}{"),
                field("package", "{package}-{size}"),
            ]),
        );
        let corrected = corrected(&package, &made);
        assert_eq!(corrected["cpe"], "cpe:a:1.2:{nosuch}{");
        assert_eq!(corrected["package"], "a-7");
    }

    #[test]
    fn rows_stay_in_their_order() {
        let corrections = Corrections(vec![
            serde_json::from_value(correction(
                &json!([field("a", "1")]),
                &json!([field("b", "2")]),
            ))
            .unwrap(),
        ]);
        let rows = r#"{"a":"1","c":1.0},{"a":"2","c":2.50}"#.to_owned();
        assert_eq!(
            corrections.apply_to_rows(rows.clone()).unwrap(),
            r#"{"a":"1","c":1.0,"b":"2"},{"a":"2","c":2.50}"#
        );
        assert_eq!(
            Corrections::default().apply_to_rows(rows.clone()).unwrap(),
            rows
        );
    }
}
