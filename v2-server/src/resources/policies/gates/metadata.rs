//! `metadata`: facts about the image as a whole, compared with a value.

use std::fmt;

use crate::time::Timestamp;

use super::super::catalogue::{
    Arguments, BadArgument, Build, Gate, Kind, Parameter, State, Trigger,
};
use super::super::engine::{Check, CheckError, Expression, Match, Subject};
use super::Comparison;

pub(super) const GATE: Gate = Gate {
    name: "metadata",
    description: "Looks at facts about the image as a whole, such as its size or distribution.",
    state: State::Active,
    superseded_by: None,
    triggers: &[Trigger {
        parameters: &[
            Parameter::required(
                "attribute",
                Kind::Choice(&[
                    "size",
                    "architecture",
                    "os_type",
                    "distro",
                    "distro_version",
                    "like_distro",
                    "layer_count",
                ]),
                "size",
                "The fact to look at.",
            ),
            Parameter::required(
                "check",
                Kind::Choice(&[
                    "=",
                    "!=",
                    ">",
                    "<",
                    ">=",
                    "<=",
                    "exists",
                    "not_exists",
                    "like",
                    "not_like",
                    "in",
                    "not_in",
                ]),
                ">",
                "How it is compared with the value.",
            ),
            Parameter::optional(
                "value",
                Kind::Linked,
                "1073741824",
                "The value; every check but exists and not_exists needs one. Sizes may end in kb, mb, gb or tb, \
                 lists for in and not_in are separated by commas.",
            ),
        ],
        ..Trigger::new(
            "attribute",
            "Fires when the fact compares with the value as given.",
            Build::TryCheck(Attribute::build),
        )
    }],
};

#[derive(Debug)]
struct Attribute {
    name: String,
    check: String,
    test: Test,
}

/// The comparison, with its value read as the attribute's type.
#[derive(Debug)]
enum Test {
    Exists,
    NotExists,
    Compare(Comparison, Scalar),
    In(Vec<Scalar>),
    NotIn(Vec<Scalar>),
    Like(Expression),
    NotLike(Expression),
    /// A check that needs a value was given none: it never fires.
    Nothing,
}

/// A number or a text; an attribute is always the same of the two.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Scalar {
    Number(u64),
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// What the image has.
enum Fact {
    Unknown,
    One(Scalar),
    Several(Vec<Scalar>),
}

impl Fact {
    fn number(number: Option<i64>) -> Self {
        number
            .and_then(|number| u64::try_from(number).ok())
            .map_or(Self::Unknown, |number| Self::One(Scalar::Number(number)))
    }

    fn text(text: Option<&String>) -> Self {
        match text {
            Some(text) if !text.is_empty() => Self::One(Scalar::Text(text.clone())),
            _ => Self::Unknown,
        }
    }

    fn values(&self) -> &[Scalar] {
        match self {
            Self::Unknown => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("None"),
            Self::One(value) => value.fmt(f),
            Self::Several(values) => {
                let words: Vec<String> = values.iter().map(Scalar::to_string).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

impl Attribute {
    fn build(arguments: &Arguments) -> Result<Box<dyn Check>, BadArgument> {
        let name = arguments.required_text("attribute");
        let check = arguments.required_text("check");
        // An empty value is no value, as for rules that were written in a form.
        let value = arguments.text("value").filter(|value| !value.is_empty());
        let test = match (check.as_str(), value) {
            ("exists", _) => Test::Exists,
            ("not_exists", _) => Test::NotExists,
            (_, None) => Test::Nothing,
            ("in", Some(value)) => Test::In(scalars(&name, value)?),
            ("not_in", Some(value)) => Test::NotIn(scalars(&name, value)?),
            ("like", Some(value)) => Test::Like(expression(value)?),
            ("not_like", Some(value)) => Test::NotLike(expression(value)?),
            (comparison, Some(value)) => Test::Compare(
                Comparison::named(comparison).expect("a choice of checks"),
                scalar(&name, value)?,
            ),
        };
        Ok(Box::new(Self { name, check, test }))
    }

    fn fact(&self, subject: &Subject) -> Fact {
        let metadata = &subject.image.metadata;
        match self.name.as_str() {
            "size" => Fact::number(metadata.image_size),
            "layer_count" => Fact::number(Some(metadata.layer_count.unwrap_or(0))),
            "architecture" => Fact::text(metadata.arch.as_ref()),
            "os_type" => Fact::text(metadata.os.as_ref()),
            "distro" => Fact::text(metadata.distro.as_ref()),
            "distro_version" => Fact::text(metadata.distro_version.as_ref()),
            _ => Fact::Several(
                metadata
                    .like_distro
                    .iter()
                    .cloned()
                    .map(Scalar::Text)
                    .collect(),
            ),
        }
    }
}

fn scalar(attribute: &str, value: &str) -> Result<Scalar, BadArgument> {
    let value = value.trim();
    let (number, expected) = match attribute {
        "size" => (bytes(value), "a size such as `1073741824` or `100mb`"),
        "layer_count" => (value.parse().ok(), "a whole number"),
        _ => return Ok(Scalar::Text(value.to_owned())),
    };
    number.map(Scalar::Number).ok_or_else(|| BadArgument {
        parameter: "value",
        expected: format!("{expected}, as the attribute is `{attribute}`"),
    })
}

fn scalars(attribute: &str, values: &str) -> Result<Vec<Scalar>, BadArgument> {
    values
        .split(',')
        .map(|value| scalar(attribute, value))
        .collect()
}

/// A number of bytes, with an optional unit of 1024 bytes and its multiples.
fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let (number, unit) = ["kb", "mb", "gb", "tb"]
        .iter()
        .zip(1u32..)
        .find_map(|(suffix, power)| Some((text.strip_suffix(suffix)?, 1024u64.pow(power))))
        .unwrap_or((&text, 1));
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn expression(value: &str) -> Result<Expression, BadArgument> {
    Expression::compile(value).map_err(|error| BadArgument {
        parameter: "value",
        expected: format!("a regular expression ({error})"),
    })
}

impl Check for Attribute {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let fact = self.fact(subject);
        let values = fact.values();
        let is_like = |expression: &Expression| -> Result<bool, CheckError> {
            for value in values {
                if expression.matches(&value.to_string())? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let (fires, wanted) = match &self.test {
            Test::Nothing => (false, String::new()),
            Test::Exists => (!values.is_empty(), String::new()),
            Test::NotExists => (values.is_empty(), String::new()),
            Test::Compare(Comparison::NotEqual, wanted) => {
                (!values.contains(wanted), wanted.to_string())
            }
            Test::Compare(comparison, wanted) => (
                values.iter().any(|value| comparison.holds(value, wanted)),
                wanted.to_string(),
            ),
            Test::In(list) => (
                values.iter().any(|value| list.contains(value)),
                listed(list),
            ),
            Test::NotIn(list) => (
                !values.iter().any(|value| list.contains(value)),
                listed(list),
            ),
            Test::Like(expression) => (is_like(expression)?, expression.source().to_owned()),
            Test::NotLike(expression) => (!is_like(expression)?, expression.source().to_owned()),
        };
        Ok(if fires {
            vec![Match::new(format!(
                "Attribute check for attribute: '{}' check: '{}' check_value: '{wanted}' matched image value: '{fact}'",
                self.name, self.check
            ))]
        } else {
            Vec::new()
        })
    }
}

fn listed(values: &[Scalar]) -> String {
    let words: Vec<String> = values.iter().map(Scalar::to_string).collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::bytes;
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn rule(attribute: &str, check: &str, value: Option<&str>) -> Rule {
        let rule = Rule::new("metadata", "attribute")
            .with("attribute", attribute)
            .with("check", check);
        match value {
            Some(value) => rule.with("value", value),
            None => rule,
        }
    }

    /// On an image of 2,797,541 bytes in one layer, alpine 3.12.0, amd64, linux, like nothing.
    fn fires(attribute: &str, check: &str, value: &str) -> bool {
        !rule(attribute, check, Some(value))
            .run(&subject())
            .is_empty()
    }

    #[test]
    fn the_message_gives_both_values() {
        assert_eq!(
            rule("size", ">", Some("2mb")).messages(&subject()),
            [
                "Attribute check for attribute: 'size' check: '>' check_value: '2097152' matched image value: '2797541'"
            ]
        );
        assert_eq!(
            rule("distro", "exists", None).messages(&subject()),
            [
                "Attribute check for attribute: 'distro' check: 'exists' check_value: '' matched image value: 'alpine'"
            ]
        );
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(fires("size", ">", "300000"));
        assert!(!fires("size", ">", "3000000"));
        assert!(fires("size", "=", "2797541"));
        assert!(fires("layer_count", "<=", "1"));
        assert!(fires("layer_count", "in", "3, 1"));
        assert!(!fires("layer_count", "!=", "1"));
    }

    #[test]
    fn texts_are_compared_as_texts() {
        assert!(fires("distro_version", "<", "3.9"));
        assert!(fires("architecture", "not_in", "arm64,s390x"));
        assert!(!fires("architecture", "in", "arm64"));
        assert!(fires("os_type", "!=", "windows"));
        assert!(fires("distro", "like", "alp.*"));
        assert!(fires("distro", "not_like", "debian|ubuntu"));
    }

    #[test]
    fn a_fact_that_is_not_known_does_not_exist() {
        let mut unknown = subject();
        unknown.image.metadata.distro = None;
        assert!(!rule("distro", "not_exists", None).run(&unknown).is_empty());
        assert!(rule("distro", "=", Some("alpine")).run(&unknown).is_empty());
        assert!(rule("distro", "exists", None).run(&unknown).is_empty());
    }

    #[test]
    fn like_distro_is_a_list() {
        let mut ubuntu = subject();
        ubuntu.image.metadata.like_distro = vec!["ubuntu".to_owned(), "debian".to_owned()];
        let fires = |check, value| {
            !rule("like_distro", check, Some(value))
                .run(&ubuntu)
                .is_empty()
        };
        assert!(fires("=", "debian"));
        assert!(!fires("!=", "debian"));
        assert!(fires("in", "rhel,debian"));
        assert!(fires("not_in", "rhel,fedora"));
        assert!(fires("like", "deb"));
    }

    #[test]
    fn a_value_is_checked_against_its_attribute() {
        for (attribute, value) in [("size", "big"), ("size", "1xb"), ("layer_count", "1.5")] {
            let refusal = rule(attribute, ">", Some(value)).check().unwrap_err();
            assert!(refusal.contains(attribute), "{refusal}");
        }
        assert!(rule("distro", "like", Some("(")).check().is_err());
    }

    #[test]
    fn without_the_value_it_needs_a_check_never_fires() {
        assert!(rule("size", ">", None).run(&subject()).is_empty());
        assert!(rule("size", ">", Some("")).run(&subject()).is_empty());
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("100MB"), Some(104_857_600));
        assert_eq!(bytes("1kb"), Some(1024));
        assert_eq!(bytes("7"), Some(7));
        assert_eq!(bytes("99999999999tb"), None);
        assert_eq!(bytes("mb"), None);
    }
}
