//! The 404 of content and metadata: V1 servers passed on the error of an inner service, as
//! JSON text in the message of a 500.

use serde_json::{Value, json};
use windlass_transforms::step::Step;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "nested_error",
    reason: "writes the V2 error as JSON text into the message of another error",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(nested(&value))),
};

/// The V2 error inside the message of a 500. An unknown content type was V1's own error and
/// stands in the message as it is.
fn nested(value: &Value) -> Value {
    let text = |name: &str| match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let message = match text("message") {
        // A problem, which has a title in its place.
        empty if empty.is_empty() => text("title"),
        message => message,
    };
    let message = if message.starts_with("content type (") {
        message
    } else {
        json!({"message": message, "detail": text("detail"), "httpcode": 404}).to_string()
    };
    json!({"message": message, "httpcode": 500, "detail": {"error_codes": []}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_v2_error_is_text_in_the_message() {
        let v1 = nested(
            &json!({"message": "image not found in DB", "httpcode": 404, "detail": {"error_codes": []}}),
        );
        assert_eq!(v1["httpcode"], json!(500));
        assert_eq!(v1["detail"], json!({"error_codes": []}));
        let inner: Value = serde_json::from_str(v1["message"].as_str().unwrap()).unwrap();
        assert_eq!(
            inner,
            json!({"message": "image not found in DB", "detail": r#"{"error_codes":[]}"#, "httpcode": 404})
        );
    }

    #[test]
    fn an_unknown_type_is_said_plainly() {
        let v1 = nested(&json!({"message": "content type (nosuch) not available", "detail": null}));
        assert_eq!(v1["message"], json!("content type (nosuch) not available"));
    }

    #[test]
    fn bodies_without_a_message_still_make_an_error() {
        for odd in [
            json!(null),
            json!("gone"),
            json!([1]),
            json!({"title": "Not Found"}),
        ] {
            let v1 = nested(&odd);
            assert_eq!(v1["httpcode"], json!(500));
            assert!(v1["message"].is_string());
        }
    }
}
