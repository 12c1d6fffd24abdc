//! What is wrong with the mappings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use windlass_transforms::compare::{Comparison, NotChecked};
use windlass_transforms::diagnostic::Diagnostic;

use super::table::{plural, thousands};

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// Most operations named for a reason.
const SHOWN: usize = 5;

/// What `lint` found.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    format: u32,
    /// The documents that were asked, by name.
    documents: &'a [String],
    diagnostics: &'a [Diagnostic],
    not_checked: &'a [NotChecked],
}

impl<'a> Report<'a> {
    pub(crate) fn new(documents: &'a [String], found: &'a Comparison) -> Self {
        Self {
            format: FORMAT,
            documents,
            diagnostics: &found.diagnostics,
            not_checked: &found.not_checked,
        }
    }
}

pub(crate) fn text(report: &Report<'_>, out: &mut String) {
    // Writing to a string cannot fail.
    for diagnostic in report.diagnostics {
        let _ = writeln!(out, "{diagnostic}");
    }
    let mistakes = report.diagnostics.len() as u64;
    let _ = match mistakes {
        0 => write!(out, "nothing is wrong"),
        _ => write!(out, "{}", plural(mistakes, "mistake", "mistakes")),
    };
    if report.documents.is_empty() {
        out.push_str("; held against no document yet\n");
    } else {
        let _ = writeln!(out, "; held against {}", report.documents.join(", "));
    }
    if mistakes > 0 {
        out.push_str("`windlass explain CODE` says more about a code\n");
    }
    not_checked(report.not_checked, out);
}

/// What no document could be asked about, by reason.
fn not_checked(list: &[NotChecked], out: &mut String) {
    let mut reasons: BTreeMap<&str, Vec<&NotChecked>> = BTreeMap::new();
    for entry in list {
        reasons.entry(&entry.why).or_default().push(entry);
    }
    for (why, entries) in reasons {
        let _ = writeln!(
            out,
            "not checked, because {why}: {}",
            thousands(entries.len() as u64)
        );
        for entry in entries.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}: {}", entry.operation, entry.what);
        }
        if entries.len() > SHOWN {
            out.push_str("  … (all of them with --format json)\n");
        }
    }
}
