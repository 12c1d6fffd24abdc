//! `windlass replay`: what recorded V1 exchanges would get from the proxy.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::anyhow;

use crate::args::{Format, Replay as Arguments};
use crate::exit::Exit;
use crate::read::{har_entries, open};
use crate::render;
use crate::replay::{Replay, Verdict};

pub(crate) fn run(arguments: &Arguments, out: &mut String) -> anyhow::Result<Exit> {
    let set = windlass_mappings::read_set(arguments.mappings.as_deref())?;
    let mappings =
        windlass_mappings::compile_set(&set).map_err(windlass_mappings::LoadError::Wrong)?;
    let mut replay = Replay::new(&set, &mappings);
    let mut unreadable = 0;
    for path in &arguments.har {
        let mut opened = open(path, &Arc::new(AtomicU64::new(0)))?;
        har_entries(&mut opened.bytes, &mut |entry| match entry {
            Some(entry) => {
                let answer = entry.answer();
                entry.with_call(|call| replay.exchange(call, answer.as_deref()));
            }
            None => unreadable += 1,
        })
        // Never the error itself: it might quote what it read.
        .map_err(|_| {
            anyhow!(
                "failed to read `{}`: it is no HTTP Archive, or damaged",
                path.display()
            )
        })?;
    }
    let replayed = replay.finish(unreadable);
    match arguments.format {
        Format::Text => render::replay::text(&replayed, out),
        Format::Json => render::json::pretty(&replayed, out)?,
    }
    let wrong = replayed
        .rows
        .iter()
        .any(|row| row.verdict > Verdict::Unchecked);
    Ok(if arguments.fail && wrong {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
