//! `windlass replay`: what recorded V1 exchanges would get from the proxy.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context as _;
use windlass_migrate::documents;

use crate::args::{Format, Replay as Arguments};
use crate::exit::Exit;
use crate::read::exchanges::exchanges;
use crate::read::expand;
use crate::render;
use crate::render::progress::Progress;
use crate::replay::{Contract, Plans, Rows};

pub(crate) fn run(arguments: &Arguments, out: &mut String) -> anyhow::Result<Exit> {
    let set = windlass_mappings::read_set(arguments.mappings.as_deref())?;
    let mappings =
        windlass_mappings::compile_set(&set).map_err(windlass_mappings::LoadError::Wrong)?;
    let v2 = match &arguments.v2 {
        Some(path) => documents::read(path)?,
        None => documents::built_in_v2(),
    };
    let v1 = windlass_mappings::document::v1(&set, &v2, None)
        .context("failed to derive the V1 document")?;
    let contract = Contract::new(v2, v1);
    let plans = Plans::new(&set, &mappings, &contract);

    let named: Vec<PathBuf> = arguments
        .paths
        .iter()
        .chain(&arguments.har)
        .cloned()
        .collect();
    let inputs = expand(&named)?;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut progress = Progress::new(&inputs, Arc::clone(&bytes), "exchanges");
    let mut rows = Rows::default();
    let mut count = 0;
    let sources = exchanges(&inputs, arguments.strict, &bytes, &mut |recorded| {
        plans.exchange(recorded, &mut rows);
        count += 1;
        progress.show(count);
        ControlFlow::Continue(())
    });
    progress.end();
    let sources = sources?;
    render::warn_unreadable(&sources);
    let replayed = rows.finish(sources);
    match arguments.format {
        Format::Text => render::replay::text(&replayed, out),
        Format::Json => render::json::pretty(&replayed, out)?,
    }
    let wrong = replayed.rows.iter().any(|row| row.verdict.is_wrong());
    Ok(if arguments.fail && wrong {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
