//! How results look. The only place that prints.

#![expect(clippy::print_stderr, reason = "this module is the printer")]

pub(crate) mod convert;
pub(crate) mod coverage;
pub(crate) mod csv;
pub(crate) mod curl;
pub(crate) mod gate;
pub(crate) mod html;
pub(crate) mod infer;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod lint;
pub(crate) mod markdown;
pub(crate) mod progress;
pub(crate) mod replay;
pub(crate) mod sarif;
pub(crate) mod scan;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod words;

use crate::exit::Exit;
use crate::read::source::Source;

/// Prints why a command could not do its work, with its causes.
pub(crate) fn fail(error: &anyhow::Error) -> Exit {
    eprintln!("windlass: {error:#}");
    Exit::Failed
}

/// Says what could not be read, so that a report is never silently short.
pub(crate) fn warn_unreadable(sources: &[Source]) {
    for source in sources {
        let name = table::printable(&source.name);
        if let Some(reason) = &source.cut_short {
            eprintln!("windlass: `{name}`: {reason}");
        }
        if source.first_unreadable.is_empty() {
            continue;
        }
        eprintln!(
            "windlass: `{name}`: {} of {} lines could not be read and were left out",
            source.unreadable, source.lines
        );
        for line in &source.first_unreadable {
            eprintln!("  line {}: {}", line.line, line.reason);
        }
        if source.unreadable > source.first_unreadable.len() as u64 {
            eprintln!("  …");
        }
    }
}
