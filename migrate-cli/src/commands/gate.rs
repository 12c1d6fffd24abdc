//! `windlass gate`: whether V1 can be switched off.

use anyhow::Context as _;

use super::{load_mappings, traffic};
use crate::args::{Format, Gate};
use crate::audit::gate::{Question, judge};
use crate::audit::moment::Moment;
use crate::audit::report::build;
use crate::exit::Exit;
use crate::render;

pub(crate) fn run(arguments: &Gate, out: &mut String) -> anyhow::Result<Exit> {
    let mappings = load_mappings(arguments.inputs.mappings.as_deref())?;
    let tally = traffic::tally(&arguments.inputs, &[], &mappings)?;
    render::warn_unreadable(&tally.sources);
    let evidence = judge(
        build(tally, &mappings),
        &Question {
            quiet_days: arguments.quiet_days,
            until: arguments.inputs.until,
            waived: arguments.waive.clone(),
            allow_gaps: arguments.allow_gaps,
            allow_unreadable: arguments.allow_unreadable,
            now: Moment::now(),
        },
    );
    if let Some(path) = &arguments.evidence {
        let mut json = String::new();
        render::json::pretty(&evidence, &mut json)?;
        std::fs::write(path, json)
            .with_context(|| format!("failed to write the evidence to `{}`", path.display()))?;
    }
    match arguments.format {
        Format::Text => render::gate::text(&evidence, out),
        Format::Json => render::json::pretty(&evidence, out)?,
    }
    Ok(if evidence.passed {
        Exit::Clean
    } else {
        Exit::Findings
    })
}
