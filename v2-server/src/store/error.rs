//! What can go wrong below the resources.

use std::path::PathBuf;

use tokio_postgres::error::SqlState;

/// A result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// What a database driver said.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

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
    /// The address of the database cannot be read.
    #[error(
        "the database address is not understood; write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Address(#[source] tokio_postgres::Error),
    /// A row with this key is there already.
    #[error("a row with the same key exists")]
    AlreadyExists {
        /// What the database said.
        source: Source,
    },
    /// A row refers to one that is not there, for example to an account that was just removed.
    #[error("the row refers to one that does not exist")]
    MissingReference {
        /// What the database said.
        source: Source,
    },
    /// Transactions of others came in between; repeating this one is safe.
    #[error("the transaction met others that changed the same rows")]
    Conflict {
        /// What the database said.
        source: Source,
    },
    /// A query that always has a row had none.
    #[error("no row: {sql}")]
    NoRow {
        /// The statement.
        sql: String,
    },
    /// A text has the character U+0000, which PostgreSQL cannot keep; SQLite is not asked to either.
    #[error("a text has the character U+0000")]
    Nul,
    /// Any other failure of the database.
    #[error("the database failed")]
    Database(#[source] Source),
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
        found: i64,
        /// Highest number known.
        known: i64,
    },
    /// A migration could not be applied; the database is as it was before it.
    #[error("failed to apply migration `{name}`")]
    Migration {
        /// Number and name of the migration.
        name: &'static str,
        /// Why.
        source: Box<Error>,
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
        let source = source.into();
        match code {
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE => {
                Self::AlreadyExists { source }
            }
            SQLITE_CONSTRAINT_FOREIGNKEY => Self::MissingReference { source },
            _ => Self::Database(source),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(source: tokio_postgres::Error) -> Self {
        let state = source.code().cloned();
        let source = source.into();
        match state {
            Some(SqlState::UNIQUE_VIOLATION) => Self::AlreadyExists { source },
            Some(SqlState::FOREIGN_KEY_VIOLATION) => Self::MissingReference { source },
            Some(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED) => {
                Self::Conflict { source }
            }
            _ => Self::Database(source),
        }
    }
}
