//! The 400 of image and source routes: V1 servers looked for whatever the path named and found nothing,
//! V2 checks digests and types by their form first.

use serde_json::{Value, json};
use windlass_transforms::step::{Step, StepContext, StepError};

use super::v1_error;

/// 404 where V2 refused the form of what the path names.
pub(super) const STEP: Step = Step {
    name: "looked_for",
    reason: "whether V2 refused the path or something else can only be told from the path",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(v2_to_v1),
};

/// The same for a deletion by id, where V1 servers said so with 200.
pub(super) const DELETION: Step = Step {
    name: "unknown_deletion",
    reason: STEP.reason,
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, context| deletion(&value, context)),
};

/// The vulnerability types of both generations.
const VULNERABILITY_TYPES: &[&str] = &["os", "non-os", "all"];

/// # Errors
/// 404 in the words of V1 servers.
fn v2_to_v1(value: Value, context: &StepContext) -> Result<Value, StepError> {
    if digest(context).is_some_and(|digest| !is_digest(digest)) {
        return Err(StepError::refused(404, "image not found in DB"));
    }
    match context.path.get("vtype").and_then(Value::as_str) {
        Some(word) if !VULNERABILITY_TYPES.contains(&word) => Err(StepError::refused(
            404,
            format!("content type ({word}) not available"),
        )),
        _ => Ok(v1_error::with_httpcode(value)),
    }
}

/// # Errors
/// 400 when V2 refused something else than the digest.
fn deletion(value: &Value, context: &StepContext) -> Result<Value, StepError> {
    let digest = digest(context).unwrap_or_default();
    if is_digest(digest) {
        let said = ["message", "detail", "title"]
            .iter()
            .find_map(|name| value.get(name)?.as_str());
        return Err(StepError::refused(400, said.unwrap_or("Bad Request")));
    }
    Ok(json!({
        "detail": "No image found with the digest",
        "digest": digest,
        "status": "not_found",
    }))
}

/// The digest that V2 was asked for; `None` where the path names no image.
fn digest(context: &StepContext) -> Option<&str> {
    context
        .looked_up
        .get("image_digest")
        .or_else(|| context.path.get("imageDigest"))
        .or_else(|| context.path.get("image_digest"))
        .and_then(Value::as_str)
}

/// Whether a text has the form of a digest: `sha256:` and 64 hexadecimal digits.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(path: Value, looked_up: Value) -> StepContext {
        let map = |value: Value| value.as_object().expect("an object").clone();
        StepContext {
            path: map(path),
            looked_up: map(looked_up),
            ..StepContext::default()
        }
    }

    fn good() -> String {
        format!("sha256:{}", "0f".repeat(32))
    }

    #[test]
    fn a_digest_of_another_form_is_not_found() {
        let not_found = Err(StepError::refused(404, "image not found in DB"));
        let by_digest = context(json!({"imageDigest": "nosuch"}), json!({}));
        assert_eq!(v2_to_v1(json!({"status": 400}), &by_digest), not_found);
        let by_id = context(json!({"imageId": "00"}), json!({"image_digest": "00"}));
        assert_eq!(v2_to_v1(json!({"status": 400}), &by_id), not_found);
    }

    #[test]
    fn an_unknown_vulnerability_type_is_not_found() {
        for path in [
            json!({"imageDigest": good(), "vtype": "nosuch"}),
            json!({"source_id": "s1", "vtype": "nosuch"}),
        ] {
            assert_eq!(
                v2_to_v1(json!({}), &context(path, json!({}))),
                Err(StepError::refused(
                    404,
                    "content type (nosuch) not available"
                ))
            );
        }
    }

    #[test]
    fn anything_else_stays_refused() {
        let context = context(json!({"imageDigest": good(), "vtype": "os"}), json!({}));
        let problem = json!({"status": 400, "title": "Bad Request", "detail": "Missing query parameter 'tag'"});
        assert_eq!(v2_to_v1(problem.clone(), &context), Ok(problem));
    }

    #[test]
    fn an_unknown_id_is_deleted_with_not_found() {
        let by_id = context(json!({"imageId": "00"}), json!({"image_digest": "00"}));
        assert_eq!(
            deletion(&json!({}), &by_id),
            Ok(
                json!({"detail": "No image found with the digest", "digest": "00", "status": "not_found"})
            )
        );
        let known = context(json!({"imageId": "00"}), json!({"image_digest": good()}));
        assert_eq!(
            deletion(
                &json!({"status": 400, "detail": "`force` is not a boolean"}),
                &known
            ),
            Err(StepError::refused(400, "`force` is not a boolean"))
        );
    }
}
