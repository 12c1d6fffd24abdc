//! `windlass`: the migration toolkit.
//!
//! ```text
//! traffic ─read─▶ calls ─count─▶ tally ─judge by plans─▶ report ─render─▶ table · JSON · HTML · …
//! ```
//!
//! One direction, plain values between the steps, and no step but `render` decides how
//! anything looks. What an operation means is asked of the same plans that the proxy runs.

mod args;
mod audit;
mod commands;
mod exit;
mod read;
mod render;
mod replay;
mod scan;
#[cfg(test)]
mod secrets;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Command, MappingsCommand, Windlass};

fn main() -> ExitCode {
    let arguments = Windlass::parse();
    let mut out = String::new();
    let result = match &arguments.command {
        Command::Audit(audit) => commands::audit::run(audit, &mut out),
        Command::Gate(gate) => commands::gate::run(gate, &mut out),
        Command::Replay(replay) => commands::replay::run(replay, &mut out),
        Command::Scan(scan) => commands::scan::run(scan, &mut out),
        Command::Schema(schema) => commands::schema::run(schema, &mut out),
        Command::Explain(explain) => commands::explain::run(explain, &mut out),
        Command::Convert(convert) => commands::convert::run(convert, &mut out),
        Command::Lint(lint) => commands::lint::run(lint, &mut out),
        Command::Coverage(coverage) => commands::coverage::run(coverage, &mut out),
        Command::Mappings(mappings) => match &mappings.command {
            MappingsCommand::Infer(infer) => commands::infer::run(infer, &mut out),
        },
    };
    // A closed pipe (`windlass audit … | head`) is a quiet end, not an error.
    let written = std::io::stdout().write_all(out.as_bytes());
    let exit = match (result, written) {
        (Ok(exit), Ok(())) => exit,
        (Ok(exit), Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => exit,
        (Ok(_), Err(error)) => {
            render::fail(&anyhow::Error::new(error).context("failed to write the report"))
        }
        (Err(error), _) => render::fail(&error),
    };
    exit.into()
}
