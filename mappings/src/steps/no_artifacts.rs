//! The 404 of what an analysis brings besides packages (kept files, search results): V1 servers
//! had words of their own for an image that is not analysed, and stumbled over an unknown one.

use serde_json::{Map, Value, json};
use windlass_transforms::step::{Step, StepError};

/// See the module.
pub(super) const STEP: Step = Step {
    name: "no_artifacts",
    reason: "an unknown image and one that is not analysed are both 404 in V2, and can only be told apart by the message",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| v2_to_v1(&value)),
};

/// How the message begins that says why there are no artifacts yet.
const NOT_ANALYSED: &str = "image is not analyzed";

/// A 500 with what V2 says.
///
/// # Errors
/// 404 in the words of V1 servers when the image is not analysed.
fn v2_to_v1(value: &Value) -> Result<Value, StepError> {
    let said = || {
        ["/message", "/detail/details", "/detail", "/title"]
            .iter()
            .filter_map(|place| value.pointer(place)?.as_str())
    };
    if let Some(why) = said().find(|text| text.starts_with(NOT_ANALYSED)) {
        return Err(StepError::Refused {
            status: 404,
            message: "Resource artifacts not found".to_owned(),
            detail: Map::from_iter([("details".to_owned(), why.into())]),
        });
    }
    let message = said().next().unwrap_or("image not found in DB");
    Ok(json!({"message": message, "httpcode": 500, "detail": {"error_codes": []}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_is_not_analysed_is_not_found_in_v1s_words() {
        let why = "image is not analyzed - analysis_status: analyzing";
        for v2 in [
            json!({"message": why, "httpcode": 404, "detail": {"error_codes": []}}),
            json!({"message": "Resource artifacts not found", "httpcode": 404, "detail": {"details": why}}),
            json!({"title": "Not Found", "status": 404, "detail": why}),
        ] {
            let Err(StepError::Refused {
                status,
                message,
                detail,
            }) = v2_to_v1(&v2)
            else {
                panic!("{v2} is not refused");
            };
            assert_eq!(
                (status, message.as_str()),
                (404, "Resource artifacts not found")
            );
            assert_eq!(Value::Object(detail), json!({"details": why}));
        }
    }

    #[test]
    fn anything_else_is_a_500_with_what_v2_says() {
        for (v2, message) in [
            (
                json!({"message": "image not found in DB", "httpcode": 404}),
                "image not found in DB",
            ),
            (
                json!({"title": "Bad Request", "detail": "no digest"}),
                "no digest",
            ),
            (json!({"title": "Not Found"}), "Not Found"),
            (json!(null), "image not found in DB"),
            (json!(["odd"]), "image not found in DB"),
        ] {
            assert_eq!(
                v2_to_v1(&v2),
                Ok(json!({"message": message, "httpcode": 500, "detail": {"error_codes": []}}))
            );
        }
    }
}
