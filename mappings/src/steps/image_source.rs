//! The image of `POST /images`: V1's older members `tag`, `digest`, `dockerfile` and
//! `created_at` as V2's `source`.
//!
//! V1 took an image either as `source`, the only form of V2, or as those members of the body
//! itself; which of them were there decided what they meant.

use serde_json::{Map, Value, json};
use windlass_transforms::step::{Step, StepContext, StepError};

use super::looked_for::is_digest;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "image_source",
    reason: "which of V1's older members are there decides what they become in `source`",
    renames: &[
        ("tag", "source.tag.pull_string"),
        ("tag (with digest)", "source.digest.tag"),
        ("digest", "source.digest.pull_string"),
        ("dockerfile", "source.tag.dockerfile"),
        ("dockerfile (with digest)", "source.digest.dockerfile"),
        (
            "created_at (with digest)",
            "source.digest.creation_timestamp_override",
        ),
    ],
    v1_to_v2: Some(v1_to_v2),
    v2_to_v1: None,
};

/// The schema that the members are noted under.
const SHAPE: &str = "ImageAnalysisRequest";

/// Registries that are known as such without a dot or a port.
const PLAIN_REGISTRIES: &[&str] = &[
    "docker.io",
    "localhost",
    "localhost.localdomain",
    "localbuild",
];

/// The request with `source` alone. Runs after the shape's renames.
///
/// # Errors
/// 400 in the words of V1 servers: both forms at once, neither, or a digest without a tag.
fn v1_to_v2(value: Value, context: &StepContext) -> Result<Value, StepError> {
    let Value::Object(mut body) = value else {
        return Err(StepError::Malformed(
            "the body is not of type 'object'".to_owned(),
        ));
    };
    if body.is_empty() {
        return Err(invalid(
            "Invalid request object, must be a valid json object",
        ));
    }
    let mut take = |name: &str| -> Result<Option<String>, StepError> {
        let Some(value) = body.shift_remove(name) else {
            return Ok(None);
        };
        context.touched.note(SHAPE, name);
        match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            _ => Err(StepError::Malformed(format!(
                "the value is not of type 'string' - '{name}'"
            ))),
        }
    };
    let tag = take("tag")?;
    let digest = take("digest")?;
    let dockerfile = take("dockerfile")?;
    let created_at = take("created_at")?;

    // An empty or null source counted as none.
    let given = match body.get_mut("source") {
        Some(Value::Object(source)) => {
            source.retain(|_, kind| !kind.is_null());
            !source.is_empty()
        }
        None | Some(Value::Null) => false,
        Some(_) => true,
    };
    if given {
        if tag.or(digest).or(dockerfile).is_some() {
            return Err(StepError::refused(
                400,
                "Cannot use both source property and tag, digest, or dockerfile property at top level",
            ));
        }
        return Ok(Value::Object(body));
    }
    let source = match (tag, digest) {
        (None, None) => {
            return Err(invalid(
                "The request names no image, one of source and tag must be populated",
            ));
        }
        (None, Some(_)) => {
            return Err(invalid(
                "For a digest-based analysis, the tag property must also be populated",
            ));
        }
        (Some(tag), None) => json!({"tag": with(json!({"pull_string": tag}), [
            ("dockerfile", dockerfile),
        ])}),
        (Some(tag), Some(digest)) => {
            let pull_string = if is_digest(&digest) {
                format!("{}@{digest}", repository(&tag))
            } else {
                digest
            };
            json!({"digest": with(json!({"pull_string": pull_string, "tag": tag}), [
                ("creation_timestamp_override", created_at),
                ("dockerfile", dockerfile),
            ])})
        }
    };
    body.insert("source".to_owned(), source);
    Ok(Value::Object(body))
}

/// Adds the members that are there.
fn with<const N: usize>(mut object: Value, members: [(&str, Option<String>); N]) -> Value {
    for (name, text) in members {
        if let Some(text) = text {
            object[name] = Value::from(text);
        }
    }
    object
}

/// Registry and repository of an image reference, read as V1 servers read it: a first part
/// that is no registry belongs to `docker.io`, without `library/`.
fn repository(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or_default();
    let (parts, last) = name.rsplit_once('/').map_or(("", name), |(p, l)| (p, l));
    let last = last.split(':').next().unwrap_or_default();
    if parts.is_empty() {
        return format!("docker.io/{last}");
    }
    let first = parts.split('/').next().unwrap_or_default();
    if first.contains([':', '.']) || PLAIN_REGISTRIES.contains(&first) {
        format!("{parts}/{last}")
    } else {
        format!("docker.io/{parts}/{last}")
    }
}

fn invalid(why: &str) -> StepError {
    let mut detail = Map::new();
    detail.insert("validation_error".to_owned(), Value::from(why));
    StepError::Refused {
        status: 400,
        message: "Could not validate request due to error".to_owned(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(body: Value) -> Result<Value, StepError> {
        v1_to_v2(body, &StepContext::default())
    }

    fn digest() -> String {
        format!("sha256:{}", "ab".repeat(32))
    }

    #[test]
    fn a_tag_is_pulled() {
        let context = StepContext::default();
        let body = json!({"tag": "quay.io/team/app:1", "dockerfile": "RlJPTQ==", "annotations": {"k": "v"}});
        assert_eq!(
            v1_to_v2(body, &context),
            Ok(json!({"annotations": {"k": "v"}, "source": {
                "tag": {"pull_string": "quay.io/team/app:1", "dockerfile": "RlJPTQ=="}}}))
        );
        assert_eq!(
            context.touched.names(),
            [
                "ImageAnalysisRequest.dockerfile",
                "ImageAnalysisRequest.tag"
            ]
        );
    }

    #[test]
    fn a_bare_digest_is_pulled_from_the_tags_repository() {
        let body = json!({"tag": "quay.io:8443/team/app:1", "digest": digest(), "created_at": "2024-02-03T04:05:06Z"});
        assert_eq!(
            rewritten(body),
            Ok(json!({"source": {"digest": {
                "pull_string": format!("quay.io:8443/team/app@{}", digest()),
                "tag": "quay.io:8443/team/app:1",
                "creation_timestamp_override": "2024-02-03T04:05:06Z"}}}))
        );
    }

    #[test]
    fn any_other_digest_is_a_pull_string_already() {
        let pull = format!("quay.io/team/app@{}", digest());
        let body = json!({"tag": "quay.io/team/app:1", "digest": pull});
        assert_eq!(
            rewritten(body),
            Ok(json!({"source": {"digest": {"pull_string": pull, "tag": "quay.io/team/app:1"}}}))
        );
    }

    #[test]
    fn repositories_are_read_as_v1_servers_read_them() {
        for (reference, expected) in [
            ("app", "docker.io/app"),
            ("app:1", "docker.io/app"),
            ("team/app:1", "docker.io/team/app"),
            ("docker.io/team/app:1", "docker.io/team/app"),
            ("localhost/app:1", "localhost/app"),
            ("host:5000/a/b/c:1", "host:5000/a/b/c"),
            ("quay.io/app@sha256:00", "quay.io/app"),
        ] {
            assert_eq!(repository(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_source_passes_without_its_null_kinds() {
        let body = json!({"source": {"tag": null, "import": {"operation_uuid": "u"}}, "image_type": "docker"});
        assert_eq!(
            rewritten(body),
            Ok(json!({"source": {"import": {"operation_uuid": "u"}}, "image_type": "docker"}))
        );
    }

    #[test]
    fn an_empty_source_gives_way_to_the_tag() {
        let body = json!({"source": {}, "tag": "app:1"});
        assert_eq!(
            rewritten(body),
            Ok(json!({"source": {"tag": {"pull_string": "app:1"}}}))
        );
    }

    #[test]
    fn v1_rules_are_kept_in_v1_words() {
        let validation = |body| match rewritten(body) {
            Err(StepError::Refused {
                status: 400,
                message,
                detail,
            }) if message == "Could not validate request due to error" => {
                detail["validation_error"].as_str().map(str::to_owned)
            }
            _ => None,
        };
        assert_eq!(
            validation(json!({})).as_deref(),
            Some("Invalid request object, must be a valid json object")
        );
        assert_eq!(
            validation(json!({"digest": digest()})).as_deref(),
            Some("For a digest-based analysis, the tag property must also be populated")
        );
        assert!(validation(json!({"annotations": {}, "tag": ""})).is_some());
        assert_eq!(
            rewritten(json!({"tag": "x", "source": {"tag": {"pull_string": "x"}}})),
            Err(StepError::refused(
                400,
                "Cannot use both source property and tag, digest, or dockerfile property at top level"
            ))
        );
        assert_eq!(
            rewritten(json!({"tag": 1})),
            Err(StepError::Malformed(
                "the value is not of type 'string' - 'tag'".to_owned()
            ))
        );
        assert!(rewritten(json!(["app:1"])).is_err());
    }
}
