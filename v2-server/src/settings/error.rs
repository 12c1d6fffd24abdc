//! What can be wrong with settings, told so that it can be put right.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a program does not start, or need not: `--help` ends up here too.
#[derive(Debug)]
pub enum Error {
    /// The command line could not be read, or asks only for help or the version.
    CommandLine(clap::Error),
    /// The file could not be read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in the file is wrong.
    InFile {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A value does not fit.
    Value {
        /// Where it comes from: `--listen`, `WINDLASS_LISTEN`, `windlass.toml:3`.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A setting without a default is not set.
    Missing {
        /// The flag.
        flag: String,
        /// The environment variable.
        variable: String,
        /// The key in the file.
        key: &'static str,
    },
}

impl Error {
    /// Tells the reader, and gives the status to end with: 0 after `--help`, else 2.
    pub fn report(&self) -> ExitCode {
        // Nothing is left to do when not even this can be written.
        let (_, code) = match self {
            Self::CommandLine(error) => (error.print(), error.exit_code()),
            error => (writeln!(std::io::stderr(), "error: {error}"), 2),
        };
        u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(error) => write!(f, "{error}"),
            Self::File { path, source } => {
                write!(
                    f,
                    "failed to read settings from `{}`: {source}",
                    path.display()
                )
            }
            Self::InFile {
                path,
                line,
                message,
            } => write!(f, "{}:{line}: {message}", path.display()),
            Self::Value { origin, message } => write!(f, "{origin}: {message}"),
            Self::Missing {
                flag,
                variable,
                key,
            } => write!(
                f,
                "`{flag}` is needed; give it as a flag, as `{variable}`, or as `{key}` in the file"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::CommandLine(error) => Some(error),
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
