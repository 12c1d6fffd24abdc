//! `windlass audit`: who calls V1, with what, and what to call instead.

use crate::args::{Audit, Format};
use crate::audit::observation::Observations;
use crate::audit::report::Report;
use crate::exit::Exit;
use crate::{read, render};

pub(crate) fn run(arguments: &Audit, out: &mut String) -> anyhow::Result<Exit> {
    let mappings = super::load_mappings(arguments.mappings.as_deref())?;
    let mut observations = Observations::default();
    let mut sources = Vec::new();
    for path in &arguments.records {
        sources.push(read::records::read(
            path,
            arguments.strict,
            &mut |exchange| observations.add(exchange),
        )?);
    }
    let report = Report::build(observations, &mappings, sources);
    match arguments.format {
        Format::Text => render::text::audit(&report, out),
        Format::Json => render::json::pretty(&report, out)?,
    }
    render::warn_unreadable(&report.sources);
    let fails = arguments
        .fail_on
        .is_some_and(|limit| report.worst() >= limit.threshold());
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}
