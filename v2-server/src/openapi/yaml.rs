//! The document as YAML.

use serde::Serialize;
use serde::ser::{Error, SerializeMap, Serializer};
use serde_json::Value;

/// The same document as this JSON text.
///
/// # Panics
/// It is no JSON, or has a number that no program reads.
pub(super) fn from_json(document: &str) -> String {
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    serde_saphyr::to_string(&Plain(&document))
        .expect("the document is made of texts, small numbers, lists and maps with text keys")
}

/// A value whose numbers are numbers: those of `serde_json` carry their text, which only its own
/// serializer understands.
struct Plain<'v>(&'v Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(truth) => to.serialize_bool(*truth),
            Value::String(text) => to.serialize_str(text),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => to.serialize_i64(whole),
                (None, Some(part)) => to.serialize_f64(part),
                (None, None) => Err(S::Error::custom("a number that no program reads")),
            },
            Value::Array(elements) => to.collect_seq(elements.iter().map(Plain)),
            Value::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Plain(value))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_means_the_same_in_both_forms() {
        let json = crate::openapi::document();
        let yaml = from_json(&json);
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        let expected: Value = serde_json::from_str(&json).unwrap();
        assert!(read == expected, "the YAML says something else");
        assert!(yaml.starts_with("openapi: "), "{}", &yaml[..80]);
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        let json = r##"{"no": ["yes", "1.0", "null", "~", "", " a ", "a: b", "# a", "1e3", "two\nlines\n", "2026-11-23"],
                       "1": [1, -2, 0.5, true, null, {}, []]}"##;
        let expected: Value = serde_json::from_str(json).unwrap();
        let read: Value = serde_saphyr::from_str(&from_json(json)).unwrap();
        assert_eq!(read.to_string(), expected.to_string());
    }
}
