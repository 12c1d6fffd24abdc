//! `windlass replay`: what recorded V1 exchanges would get from the proxy.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use windlass_migrate::documents;
use windlass_transforms::document::Document;
use windlass_transforms::{MappingSet, Mappings};

use crate::args::{Format, Replay as Arguments};
use crate::exit::Exit;
use crate::read::exchanges::{Recorded, exchanges};
use crate::read::expand;
use crate::read::source::Source;
use crate::render;
use crate::render::progress::Progress;
use crate::replay::live::{Credentials, Live, Settings};
use crate::replay::{Contract, Ignored, Plans, Replayed, Rows, member_names};

pub(crate) fn run(arguments: &Arguments, out: &mut String) -> anyhow::Result<Exit> {
    let set = windlass_mappings::read_set(arguments.mappings.as_deref())?;
    let mappings =
        windlass_mappings::compile_set(&set).map_err(windlass_mappings::LoadError::Wrong)?;
    let replayed = match &arguments.against.url {
        Some(url) => against(url, arguments, &set, mappings)?,
        None => without_a_server(arguments, &set, &mappings)?,
    };
    render::warn_unreadable(&replayed.sources);
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

fn without_a_server(
    arguments: &Arguments,
    set: &MappingSet,
    mappings: &Mappings,
) -> anyhow::Result<Replayed> {
    let (v2, v1) = both_documents(arguments, set)?;
    let contract = Contract::new(v2, v1);
    let plans = Plans::new(set, mappings, &contract);
    let mut rows = Rows::default();
    let mut count = 0;
    let sources = read(arguments, &mut |recorded| {
        plans.exchange(recorded, &mut rows);
        count += 1;
        (ControlFlow::Continue(()), count)
    })?;
    Ok(rows.finish(sources, None))
}

/// The V2 document, and the one of V1 that the mappings make of it.
fn both_documents(arguments: &Arguments, set: &MappingSet) -> anyhow::Result<(Document, Document)> {
    let v2 = match &arguments.v2 {
        Some(path) => documents::read(path)?,
        None => documents::built_in_v2(),
    };
    let v1 = windlass_mappings::document::v1(set, &v2, None)
        .context("failed to derive the V1 document")?;
    Ok((v2, v1))
}

fn against(
    url: &str,
    arguments: &Arguments,
    set: &MappingSet,
    mappings: Mappings,
) -> anyhow::Result<Replayed> {
    let wanted = &arguments.against;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let settings = Settings {
        url: url.to_owned(),
        ca: wanted.ca.clone(),
        threads: wanted.threads.into(),
        rate: wanted.rate,
        timeout: Duration::from_secs(wanted.timeout),
        writes: wanted.writes,
        show_values: wanted.show_values,
        ignored: Ignored::parse(&wanted.ignore)?,
        credentials: Credentials::read(wanted.credentials.as_deref(), variable)?,
    };
    let mappings = Arc::new(mappings);
    let (v2, v1) = both_documents(arguments, set)?;
    let mut live = Live::start(&mappings, member_names(&[&v2, &v1]), settings)?;
    let mut rows = Rows::default();
    let sources = read(arguments, &mut |recorded| {
        (live.exchange(recorded, &mut rows), live.answered())
    })?;
    let live = live.finish(&mut rows);
    Ok(rows.finish(sources, Some(live)))
}

/// Hands every exchange to `take`, which says whether to go on and how many are done.
fn read(
    arguments: &Arguments,
    take: &mut dyn FnMut(&Recorded<'_>) -> (ControlFlow<()>, u64),
) -> anyhow::Result<Vec<Source>> {
    let named: Vec<PathBuf> = arguments
        .paths
        .iter()
        .chain(&arguments.har)
        .cloned()
        .collect();
    let inputs = expand(&named)?;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut progress = Progress::new(&inputs, Arc::clone(&bytes), "exchanges");
    let sources = exchanges(&inputs, arguments.strict, &bytes, &mut |recorded| {
        let (next, done) = take(recorded);
        progress.show(done);
        next
    });
    progress.end();
    sources
}
