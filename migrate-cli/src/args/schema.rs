//! `windlass schema`.

use clap::{Args, ValueEnum};

/// Print the JSON Schema of a result.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which
    #[arg(value_enum, default_value_t = Subject::Audit)]
    pub(crate) subject: Subject,
}

/// Results that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// `windlass audit --format json`
    Audit,
    /// `windlass gate --evidence`
    Gate,
    /// `windlass scan --format json`
    Scan,
    /// `windlass replay --format json`
    Replay,
}
