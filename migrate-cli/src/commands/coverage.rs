//! `windlass coverage`: what of V1 is mapped, counted.

use anyhow::bail;
use windlass_mappings::LoadError;
use windlass_mappings::steps::STEPS;
use windlass_migrate::coverage::Coverage;
use windlass_transforms::compare::compare;

use crate::args::{self, CoverageFormat};
use crate::exit::Exit;
use crate::render;

pub(crate) fn run(arguments: &args::Coverage, out: &mut String) -> anyhow::Result<Exit> {
    let set = windlass_mappings::read_set(arguments.mappings.as_deref())?;
    let mappings = windlass_mappings::compile_set(&set).map_err(LoadError::Wrong)?;
    let documents = arguments.documents.places().load(&set)?;
    if documents.v1.is_empty() {
        bail!(
            "there is no V1 document to count: set WINDLASS_REFERENCE (or --reference) to a folder with the specifications, or give --v1 FILE"
        );
    }
    let found = compare(&set, &mappings, STEPS, &documents);
    let listed: Vec<&str> = arguments.list.iter().map(|name| name.word()).collect();
    let coverage = Coverage::count(&found, &documents, &listed);
    match arguments.format {
        CoverageFormat::Text => render::coverage::text(&coverage, out),
        CoverageFormat::Json => render::json::pretty(&coverage, out)?,
        CoverageFormat::Markdown => render::coverage::markdown(&coverage, out),
    }
    let fails = found.facts.iter().any(|fact| {
        arguments
            .fail_on
            .iter()
            .any(|name| name.word() == fact.verdict.word())
    });
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}
