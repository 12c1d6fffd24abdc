//! Where a value stands in its file.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};

/// One mapping file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the mappings folder.
    pub(crate) path: Box<str>,
    pub(crate) text: Box<str>,
}

/// A range of bytes in a file.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) range: Range<usize>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}", self.file.path, self.range)
    }
}

impl Place {
    /// The beginning of a file, for what is missing in it.
    pub(crate) fn start_of(file: &Arc<SourceFile>) -> Self {
        Self {
            file: Arc::clone(file),
            range: 0..0,
        }
    }

    /// A diagnostic about this place.
    pub(crate) fn diagnostic(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        let text = &*self.file.text;
        let start = self.range.start.min(text.len());
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = self.range.end.clamp(start, line_end);
        Diagnostic {
            code,
            message: message.into(),
            file: self.file.path.to_string(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            length: text[start..end].chars().count().max(1),
            source_line: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            label: None,
            help: None,
        }
    }
}

/// A string value, or a part of one, with its place.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) value: String,
    /// With the quotes, where it is a whole string.
    pub(crate) place: Place,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.value
    }

    pub(crate) fn diagnostic(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.place.diagnostic(code, message)
    }

    /// The place of a range of this (whole) string, given in bytes of its value. Where the
    /// file spells the string with escapes, they are walked over.
    pub(crate) fn place_of(&self, range: Range<usize>) -> Place {
        let raw = &self.place.file.text[self.place.range.clone()];
        let (quote, escapes) = match raw.as_bytes() {
            [b'"', b'"', b'"', ..] => (3, true),
            [b'\'', b'\'', b'\'', ..] => (3, false),
            [b'"', ..] => (1, true),
            [b'\'', ..] => (1, false),
            _ => (0, false),
        };
        let inner = raw.get(quote..raw.len() - quote).unwrap_or(raw);
        let at = |offset: usize| -> usize {
            let inside = if escapes && inner.contains('\\') {
                raw_offset(inner, offset)
            } else {
                offset.min(inner.len())
            };
            self.place.range.start + quote + inside
        };
        Place {
            file: Arc::clone(&self.place.file),
            range: at(range.start)..at(range.end),
        }
    }

    /// A part of this string, with its place.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        Self {
            value: self.value[range.clone()].to_owned(),
            place: self.place_of(range),
        }
    }
}

/// From an offset in a string's value to the offset in its spelling with escapes.
fn raw_offset(raw: &str, wanted: usize) -> usize {
    let mut decoded = 0;
    let mut chars = raw.char_indices();
    while let Some((at, char)) = chars.next() {
        if decoded >= wanted {
            return at;
        }
        decoded += match char {
            '\\' => {
                let digits = match chars.next() {
                    Some((_, 'u')) => 4,
                    Some((_, 'U')) => 8,
                    Some((_, 'x')) => 2,
                    _ => 0,
                };
                let code: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                u32::from_str_radix(&code, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .map_or(1, char::len_utf8)
            }
            other => other.len_utf8(),
        };
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str, value: &str) -> Text {
        let file = Arc::new(SourceFile {
            path: "a.toml".into(),
            text: format!("key = {raw}\n").into(),
        });
        Text {
            value: value.to_owned(),
            place: Place {
                file,
                range: 6..6 + raw.len(),
            },
        }
    }

    #[test]
    fn a_part_of_a_string_is_found_behind_its_quotes() {
        for raw in ["\"ab cd\"", "'ab cd'", "\"\"\"ab cd\"\"\""] {
            let place = text(raw, "ab cd").place_of(3..5);
            assert_eq!(&place.file.text[place.range], "cd");
        }
    }

    #[test]
    fn escapes_are_walked_over() {
        let place = text(r#""{ \"é\u00e9\": x }""#, "{ \"éé\": x }").place_of(10..11);
        assert_eq!(&place.file.text[place.range], "x");
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let file = Arc::new(SourceFile {
            path: "a.toml".into(),
            text: "x = 1\né = \"wörd\"\n".into(),
        });
        let start = file.text.find("\"w").unwrap();
        let place = Place {
            range: start..start + 7,
            file,
        };
        let found = place.diagnostic(Code(101), "m");
        assert_eq!((found.line, found.column, found.length), (2, 5, 6));
        assert_eq!(found.source_line, "é = \"wörd\"");
    }
}
