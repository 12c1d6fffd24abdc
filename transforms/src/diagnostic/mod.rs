//! Errors for people who write mappings: a code, a place, and what to do.

pub mod code;
mod render;

use serde::Serialize;

pub use code::Code;

/// One thing that is wrong with a mapping file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// What is wrong: a fragment without a full stop, names in backticks.
    pub message: String,
    /// The file, relative to the mappings folder.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant; at least 1.
    pub length: usize,
    /// The line of the file.
    pub source_line: String,
    /// What stands under the place: what was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The nearest of some names, as a question; `None` when none is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let folded = name.to_lowercase();
    known
        .into_iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&folded, &known.to_lowercase()),
                known,
            )
        })
        .filter(|(distance, _)| *distance <= name.chars().count().div_ceil(3))
        .min()
        .map(|(_, known)| format!("did you mean `{known}`?"))
}
