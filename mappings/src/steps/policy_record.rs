//! The body of a policy update: V1 clients sent parts of a record, V2 wants a whole one.

use serde_json::{Map, Value};
use windlass_transforms::step::{Step, StepContext, StepError};

/// See the module.
pub(super) const STEP: Step = Step {
    name: "policy_record",
    reason: "fills the members V2 requires from the path, the query, the document and the record V2 holds",
    renames: &[],
    v1_to_v2: Some(v1_to_v2),
    v2_to_v1: None,
};

/// A whole V2 record. Runs after the shape's renames.
///
/// - `policy_id` is the one of the path; another one in the body was a 500 on V1 servers.
/// - `active` is false when missing; `?active=true` overrides it.
/// - `name` was not stored by V1 servers but read from the document, and so it is here.
/// - The rest is what V2 holds (look-up `current`).
///
/// # Errors
/// See above, and 400 for a body that is no object.
fn v1_to_v2(value: Value, context: &StepContext) -> Result<Value, StepError> {
    let Value::Object(mut record) = value else {
        return Err(StepError::Malformed(
            "the body is not of type 'object'".to_owned(),
        ));
    };
    let in_route = text(&context.path, "policyId").unwrap_or_default();
    match record.get("policy_id") {
        Some(Value::String(in_body)) if in_body != in_route => {
            return Err(StepError::refused(
                500,
                format!(
                    "policyId in route is different from policyId in payload: {in_route} != {in_body}"
                ),
            ));
        }
        // Another type is left for V2 to refuse.
        Some(_) => {}
        None => set(&mut record, "policy_id", in_route),
    }
    let asked = text(&context.query, "active");
    if asked.is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        record.insert("active".to_owned(), Value::Bool(true));
    } else if !record.contains_key("active") {
        record.insert("active".to_owned(), Value::Bool(false));
    }
    let name = record
        .get("policy")
        .and_then(|policy| policy.get("name")?.as_str())
        .map(str::to_owned);
    if let Some(name) = name {
        set(&mut record, "name", &name);
    }
    for (member, otherwise) in [
        ("name", in_route),
        ("account_name", ""),
        ("policy_source", "local"),
    ] {
        if !record.contains_key(member) {
            let held = text(&context.looked_up, member).filter(|held| !held.is_empty());
            set(&mut record, member, held.unwrap_or(otherwise));
        }
    }
    Ok(Value::Object(record))
}

fn text<'a>(values: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str)
}

fn set(record: &mut Map<String, Value>, name: &str, value: &str) {
    record.insert(name.to_owned(), Value::from(value));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(query: Value) -> StepContext {
        let map = |value: Value| value.as_object().expect("an object").clone();
        StepContext {
            path: map(json!({"policyId": "p1"})),
            query: map(query),
            looked_up: map(
                json!({"name": "Held", "account_name": "team", "policy_source": "true"}),
            ),
            ..StepContext::default()
        }
    }

    fn rewritten(body: Value) -> Result<Value, StepError> {
        v1_to_v2(body, &context(json!({})))
    }

    #[test]
    fn a_part_of_a_record_becomes_a_whole_one() {
        assert_eq!(
            rewritten(json!({"policy": {"id": "p1", "name": "Edited"}})),
            Ok(
                json!({"policy": {"id": "p1", "name": "Edited"}, "policy_id": "p1", "active": false,
                "name": "Edited", "account_name": "team", "policy_source": "true"})
            )
        );
        assert_eq!(
            rewritten(json!({"active": true})),
            Ok(json!({"active": true, "policy_id": "p1",
                "name": "Held", "account_name": "team", "policy_source": "true"}))
        );
    }

    #[test]
    fn the_record_is_named_by_its_document() {
        let v2 = rewritten(json!({"name": "Stale", "policy": {"name": "Edited"}})).unwrap();
        assert_eq!(v2["name"], json!("Edited"));
    }

    #[test]
    fn a_query_for_true_overrides_the_body() {
        let active =
            |query: Value, body: Value| v1_to_v2(body, &context(query)).unwrap()["active"].clone();
        assert_eq!(
            active(json!({"active": "True"}), json!({"active": false})),
            json!(true)
        );
        assert_eq!(
            active(json!({"active": "false"}), json!({"active": true})),
            json!(true)
        );
        assert_eq!(active(json!({"active": "false"}), json!({})), json!(false));
    }

    #[test]
    fn another_id_than_the_routes_is_refused_as_v1_did() {
        assert_eq!(
            rewritten(json!({"policy_id": "p2"})),
            Err(StepError::refused(
                500,
                "policyId in route is different from policyId in payload: p1 != p2"
            ))
        );
    }

    #[test]
    fn bodies_of_other_types_are_refused() {
        assert!(matches!(rewritten(json!([])), Err(StepError::Malformed(_))));
    }
}
