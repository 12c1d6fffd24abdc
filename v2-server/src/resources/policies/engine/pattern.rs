//! Patterns of policies: `*` wildcards and regular expressions.
//!
//! Policies are written against Python's `re`, look-around and back references included, hence `fancy_regex`. Two rare
//! forms are refused when a policy is stored: comments in verbose expressions, and an opening bracket that is not escaped
//! within a class.
//!
//! An expression is matched from the start of a text and need not reach its end; wildcards must fit the whole text.

use std::sync::Arc;

/// Why a pattern cannot be used, or could not be matched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    /// The regular expression is not one.
    #[error("`{expression}` is not a regular expression: {reason}")]
    Syntax {
        /// The expression as written.
        expression: String,
        /// What the parser says.
        reason: String,
    },
    /// Matching took too many steps.
    #[error("matching the regular expression `{expression}` was given up: {reason}")]
    TooCostly {
        /// The expression as written.
        expression: String,
        /// What the matcher says.
        reason: String,
    },
}

/// A regular expression that is matched from the start of a text.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    source: Arc<str>,
    anchored: Arc<fancy_regex::Regex>,
}

impl Expression {
    /// Reads an expression.
    pub(crate) fn compile(source: &str) -> Result<Self, PatternError> {
        fancy_regex::Regex::new(&format!(r"\A(?:{source})"))
            .map(|anchored| Self {
                source: source.into(),
                anchored: Arc::new(anchored),
            })
            .map_err(|error| PatternError::Syntax {
                expression: source.to_owned(),
                reason: error.to_string(),
            })
    }

    /// The expression as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches at the start of `text`.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, PatternError> {
        self.anchored
            .is_match(text)
            .map_err(|error| PatternError::TooCostly {
                expression: self.source.to_string(),
                reason: error.to_string(),
            })
    }
}

/// A pattern of a mapping, an image list or an allowlist item.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// The texts between the `*`; a single one is an exact match.
    Wildcard(Vec<String>),
    /// What follows `regexp:`.
    Expression(Expression),
}

impl Pattern {
    /// Reads a pattern; only those that start with `regexp:` can be wrong.
    pub(crate) fn compile(source: &str) -> Result<Self, PatternError> {
        match source.strip_prefix("regexp:") {
            Some(expression) => Expression::compile(expression).map(Self::Expression),
            None => Ok(Self::Wildcard(
                source.split('*').map(str::to_owned).collect(),
            )),
        }
    }

    /// Whether `text` fits the pattern.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, PatternError> {
        match self {
            Self::Wildcard(parts) => Ok(fits(parts, text)),
            Self::Expression(expression) => expression.matches(text),
        }
    }
}

/// Whether `text` is `parts` with anything between them. Taking each part at its first place is enough, as a `*` may
/// stand for any text.
fn fits(parts: &[String], text: &str) -> bool {
    let (first, rest) = parts
        .split_first()
        .expect("splitting a text gives at least one part");
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(mut remaining) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some(place) = remaining.find(part.as_str()) else {
            return false;
        };
        remaining = &remaining[place + part.len()..];
    }
    remaining.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern).unwrap().matches(text).unwrap()
    }

    #[test]
    fn wildcards_must_fit_the_whole_text() {
        assert!(matches("*", ""));
        assert!(matches("*", "docker.io"));
        assert!(matches("library/*", "library/app"));
        assert!(matches("CVE-2021-3449+*", "CVE-2021-3449+libcrypto1.1"));
        assert!(matches("*-rc*", "1.0-rc2"));
        assert!(matches("a*b*c", "aXbYc"));
        assert!(!matches("library", "library/app"));
        assert!(!matches("library/*", "my/library/app"));
        assert!(!matches("ab*ba", "aba"), "the parts may not overlap");
        assert!(!matches("", "x"));
        assert!(matches("", ""));
    }

    #[test]
    fn only_the_star_is_special() {
        assert!(matches("1.0", "1.0"));
        assert!(!matches("1.0", "1x0"));
        assert!(matches("a+b?(c)", "a+b?(c)"));
    }

    #[test]
    fn expressions_match_from_the_start_and_need_not_reach_the_end() {
        assert!(matches("regexp:lib.*", "library/app"));
        assert!(matches("regexp:lib", "library/app"));
        assert!(!matches("regexp:app", "library/app"));
        assert!(
            !matches("regexp:app|b", "library/app"),
            "the anchor holds for every alternative"
        );
        assert!(matches("regexp:^1\\.0$", "1.0"));
    }

    #[test]
    fn look_around_works_as_policies_expect() {
        assert!(matches("regexp:(?!docker\\.io).*", "quay.io"));
        assert!(!matches("regexp:(?!docker\\.io).*", "docker.io"));
    }

    #[test]
    fn expressions_are_read_as_python_reads_them() {
        for (expression, text) in [
            (r"1\.0\Z", "1.0"),
            (r"a\/b\_c\-d\:e\@f", "a/b_c-d:e@f"),
            (r"a{,3}b", "aab"),
            (r"(?P<word>a+)-(?P=word)", "aa-aa"),
            (r"(?i)ABC", "abc"),
            (r"[^]]+\]", "a]"),
            (r"\w+(?<=c)\b", "abc"),
        ] {
            let expression = Expression::compile(expression).unwrap();
            assert_eq!(
                expression.matches(text),
                Ok(true),
                "{}",
                expression.source()
            );
        }
    }

    #[test]
    fn a_bad_expression_is_refused_with_its_text() {
        let error = Pattern::compile("regexp:(").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`(` is not a regular expression"),
            "{error}"
        );
    }

    #[test]
    fn a_runaway_expression_is_an_error_and_not_a_mismatch() {
        let pattern = Pattern::compile(r"regexp:(a|a)*(?=b)\1c").unwrap();
        let outcome = pattern.matches(&"a".repeat(64));
        assert!(
            matches!(outcome, Err(PatternError::TooCostly { .. })),
            "{outcome:?}"
        );
    }

    /// The slow, obvious matcher: try every place a `*` could end.
    fn oracle(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| oracle(rest, &text[skip..])),
            Some((wanted, rest)) => text
                .split_first()
                .is_some_and(|(found, text)| found == wanted && oracle(rest, text)),
        }
    }

    proptest! {
        #[test]
        fn wildcards_agree_with_the_obvious_matcher(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let wanted = oracle(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(matches(&pattern, &text), wanted);
        }

        #[test]
        fn a_text_without_stars_matches_exactly_itself(text in "[^*]*", other in "\\PC*") {
            prop_assume!(!text.starts_with("regexp:"));
            prop_assert!(matches(&text, &text));
            prop_assert_eq!(matches(&text, &other), text == other);
        }

        #[test]
        fn a_literal_prefix_with_a_star_matches_what_starts_with_it(prefix in "[a-z./:+-]{0,6}", rest in "\\PC*") {
            let pattern = format!("{prefix}*");
            let text = format!("{prefix}{rest}");
            prop_assert!(matches(&pattern, &text));
        }
    }
}
