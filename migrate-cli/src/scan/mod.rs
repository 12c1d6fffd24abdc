//! V1 in scripts and code: paths of operations, field names that stand together, commands of V1
//! clients.
//!
//! A file is read line by line and never quoted. What an operation is and what replaces it is
//! asked of the mappings; what else is known is in `data/scan.toml`.

mod commands;
mod names;
mod paths;
mod walk;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use windlass_transforms::Mappings;

pub(crate) use walk::scan;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// How sure a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// Other APIs look like this as well
    Low,
    /// Only this API is known to look like this
    Medium,
    /// The file speaks of Anchore, or it can be nothing else
    High,
}

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// The path of a V1 operation.
    Path,
    /// V1 names of fields or parameters, together.
    Names,
    /// A command of a V1 client.
    Command,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// The file, as it was found.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u64,
    /// What it is.
    pub(crate) what: What,
    /// How sure that is.
    pub(crate) confidence: Confidence,
    /// The V1 operation, where it is one.
    pub(crate) operation: Option<String>,
    /// What stands there, in V1 words from the mappings.
    pub(crate) v1: String,
    /// What takes its place in V2.
    pub(crate) v2: String,
}

/// Everything found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "windlass scan")]
pub(crate) struct Findings {
    /// Version of this form.
    pub(crate) format: u32,
    /// Files that were read.
    pub(crate) files: u64,
    /// By file and line.
    pub(crate) places: Vec<Finding>,
}

/// Looks at files.
pub(crate) struct Scanner<'m> {
    paths: paths::Paths<'m>,
    names: names::Names,
    commands: commands::Commands<'m>,
}

impl<'m> Scanner<'m> {
    /// A scanner by these mappings.
    pub(crate) fn new(mappings: &'m Mappings) -> Self {
        Self {
            paths: paths::Paths::new(mappings),
            names: names::Names::new(mappings),
            commands: commands::Commands::new(mappings),
        }
    }

    /// Findings in the text of one file.
    pub(crate) fn file(&self, file: &str, text: &str) -> Vec<Finding> {
        let lower = text.to_ascii_lowercase();
        let speaks_of_it =
            lower.contains("anchore") || file.to_ascii_lowercase().contains("anchore");
        let mut findings = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.len() > walk::LONGEST_LINE {
                continue;
            }
            let number = index as u64 + 1;
            self.paths.line(line, speaks_of_it, &mut |found| {
                findings.push(found.at(file, number));
            });
            self.commands.line(line, &mut |found| {
                findings.push(found.at(file, number));
            });
        }
        self.names.text(text, speaks_of_it, &mut |found, number| {
            findings.push(found.at(file, number));
        });
        raise(&mut findings);
        findings.sort_by(|a, b| (a.line, a.what, &a.v1).cmp(&(b.line, b.what, &b.v1)));
        findings.dedup();
        findings
    }
}

/// A finding without its place.
struct Found {
    what: What,
    confidence: Confidence,
    operation: Option<String>,
    v1: String,
    v2: String,
}

impl Found {
    fn at(self, file: &str, line: u64) -> Finding {
        Finding {
            file: file.to_owned(),
            line,
            what: self.what,
            confidence: self.confidence,
            operation: self.operation,
            v1: self.v1,
            v2: self.v2,
        }
    }
}

/// Paths that other APIs have as well are believed when a file has several of them.
fn raise(findings: &mut [Finding]) {
    let operations: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| finding.operation.as_deref())
        .collect();
    if operations.len() >= 3 {
        for finding in findings {
            finding.confidence = finding.confidence.max(Confidence::Medium);
        }
    }
}

/// What replaces an operation, in a few words.
fn replacement(operation: &windlass_transforms::plan::operation::Operation) -> String {
    use windlass_transforms::plan::operation::Kind;
    match (&operation.kind, &operation.explanation.v2) {
        (Kind::None { instead, .. }, _) => format!("nothing in V2: {instead}"),
        (Kind::Answer(_), _) => "no call needed in V2".to_owned(),
        (Kind::Unmapped, _) => "not mapped by this version of Windlass".to_owned(),
        (_, Some(call)) => call.replacen(" /", " /v2/", 1),
        (_, None) => format!("several V2 calls: `windlass explain {}`", operation.id),
    }
}

#[cfg(test)]
mod tests;
