//! How results look. The only place that prints.

#![expect(clippy::print_stderr, reason = "this module is the printer")]

pub(crate) mod convert;
pub(crate) mod coverage;
pub(crate) mod curl;
pub(crate) mod json;
pub(crate) mod lint;
pub(crate) mod table;
pub(crate) mod text;

use crate::exit::Exit;
use crate::read::records::Source;

/// Prints why a command could not do its work, with its causes.
pub(crate) fn fail(error: &anyhow::Error) -> Exit {
    eprintln!("windlass: {error:#}");
    Exit::Failed
}

/// Says which lines could not be read, so that a report is never silently short.
pub(crate) fn warn_unreadable(sources: &[Source]) {
    for source in sources.iter().filter(|source| source.unreadable > 0) {
        eprintln!(
            "windlass: `{}`: {} of {} lines are no record and were left out",
            table::printable(&source.name),
            source.unreadable,
            source.lines
        );
        for line in &source.first_unreadable {
            eprintln!("  line {}: {}", line.line, line.reason);
        }
        if source.unreadable > source.first_unreadable.len() as u64 {
            eprintln!("  …");
        }
    }
}
