//! Exit codes. There are no others.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it did its work, and nothing is at or above `--fail-on`.
    Clean,
    /// 1: it did its work and found something at or above `--fail-on`.
    Findings,
    /// 2: it could not do its work; the reason is on standard error.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
        })
    }
}
