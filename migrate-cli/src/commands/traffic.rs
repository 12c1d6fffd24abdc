//! Reads the traffic that a command's arguments name, into one tally.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::available_parallelism;

use anyhow::bail;
use windlass_transforms::Mappings;

use crate::args::Inputs;
use crate::audit::classify::Classifier;
use crate::audit::counter::{Counting, Window};
use crate::audit::identity::Identity;
use crate::audit::tally::Tally;
use crate::read::formats::Choice;
use crate::read::{Formats, Reading, expand, read};
use crate::render::progress::Progress;

/// Reads everything. `more` are further inputs.
pub(crate) fn tally(
    arguments: &Inputs,
    more: &[PathBuf],
    mappings: &Mappings,
) -> anyhow::Result<Tally> {
    let named: Vec<PathBuf> = arguments.paths.iter().chain(more).cloned().collect();
    if named.is_empty() {
        bail!("nothing to read: name files, folders or patterns, or `-` for standard input");
    }
    let inputs = expand(&named)?;
    let formats = Formats::new(&Choice {
        kind: arguments.input_format,
        log_format: arguments.log_format.as_deref(),
        fields: &arguments.fields,
        regex: arguments.regex.as_deref(),
    })?;
    let counting = Counting {
        classifier: Classifier::new(mappings),
        identity: Identity::new(&arguments.identify_by, arguments.clients.as_deref())?,
        window: Window {
            since: arguments.since,
            until: arguments.until,
        },
    };
    let bytes = Arc::new(AtomicU64::new(0));
    let mut progress = Progress::new(&inputs, Arc::clone(&bytes), "lines");
    let tally = read(
        &inputs,
        &counting,
        Reading {
            formats: &formats,
            strict: arguments.strict,
            threads: arguments
                .threads
                .unwrap_or_else(|| available_parallelism().map_or(1, usize::from)),
            bytes,
            progress: &mut |lines| progress.show(lines),
        },
    );
    progress.end();
    tally
}
