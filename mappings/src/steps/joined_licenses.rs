//! `license` of content rows: V1 had the licenses of a package as one text beside the list.

use serde_json::Value;
use windlass_transforms::step::{Step, StepContext, StepError};

/// See the module.
pub(super) const STEP: Step = Step {
    name: "joined_licenses",
    reason: "joins a list to one text, and what stands for an empty list depends on the content type asked for",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(v2_to_v1),
};

/// The licenses joined with blanks. V1 servers wrote `Unknown` for a package without any,
/// but null for operating system packages.
///
/// # Errors
/// [`StepError::Unexpected`] when the licenses are no list of texts.
fn v2_to_v1(value: Value, context: &StepContext) -> Result<Value, StepError> {
    let licenses = match value {
        Value::Null => Vec::new(),
        Value::Array(licenses) => licenses,
        _ => return Err(unexpected()),
    };
    let licenses: Vec<&str> = licenses
        .iter()
        .map(|license| license.as_str().ok_or_else(unexpected))
        .collect::<Result<_, _>>()?;
    if !licenses.is_empty() {
        return Ok(Value::from(licenses.join(" ")));
    }
    // The parameter of images and that of sources.
    let content_type = ["ctype", "content_type"]
        .iter()
        .find_map(|name| context.path.get(*name)?.as_str());
    if content_type == Some("os") {
        Ok(Value::Null)
    } else {
        Ok(Value::from("Unknown"))
    }
}

fn unexpected() -> StepError {
    StepError::Unexpected("`licenses` is not a list of texts".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(content_type: &str, licenses: Value) -> Result<Value, StepError> {
        let mut context = StepContext::default();
        context.path.insert("ctype".into(), content_type.into());
        v2_to_v1(licenses, &context)
    }

    #[test]
    fn licenses_are_joined_with_a_blank() {
        assert_eq!(joined("npm", json!(["MIT", "ISC"])), Ok(json!("MIT ISC")));
        assert_eq!(
            joined("os", json!(["GPL-2.0-only"])),
            Ok(json!("GPL-2.0-only"))
        );
    }

    #[test]
    fn no_license_is_unknown_but_null_for_os() {
        for none in [json!([]), json!(null)] {
            assert_eq!(joined("gem", none.clone()), Ok(json!("Unknown")));
            assert_eq!(joined("os", none), Ok(json!(null)));
        }
    }

    #[test]
    fn the_content_of_a_source_names_its_type_differently() {
        let mut context = StepContext::default();
        context.path.insert("content_type".into(), "os".into());
        assert_eq!(v2_to_v1(json!([]), &context), Ok(json!(null)));
    }

    #[test]
    fn other_forms_are_not_guessed_at() {
        assert!(joined("npm", json!("MIT")).is_err());
        assert!(joined("npm", json!([{"value": "MIT"}])).is_err());
    }
}
