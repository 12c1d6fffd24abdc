//! What can go wrong below the resources.

use std::path::PathBuf;

/// A result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the database or of a query. Never shown to clients as it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder for the database cannot be used.
    #[error("failed to use `{}` as data folder", folder.display())]
    Folder {
        /// The folder as given.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A row with this key is there already.
    #[error("a row with the same key exists")]
    AlreadyExists {
        /// What the database said.
        source: rusqlite::Error,
    },
    /// A row refers to one that is not there, for example to an account that was just removed.
    #[error("the row refers to one that does not exist")]
    MissingReference {
        /// What the database said.
        source: rusqlite::Error,
    },
    /// Any other failure of the database.
    #[error("the database failed")]
    Database(#[source] rusqlite::Error),
    /// A statement and its values do not fit together.
    #[error("statement takes {wanted} values, got {given}: {sql}")]
    Placeholders {
        /// The statement.
        sql: String,
        /// How many placeholders it has.
        wanted: usize,
        /// How many values came.
        given: usize,
    },
    /// A column does not hold what the program expects.
    #[error("column `{column}` holds {found}, expected {expected}")]
    Column {
        /// Name or position of the column.
        column: String,
        /// What the program expects.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A newer program made these tables.
    #[error(
        "the database has migration {found}, this program knows up to {known}; use a newer program"
    )]
    TooNew {
        /// Number of the unknown migration.
        found: u32,
        /// Highest number known.
        known: u32,
    },
    /// A migration could not be applied; the database is as it was before it.
    #[error("failed to apply migration `{name}`")]
    Migration {
        /// Number and name of the migration.
        name: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// A thread of the store ended before its work.
    #[error("a store thread ended early")]
    Thread(#[from] tokio::task::JoinError),
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
        };
        let code = match &source {
            rusqlite::Error::SqliteFailure(failure, _) => failure.extended_code,
            _ => 0,
        };
        match code {
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE => {
                Self::AlreadyExists { source }
            }
            SQLITE_CONSTRAINT_FOREIGNKEY => Self::MissingReference { source },
            _ => Self::Database(source),
        }
    }
}
