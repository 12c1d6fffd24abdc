//! `windlass schema`: the JSON Schema of a result.

use crate::args::{Schema, Subject};
use crate::audit::gate::Evidence;
use crate::audit::report::Report;
use crate::exit::Exit;
use crate::render;
use crate::replay::Replayed;
use crate::scan::Findings;

pub(crate) fn run(arguments: &Schema, out: &mut String) -> anyhow::Result<Exit> {
    let schema = match arguments.subject {
        Subject::Audit => schemars::schema_for!(Report),
        Subject::Gate => schemars::schema_for!(Evidence),
        Subject::Scan => schemars::schema_for!(Findings),
        Subject::Replay => schemars::schema_for!(Replayed),
    };
    render::json::pretty(&schema, out)?;
    Ok(Exit::Clean)
}
