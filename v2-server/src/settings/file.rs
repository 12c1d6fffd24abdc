//! The TOML file, flattened: each value under its dotted key, with the line it stands on.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Error;
use super::nearest::suggestion;

/// A value of the file as text, the way a flag would give it.
#[derive(Debug)]
pub(super) struct FileValue {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) line: usize,
}

/// Reads all values of the file at `path`.
///
/// # Errors
/// The file cannot be read or is no TOML; a key is not among `known`.
pub(super) fn read(path: &Path, known: &[&str]) -> Result<Vec<FileValue>, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, known).map_err(|(line, message)| Error::InFile {
        path: path.to_owned(),
        line,
        message,
    })
}

/// Line and message of what is wrong in a file.
type Fault = (usize, String);

fn parse(text: &str, known: &[&str]) -> Result<Vec<FileValue>, Fault> {
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(at), error.message().to_owned())
    })?;
    let mut leaves = Vec::new();
    collect("", table.get_ref(), &mut leaves);
    leaves
        .into_iter()
        .map(|(key, value)| {
            let line = line_of(value.span().start);
            if !known.contains(&key.as_str()) {
                let guess = suggestion(&key, known.iter().copied());
                return Err((line, format!("unknown setting `{key}`{guess}")));
            }
            let text = as_text(value.get_ref()).ok_or_else(|| {
                let expected = "a text, a number, true, false, or a list of these";
                (line, format!("`{key}`: expected {expected}"))
            })?;
            Ok(FileValue { key, text, line })
        })
        .collect()
}

/// All values that are no tables, in the order of the file's tables.
fn collect<'a>(
    prefix: &str,
    table: &'a DeTable<'a>,
    leaves: &mut Vec<(String, &'a Spanned<DeValue<'a>>)>,
) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => collect(&format!("{key}."), inner, leaves),
            _ => leaves.push((key, value)),
        }
    }
}

fn as_text(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Array(elements) => {
            let texts: Option<Vec<String>> = elements
                .iter()
                .map(|element| as_text(element.get_ref()))
                .collect();
            texts?.join(",")
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}
