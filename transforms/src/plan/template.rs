//! Texts and JSON with V1 path values in them: `{name}`.

use serde_json::{Map, Value};

/// A text in which `{name}` stands for a path value of the V1 request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextTemplate(Box<[Part]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Path(Box<str>),
}

impl TextTemplate {
    /// Reads a text. A brace without its partner is text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            parts.push(Part::Path(name.into()));
            rest = after;
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Self(parts.into())
    }

    /// The path values it needs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Path(name) => Some(&**name),
        })
    }

    /// The text with the values of a request.
    pub(crate) fn fill(&self, path: &Map<String, Value>) -> String {
        let texts = self.0.iter().map(|part| match part {
            Part::Text(text) => &**text,
            Part::Path(name) => path
                .get(&**name)
                .and_then(Value::as_str)
                .unwrap_or_default(),
        });
        texts.collect()
    }
}

/// What stands before the first `{name}`, the name, and what stands behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let close = open + text[open..].find('}')?;
    Some((&text[..open], &text[open + 1..close], &text[close + 1..]))
}

/// A JSON value in whose texts `{name}` stands for a path value of the V1 request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonTemplate(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Fixed(Value),
    Text(TextTemplate),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl JsonTemplate {
    /// Reads a value.
    pub(crate) fn new(value: &Value) -> Self {
        Self(Node::new(value))
    }

    /// The path values it needs.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.names(&mut names);
        names
    }

    /// The JSON text with the values of a request.
    pub fn fill(&self, path: &Map<String, Value>) -> String {
        self.0.fill(path).to_string()
    }
}

impl Node {
    fn new(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(TextTemplate::parse(text)),
            Value::Array(elements) => Self::Array(elements.iter().map(Self::new).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::new(value)))
                    .collect(),
            ),
            other => Self::Fixed(other.clone()),
        }
    }

    fn names<'n>(&'n self, into: &mut Vec<&'n str>) {
        match self {
            Self::Fixed(_) => {}
            Self::Text(text) => into.extend(text.names()),
            Self::Array(elements) => elements.iter().for_each(|element| element.names(into)),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.names(into)),
        }
    }

    fn fill(&self, path: &Map<String, Value>) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(text) => text.fill(path).into(),
            Self::Array(elements) => elements.iter().map(|e| e.fill(path)).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), value.fill(path)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path() -> Map<String, Value> {
        let path = json!({"id": "a\"b", "state": "open"});
        path.as_object().unwrap().clone()
    }

    #[test]
    fn braces_are_filled_with_path_values() {
        for (text, filled) in [
            ("{state}", "open"),
            ("x_{state}.gz", "x_open.gz"),
            ("{state}{state}", "openopen"),
            ("plain", "plain"),
            ("{state", "{state"),
            ("", ""),
        ] {
            assert_eq!(TextTemplate::parse(text).fill(&path()), filled, "{text}");
        }
    }

    #[test]
    fn json_stays_json_whatever_a_value_holds() {
        let template = JsonTemplate::new(&json!({"a": "{id}", "b": [1, "{state}!", null]}));
        assert_eq!(template.names(), ["id", "state"]);
        assert_eq!(
            template.fill(&path()),
            r#"{"a":"a\"b","b":[1,"open!",null]}"#
        );
    }
}
