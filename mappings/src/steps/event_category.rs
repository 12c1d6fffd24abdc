//! The name of a category of event types: V1 servers wrote `name`.

use serde_json::Value;
use windlass_transforms::step::Step;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "event_category",
    reason: "V2 servers name the member `category` or `name`; only where the first stands it is renamed",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(named(value))),
};

/// Renames `category` in each category that has no `name`. The member stays where it stood.
fn named(mut categories: Value) -> Value {
    for category in categories.as_array_mut().into_iter().flatten() {
        if let Value::Object(members) = category
            && !members.contains_key("name")
        {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "category" => ("name".to_owned(), value),
                    _ => (name, value),
                })
                .collect();
        }
    }
    categories
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rewritten(categories: Value) -> String {
        named(categories).to_string()
    }

    #[test]
    fn a_category_gets_its_v1_name_in_place() {
        assert_eq!(
            rewritten(json!([{"id": 1, "category": "user", "subcategories": [{"category": 2}]}])),
            r#"[{"id":1,"name":"user","subcategories":[{"category":2}]}]"#
        );
    }

    #[test]
    fn a_name_that_is_there_stays() {
        for same in [
            r#"[{"name":"user","category":"x"}]"#,
            r#"[{"name":"user"},7]"#,
            r#"{"category":"user"}"#,
            "null",
        ] {
            let value = serde_json::from_str(same).unwrap();
            assert_eq!(rewritten(value), same);
        }
    }
}
