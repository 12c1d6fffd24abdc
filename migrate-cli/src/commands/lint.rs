//! `windlass lint`: the mappings held against the documents of both APIs.

use windlass_mappings::LoadError;
use windlass_mappings::steps::STEPS;
use windlass_transforms::compare::{Comparison, compare};
use windlass_transforms::diagnostic::Diagnostic;

use crate::args::{Format, Lint, LintFailOn};
use crate::exit::Exit;
use crate::render;
use crate::render::lint::Report;

pub(crate) fn run(arguments: &Lint, out: &mut String) -> anyhow::Result<Exit> {
    let places = arguments.documents.places();
    let mut asked = Vec::new();
    let compiled = windlass_mappings::read_set(arguments.mappings.as_deref()).and_then(|set| {
        let mappings = windlass_mappings::compile_set(&set).map_err(LoadError::Wrong)?;
        Ok((set, mappings))
    });
    let found = match compiled {
        Ok((set, mappings)) => {
            let documents = places.load(&set)?;
            let sources = documents.v1.iter().chain(&documents.v2);
            asked.extend(sources.map(|source| source.name.clone()));
            compare(&set, &mappings, STEPS, &documents)
        }
        // What does not compile is not held against anything.
        Err(LoadError::Wrong(diagnostics)) => only(diagnostics),
        Err(error) => return Err(error.into()),
    };
    let report = Report::new(&asked, &found);
    match arguments.format {
        Format::Text => render::lint::text(&report, out),
        Format::Json => render::json::pretty(&report, out)?,
    }
    let fails = !found.diagnostics.is_empty()
        || (arguments.fail_on == LintFailOn::Unchecked && !found.not_checked.is_empty());
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

fn only(diagnostics: Vec<Diagnostic>) -> Comparison {
    Comparison {
        diagnostics,
        ..Comparison::default()
    }
}
