//! Commands of V1 clients in a line of a script.

use std::sync::LazyLock;

use serde::Deserialize;
use windlass_transforms::Mappings;

use super::{Confidence, Found, What, replacement};

/// `data/scan.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) common_names: Vec<String>,
    command: Vec<Program>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    program: String,
    /// Words behind the program, and the operation.
    words: Vec<(String, String)>,
}

/// The file, read once.
pub(super) fn file() -> &'static File {
    static FILE: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(include_str!("../../data/scan.toml"))
            .expect("`every_command_names_an_operation` keeps it readable")
    });
    &FILE
}

/// Finds commands.
pub(super) struct Commands<'m>(&'m Mappings);

impl<'m> Commands<'m> {
    pub(super) fn new(mappings: &'m Mappings) -> Self {
        Self(mappings)
    }

    /// Hands every command of a line to `take`.
    pub(super) fn line(&self, line: &str, take: &mut dyn FnMut(Found)) {
        for program in &file().command {
            let mut rest = line;
            while let Some(at) = rest.find(&program.program) {
                let after = &rest[at + program.program.len()..];
                let begins = rest[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|c| c.is_whitespace() || "\"'`/(|;&$=".contains(c));
                rest = after;
                if !begins || !after.starts_with([' ', '\t']) {
                    continue;
                }
                if let Some(found) = self.command(program, after) {
                    take(found);
                }
            }
        }
    }

    fn command(&self, program: &Program, after: &str) -> Option<Found> {
        // Options come first, each with a value: `--url http://… --u admin image add`.
        let mut words = after
            .split(|c: char| c.is_whitespace() || "\"'`)|;&".contains(c))
            .filter(|word| !word.is_empty())
            .peekable();
        let mut plain = Vec::new();
        while let Some(word) = words.next() {
            if word.starts_with('-') {
                let takes_value =
                    !word.contains('=') && !matches!(word, "--json" | "--debug" | "--as-account");
                if takes_value
                    && words.peek().is_some_and(|next| !next.starts_with('-'))
                    && plain.is_empty()
                {
                    words.next();
                }
            } else {
                plain.push(word);
            }
            if plain.len() == 3 {
                break;
            }
        }
        let said = plain.join(" ");
        let (_, id) = program
            .words
            .iter()
            .filter(|(words, _)| said == *words || said.starts_with(&format!("{words} ")))
            .max_by_key(|(words, _)| words.len())?;
        let operation = self.0.operation(id)?;
        Some(Found {
            what: What::Command,
            confidence: Confidence::High,
            v1: format!(
                "{} ({} /v1{})",
                program.program, operation.v1.method, operation.v1.template
            ),
            v2: replacement(operation),
            operation: Some(operation.id.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_names_an_operation() {
        for (words, operation) in file().command.iter().flat_map(|program| &program.words) {
            assert!(
                windlass_mappings::mappings().operation(operation).is_some(),
                "{words}: {operation}"
            );
        }
    }
}
