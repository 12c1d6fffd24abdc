//! Drafts a mapping folder for two documents.
//!
//! ```text
//! V1 operations ─┐ path, method, id,      paired    parameters, bodies ─┐ names, types,
//! V2 operations ─┘ summary, members ────▶ operations ─────────────────▶ ┘ descriptions, what else
//!                                                                         is left over together
//! ```
//!
//! A draft is for somebody who reads it: each line carries how sure it is, from 0 to 1, and why.
//! What is less sure than [`SURE`] is a comment, or a line of `unmapped.toml`, never a rule.
//! Where two documents rename a thing everywhere, the names need not resemble each other: that
//! both are left over in the same schemas, again and again, is evidence too.

mod against;
mod fields;
mod likeness;
mod operations;
mod parameters;
mod write;

use std::collections::BTreeMap;

use windlass_transforms::compare::Source;

pub use against::{Agreement, against};

/// From this confidence on a line is a rule.
pub const SURE: f64 = 0.7;

/// How sure something is, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Confidence {
    /// From 0 to 1.
    value: f64,
    why: String,
}

impl Confidence {
    fn new(value: f64, why: impl Into<String>) -> Self {
        Self {
            value: value.clamp(0.0, 1.0),
            why: why.into(),
        }
    }

    fn is_sure(&self) -> bool {
        self.value >= SURE
    }
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} {}", self.value, self.why)
    }
}

/// A drafted mapping folder.
#[derive(Debug, Default)]
pub struct Draft {
    /// Path relative to the folder, and text.
    pub files: BTreeMap<String, String>,
    /// V1 operations in all.
    pub operations: usize,
    /// Of them, those that have a file.
    pub mapped: usize,
    /// Lines that became rules.
    pub rules: usize,
    /// Lines that are comments, because they are not sure.
    pub comments: usize,
}

/// Drafts mappings from some V1 documents to one V2 document.
pub fn infer(v1: &[Source], v2: &Source) -> Draft {
    let pairs = operations::pair(v1, v2);
    let mut schemas = fields::Schemas::default();
    for pair in &pairs {
        schemas.collect(pair);
    }
    schemas.settle();
    write::draft(&pairs, &schemas)
}
