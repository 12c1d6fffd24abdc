//! `windlass mappings infer`: a draft for two documents.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use windlass_mappings::LoadError;
use windlass_mappings::steps::STEPS;
use windlass_migrate::documents::Places;
use windlass_migrate::infer::{Draft, against, infer};
use windlass_transforms::compare::{Comparison, Documents, compare};
use windlass_transforms::{MappingSet, Mappings};

use crate::args::{Format, Infer};
use crate::exit::Exit;
use crate::render;

pub(crate) fn run(arguments: &Infer, out: &mut String) -> anyhow::Result<Exit> {
    let Some(((_, v2), v1)) = arguments.documents.split_last() else {
        unreachable!("clap asks for two");
    };
    let places = Places {
        v1: v1.to_vec(),
        v2: vec![v2.clone()],
        ..Places::default()
    };
    // Which services there are is for a draft to say.
    let documents = places.load(&MappingSet::default())?;
    let Some(v2) = documents.v2.first() else {
        unreachable!("the one that was named is loaded");
    };
    let draft = infer(&documents.v1, v2);
    if let Some(folder) = &arguments.against {
        let agreement = agreement(&places, &draft, folder.as_deref())?;
        match arguments.format {
            Format::Text => render::infer::agreement(&agreement, out),
            Format::Json => render::json::pretty(&agreement, out)?,
        }
        return Ok(Exit::Clean);
    }
    match &arguments.out {
        Some(folder) => {
            write(&draft, folder)?;
            render::infer::written(&draft, folder);
        }
        None => {
            for (path, text) in &draft.files {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "#--- {path}\n{text}");
            }
        }
    }
    Ok(Exit::Clean)
}

fn agreement(
    places: &Places,
    draft: &Draft,
    folder: Option<&Path>,
) -> anyhow::Result<Vec<windlass_migrate::infer::Agreement>> {
    let set = windlass_mappings::read_set(folder)?;
    let mappings = windlass_mappings::compile_set(&set).map_err(LoadError::Wrong)?;
    let drafted = files(draft).map_err(LoadError::Wrong)?;
    let compiled = Mappings::compile(&drafted, &[]).map_err(LoadError::Wrong)?;
    let documents = places.load(&set)?;
    let held = |set: &MappingSet, mappings: &Mappings, documents: &Documents| -> Comparison {
        compare(set, mappings, STEPS, documents)
    };
    let found = held(&set, &mappings, &documents);
    let draft_found = held(&drafted, &compiled, &places.load(&drafted)?);
    Ok(against((&mappings, &found), (&compiled, &draft_found)))
}

fn files(draft: &Draft) -> Result<MappingSet, Vec<windlass_transforms::diagnostic::Diagnostic>> {
    let files = draft.files.iter();
    MappingSet::parse(files.map(|(path, text)| (path.as_str(), text.as_str())))
}

fn write(draft: &Draft, folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    if folder.exists() && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{shown}` is not empty: name a new folder, so that nothing is overwritten");
    }
    for (path, text) in &draft.files {
        let path = folder.join(path);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above)
            .with_context(|| format!("failed to make the folder `{}`", above.display()))?;
        fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}
