//! What does not count when answers are compared: `data/volatile.toml`, and `--ignore`.

use std::sync::LazyLock;

use anyhow::anyhow;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::queryable::Queryable as _;
use serde::Deserialize;
use serde_json::Value;

use crate::audit::identity::wildcard;
use crate::audit::moment::Moment;

/// The data file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    volatile: Vec<Volatile>,
    unordered: Vec<Unordered>,
    errors: Vec<Prose>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Volatile {
    form: Form,
    names: Vec<String>,
    #[serde(rename = "reason")]
    _reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unordered {
    operations: Vec<String>,
    places: Vec<String>,
    #[serde(rename = "reason")]
    _reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prose {
    names: Vec<String>,
    #[serde(rename = "reason")]
    _reason: String,
}

/// What two values must be to count as alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    Time,
    Id,
    Number,
    Text,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/volatile.toml"))
        .expect("`the_list_of_volatile_members_can_be_read` keeps it right")
});

impl Form {
    /// Whether a value is of this form.
    pub(super) fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number | Self::Time, Value::Number(_)) | (Self::Text, Value::String(_)) => true,
            (Self::Time, Value::String(text)) => is_time(text),
            (Self::Id, Value::String(text)) => {
                text.len() >= 16 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
            }
            _ => false,
        }
    }
}

/// A date with a time behind it, with a zone or without.
fn is_time(text: &str) -> bool {
    let is_plain = |text: &str| Moment::parse_rfc3339(text.as_bytes()).is_some();
    is_plain(text) || is_plain(&format!("{text}Z")) || is_plain(&text.replacen(' ', "T", 1))
}

/// The form of a volatile member; `None`: it counts.
pub(super) fn form(name: &str) -> Option<Form> {
    let fits = |rule: &&Volatile| rule.names.iter().any(|pattern| wildcard(pattern, name));
    DATA.volatile.iter().find(fits).map(|rule| rule.form)
}

/// Whether the order of an array means nothing.
pub(super) fn is_unordered(operation: &str, place: &str) -> bool {
    let fits = |patterns: &[String], text: &str| patterns.iter().any(|p| wildcard(p, text));
    DATA.unordered
        .iter()
        .any(|rule| fits(&rule.operations, operation) && fits(&rule.places, place))
}

/// Whether a member of an error body is prose.
pub(super) fn is_prose(name: &str) -> bool {
    DATA.errors
        .iter()
        .any(|rule| rule.names.iter().any(|known| known == name))
}

/// Places that are left out of both answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Vec<String>);

impl Ignored {
    /// Reads JSONPaths.
    pub(crate) fn parse(paths: &[String]) -> anyhow::Result<Self> {
        for path in paths {
            parse_json_path(path)
                .map_err(|error| anyhow!("`--ignore {path}` is no JSONPath: {error}"))?;
        }
        Ok(Self(paths.to_vec()))
    }

    /// Takes them out of a body.
    pub(super) fn take_out(&self, body: &mut Value) {
        for path in &self.0 {
            // A path that fits nothing here takes nothing out.
            let _ = body.delete_by_path(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_of_volatile_members_can_be_read() {
        assert_eq!(form("created_at"), Some(Form::Time));
        assert_eq!(form("generated_uuid"), Some(Form::Id));
        assert_eq!(form("fulltag"), None);
        assert!(is_unordered("list_images", "$"));
        assert!(!is_unordered("list_images", "$[].image_detail"));
        assert!(is_unordered(
            "get_image_vulnerabilities_by_type_imageId",
            "$.vulnerabilities"
        ));
    }

    #[test]
    fn values_are_alike_by_their_form_only() {
        for (form, fits, other) in [
            (
                Form::Time,
                json!("2026-11-20T10:00:00.123456Z"),
                json!("yesterday"),
            ),
            (Form::Time, json!("2026-11-20 10:00:00"), json!(null)),
            (Form::Time, json!(1_795_168_800), json!(true)),
            (
                Form::Id,
                json!("2c53a13c-1765-11e8-82ef-23527761d060"),
                json!("default"),
            ),
            (Form::Number, json!(0.25), json!("0.25")),
            (Form::Text, json!("a"), json!(1)),
        ] {
            assert!(
                form.fits(&fits) && !form.fits(&other),
                "{form:?}: {fits} {other}"
            );
        }
    }

    #[test]
    fn ignored_places_are_taken_out() {
        let ignored = Ignored::parse(&["$.items[*].note".to_owned()]).unwrap();
        let mut body = json!({"items": [{"note": 1, "a": 2}, {"a": 3}]});
        ignored.take_out(&mut body);
        assert_eq!(body, json!({"items": [{"a": 2}, {"a": 3}]}));
        assert!(Ignored::parse(&["$[".to_owned()]).is_err());
    }
}
