//! `windlass scan`: V1 in scripts and code.

use super::load_mappings;
use crate::args::{Scan, ScanFormat};
use crate::exit::Exit;
use crate::render;
use crate::scan::{Scanner, scan};

pub(crate) fn run(arguments: &Scan, out: &mut String) -> anyhow::Result<Exit> {
    let mappings = load_mappings(arguments.mappings.as_deref())?;
    let scanner = Scanner::new(&mappings);
    let found = scan(&arguments.paths, &scanner, arguments.confidence)?;
    match arguments.format {
        ScanFormat::Text => render::scan::text(&found, out),
        ScanFormat::Json => render::json::pretty(&found, out)?,
        ScanFormat::Sarif => render::scan::sarif(&found, out)?,
    }
    Ok(if arguments.fail && !found.places.is_empty() {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
