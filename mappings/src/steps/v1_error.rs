//! Error bodies: V1 clients read the status as `httpcode` from the body.
//!
//! Servers of both generations send `{"message", "httpcode", "detail"}`; the V2 specification
//! says `code`. Bodies of problems (`application/problem+json`) are the same in both and stay.

use serde_json::Value;
use windlass_transforms::step::Step;

/// Adds `httpcode` to errors that have `code` only.
pub(super) const STEP: Step = Step {
    name: "v1_error",
    reason: "adds `httpcode`, but only to errors that have `code` alone",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(with_httpcode(value))),
};

/// Errors of any status as V1's 500.
pub(super) const AS_500: Step = Step {
    name: "v1_error_500",
    reason: "the status inside the body must say the status that V1 servers sent",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(as_500(value))),
};

/// The error with `httpcode`.
pub(super) fn with_httpcode(mut value: Value) -> Value {
    if let Value::Object(error) = &mut value
        && !error.contains_key("httpcode")
        && let Some(code @ Value::Number(_)) = error.get("code").cloned()
    {
        error.insert("httpcode".to_owned(), code);
    }
    value
}

fn as_500(value: Value) -> Value {
    let mut value = with_httpcode(value);
    if let Value::Object(error) = &mut value {
        for name in ["httpcode", "code", "status"] {
            if let Some(status @ Value::Number(_)) = error.get_mut(name) {
                *status = Value::from(500);
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use windlass_transforms::step::StepContext;

    use super::*;

    fn run(step: &Step, value: Value) -> Value {
        let run = step.v2_to_v1.expect("the step is for answers");
        run(value, &StepContext::default()).expect("any JSON is an error body")
    }

    #[test]
    fn httpcode_is_added_where_only_code_is() {
        let v2 = json!({"code": 404, "error_type": "NotFound", "message": "no", "detail": {}});
        assert_eq!(
            run(&STEP, v2),
            json!({"code": 404, "error_type": "NotFound", "message": "no", "detail": {}, "httpcode": 404})
        );
    }

    #[test]
    fn other_bodies_stay_as_they_are() {
        for same in [
            json!({"message": "no", "httpcode": 404, "detail": {"error_codes": []}}),
            json!({"code": 400, "httpcode": 404}),
            json!({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "x"}),
            json!({"code": "E17"}),
            json!({"error": "invalid_token"}),
            json!("internal error"),
            json!(null),
        ] {
            assert_eq!(run(&STEP, same.clone()), same);
        }
    }

    #[test]
    fn a_500_says_so_inside() {
        assert_eq!(
            run(
                &AS_500,
                json!({"code": 409, "message": "m", "httpcode": 409})
            ),
            json!({"code": 500, "message": "m", "httpcode": 500})
        );
        assert_eq!(
            run(&AS_500, json!({"code": 409, "message": "m"})),
            json!({"code": 500, "message": "m", "httpcode": 500})
        );
        assert_eq!(
            run(&AS_500, json!({"title": "Conflict", "status": 409})),
            json!({"title": "Conflict", "status": 500})
        );
        assert_eq!(run(&AS_500, json!("no")), json!("no"));
    }
}
