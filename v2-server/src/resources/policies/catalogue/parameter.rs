//! Parameters of triggers: their types, and values once they are checked.
//!
//! In a policy every value is text. A [`Kind`] says which texts are values of a type and reads them; a check is then
//! built from [`Arguments`], which hold only values that were read.

use std::collections::BTreeMap;

use serde_json::json;

use crate::resources::policies::engine::Expression;

/// One parameter of a trigger.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The name that rules use.
    pub(crate) name: &'static str,
    /// Older names that rules may still use.
    pub(crate) aliases: &'static [&'static str],
    /// What it means.
    pub(crate) description: &'static str,
    /// A value that could be given.
    pub(crate) example: Option<&'static str>,
    /// Whether a rule must give it.
    pub(crate) required: bool,
    /// Its type.
    pub(crate) kind: Kind,
}

impl Parameter {
    /// A parameter that a rule must give.
    pub(crate) const fn required(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            description,
            example: Some(example),
            required: true,
            kind,
        }
    }

    /// A parameter that a rule may leave out.
    pub(crate) const fn optional(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            required: false,
            ..Self::required(name, kind, example, description)
        }
    }

    /// The same parameter with older names.
    pub(crate) const fn also_called(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Whether this is the parameter of that name, in any case.
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`, in any case.
    Flag,
    /// A whole number, not negative.
    Integer,
    /// A number with an optional fraction.
    Decimal,
    /// One of a list of words, in exactly this case.
    Choice(&'static [&'static str]),
    /// Texts separated by commas, at least one.
    List,
    /// Whole numbers separated by commas, at least one.
    IntegerList,
    /// A regular expression, matched from the start.
    Expression,
    /// File permissions, in octal.
    Octal,
    /// Any text here; the trigger checks it against another parameter.
    Linked,
}

/// A value that was read.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// From [`Kind::Text`], [`Kind::Choice`] and [`Kind::Linked`].
    Text(String),
    /// From [`Kind::Flag`].
    Flag(bool),
    /// From [`Kind::Integer`] and [`Kind::Octal`].
    Integer(u64),
    /// From [`Kind::Decimal`].
    Decimal(f64),
    /// From [`Kind::List`] and [`Kind::IntegerList`] (without leading zeros).
    List(Vec<String>),
    /// From [`Kind::Expression`].
    Expression(Expression),
}

impl Kind {
    /// Reads a value, or says what was expected.
    pub(crate) fn read(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Text | Self::Linked => Ok(Value::Text(text.to_owned())),
            Self::Flag => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => Err("`true` or `false`".to_owned()),
            },
            Self::Integer => whole_number(text)
                .map(Value::Integer)
                .ok_or_else(|| "a whole number".to_owned()),
            Self::Decimal => decimal(text)
                .map(Value::Decimal)
                .ok_or_else(|| "a number such as `7.5`".to_owned()),
            Self::Choice(words) => {
                if words.contains(&text) {
                    Ok(Value::Text(text.to_owned()))
                } else {
                    Err(format!("one of {}", quoted(words)))
                }
            }
            Self::List => items(text)
                .map(Value::List)
                .ok_or_else(|| "texts separated by commas, none of them empty".to_owned()),
            Self::IntegerList => items(text)
                .and_then(|items| {
                    items
                        .iter()
                        .map(|item| whole_number(item).map(|number| number.to_string()))
                        .collect()
                })
                .map(Value::List)
                .ok_or_else(|| "whole numbers separated by commas".to_owned()),
            Self::Expression => Expression::compile(text)
                .map(Value::Expression)
                .map_err(|error| format!("a regular expression ({error})")),
            Self::Octal => u32::from_str_radix(text.trim().trim_start_matches("0o"), 8)
                .map(|mode| Value::Integer(u64::from(mode)))
                .map_err(|_| "file permissions in octal such as `0644`".to_owned()),
        }
    }

    /// How clients are told the type: its name, a sentence, and a JSON schema of its texts.
    pub(crate) fn validator(self) -> serde_json::Value {
        let text = json!({"type": "string"});
        let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
        let (name, description, criteria) = match self {
            Self::Text => ("type", "Any text".to_owned(), text),
            Self::Expression => ("type", "A regular expression".to_owned(), text),
            Self::Octal => ("type", "File permissions in octal".to_owned(), text),
            Self::Flag => (
                "BooleanString",
                "The text true or false, in any case".to_owned(),
                json!({"type": "string", "enum": ["true", "false"]}),
            ),
            Self::Integer => (
                "IntegerString",
                "A whole number, as text".to_owned(),
                pattern(r"^\s*\d+\s*$"),
            ),
            Self::Decimal => (
                "FloatString",
                "A number with an optional fraction, as text".to_owned(),
                pattern(r"^\s*-?\d*(\.\d*)?\s*$"),
            ),
            Self::Choice(words) => (
                "EnumString",
                format!("One of {}", words.join(", ")),
                json!({"type": "string", "enum": words}),
            ),
            Self::List => (
                "CommaDelimitedStringList",
                "Texts separated by commas".to_owned(),
                pattern(r"^\s*(\s*([^,]+)\s*,)*\s*([^,]+){1}\s*$"),
            ),
            Self::IntegerList => (
                "CommaDelimitedStringOfNumbers",
                "Whole numbers separated by commas".to_owned(),
                pattern(r"^\s*(\s*(\d+)\s*,)*\s*(\d+){1}\s*$"),
            ),
            Self::Linked => (
                "LinkedValidator",
                "Depends on another parameter of the rule".to_owned(),
                text,
            ),
        };
        json!({"type": name, "description": description, "criteria": criteria})
    }
}

fn whole_number(text: &str) -> Option<u64> {
    let text = text.trim();
    // `parse` would also take a leading plus sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    // `parse` would also take `inf`, `nan` and exponents.
    if digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        text.parse().ok()
    } else {
        None
    }
}

fn items(text: &str) -> Option<Vec<String>> {
    let items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
    items.iter().all(|item| !item.is_empty()).then_some(items)
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A rule's parameter values, read and complete: every required one is there.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    rule_id: String,
    values: BTreeMap<&'static str, Value>,
}

/// An argument that only the trigger itself could find wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadArgument {
    /// The parameter's name.
    pub(crate) parameter: &'static str,
    /// What was expected instead.
    pub(crate) expected: String,
}

impl Arguments {
    /// No arguments yet, for the rule of this id.
    pub(crate) fn for_rule(rule_id: &str) -> Self {
        Self {
            rule_id: rule_id.to_owned(),
            values: BTreeMap::new(),
        }
    }

    /// Adds a value; `false` when the parameter already has one.
    pub(crate) fn insert(&mut self, parameter: &'static Parameter, value: Value) -> bool {
        self.values.insert(parameter.name, value).is_none()
    }

    /// The id of the rule.
    pub(crate) fn rule_id(&self) -> &str {
        &self.rule_id
    }

    /// A text or word, if given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            Value::Text(text) => Some(text),
            other => wrong_kind(name, other),
        }
    }

    /// A text or word of a required parameter.
    pub(crate) fn required_text(&self, name: &str) -> String {
        self.text(name)
            .expect("required parameters are checked before a check is built")
            .to_owned()
    }

    /// A flag, if given.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.values.get(name)? {
            Value::Flag(flag) => Some(*flag),
            other => wrong_kind(name, other),
        }
    }

    /// A whole number, if given.
    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        match self.values.get(name)? {
            Value::Integer(number) => Some(*number),
            other => wrong_kind(name, other),
        }
    }

    /// A number, if given.
    pub(crate) fn decimal(&self, name: &str) -> Option<f64> {
        match self.values.get(name)? {
            Value::Decimal(number) => Some(*number),
            other => wrong_kind(name, other),
        }
    }

    /// A list, if given; empty otherwise.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.values.get(name) {
            None => Vec::new(),
            Some(Value::List(items)) => items.clone(),
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A regular expression, if given.
    pub(crate) fn expression(&self, name: &str) -> Option<Expression> {
        match self.values.get(name)? {
            Value::Expression(expression) => Some(expression.clone()),
            other => wrong_kind(name, other),
        }
    }
}

/// A gate's table and its code disagree about a type: a mistake here, which each gate's tests would show.
fn wrong_kind(name: &str, value: &Value) -> ! {
    panic!("parameter `{name}` was declared with another type than it is used with: {value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(kind: Kind, text: &str) -> bool {
        kind.read(text).is_ok()
    }

    #[test]
    fn each_type_takes_its_texts_and_no_others() {
        let choice = Kind::Choice(&["low", "high"]);
        for (kind, good, bad) in [
            (
                Kind::Flag,
                &["true", "FALSE", "True"][..],
                &["yes", "1", ""][..],
            ),
            (Kind::Integer, &["0", " 30 "], &["", "-1", "+1", "1.5", "x"]),
            (
                Kind::Decimal,
                &["7", "7.5", "-1.0", "0.0", " 9.8 "],
                &["", "high", "1e3", "nan", "inf", "."],
            ),
            (choice, &["low", "high"], &["Low", "", "medium"]),
            (Kind::List, &["a", "a, b ,c"], &["", "a,,b", ",", "a,"]),
            (
                Kind::IntegerList,
                &["22", "80, 443"],
                &["", "22,ssh", "22,"],
            ),
            (Kind::Expression, &["^a.*", "(?!x)y"], &["(", "*"]),
            (Kind::Octal, &["0644", "755", "4755"], &["0o8", "rw", ""]),
            (Kind::Text, &["", "anything"], &[]),
        ] {
            for text in good {
                assert!(accepts(kind, text), "{kind:?} refuses {text:?}");
            }
            for text in bad {
                assert!(!accepts(kind, text), "{kind:?} accepts {text:?}");
            }
        }
    }

    #[test]
    fn numbers_in_lists_lose_leading_zeros() {
        let Ok(Value::List(ports)) = Kind::IntegerList.read("022, 8080") else {
            panic!("not a list");
        };
        assert_eq!(ports, ["22", "8080"]);
    }

    #[test]
    fn a_refusal_says_what_was_expected() {
        let refusal = Kind::Choice(&["low", "high"]).read("medium").unwrap_err();
        assert_eq!(refusal, "one of `low`, `high`");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*") {
            for kind in [Kind::Text, Kind::Flag, Kind::Integer, Kind::Decimal, Kind::List, Kind::IntegerList,
                         Kind::Expression, Kind::Octal, Kind::Linked, Kind::Choice(&["a"])] {
                let _ = kind.read(&text);
            }
        }
    }
}
