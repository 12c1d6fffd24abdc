//! Reading the small grammars inside mapping strings, with places for errors.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::SYNTAX;
use crate::mapping::place::Text;

/// What reading a part of an expression gives.
pub(crate) type Parsed<T> = Result<T, Box<Diagnostic>>;

/// A name used in an expression, with its place.
pub(crate) type Named = Text;

/// A place in a string that is being read.
pub(crate) struct Cursor<'a> {
    text: &'a Text,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a Text) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text.value[self.at..]
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes this character, after spaces.
    pub(crate) fn eat(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Whether this character comes next, after spaces.
    pub(crate) fn sees(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        self.rest().starts_with(wanted)
    }

    /// Takes this word, after spaces, when it stands alone.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let found = self
            .rest()
            .strip_prefix(word)
            .is_some_and(|after| !after.starts_with(is_name));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes a name, after spaces.
    pub(crate) fn name(&mut self, what: &str) -> Parsed<Named> {
        self.skip_spaces();
        let rest = self.rest();
        if let Some(inner) = rest.strip_prefix('"')
            && let Some(length) = inner.find('"').filter(|length| *length > 0)
        {
            let start = self.at + 1;
            self.at = start + length + 1;
            return Ok(self.text.part(start..start + length));
        }
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.error(format!("expected {what}")));
        }
        let start = self.at;
        self.at += length;
        Ok(self.text.part(start..self.at))
    }

    /// Takes a JSON value, after spaces; it comes back without insignificant spaces.
    pub(crate) fn json(&mut self) -> Parsed<String> {
        self.skip_spaces();
        match self.try_json() {
            Some(text) => Ok(text),
            None => Err(self.error("expected a JSON value")),
        }
    }

    /// Takes a JSON value if there is one.
    pub(crate) fn try_json(&mut self) -> Option<String> {
        self.skip_spaces();
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value.to_string())
    }

    /// Nothing but spaces may be left.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.skip_spaces();
        if self.rest().is_empty() {
            return Ok(());
        }
        Err(self.error("expected the end"))
    }

    /// An error about what comes next.
    pub(crate) fn error(&self, message: impl Into<String>) -> Box<Diagnostic> {
        let rest = self.rest();
        let word = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let next = rest.chars().next().map_or(0, char::len_utf8);
        let length = word.max(next);
        let found = if rest.is_empty() {
            "found the end".to_owned()
        } else {
            format!("found `{}`", &rest[..length])
        };
        let mut diagnostic = self
            .text
            .place_of(self.at..self.at + length)
            .diagnostic(SYNTAX, message);
        diagnostic.label = Some(found);
        Box::new(diagnostic)
    }

    /// What has been read since `start`.
    pub(crate) fn since(&self, start: usize) -> Text {
        self.text.part(start..self.at)
    }
}

/// What a name may be made of without quotes.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '/')
}
