//! Storage without knowledge of resources: transactions, rows, values and migrations.
//!
//! A transaction is synchronous and runs on a blocking thread. Queries are written with `$1`
//! placeholders and only with what SQLite and PostgreSQL both know, so that the database behind
//! [`Transaction`] can be either.
//!
//! ```no_run
//! # use windlass_v2_server::{params, store::{Error, Store}};
//! # async fn list(store: Store) -> Result<Vec<String>, Error> {
//! store
//!     .read(|tx| {
//!         tx.query(
//!             "SELECT name FROM accounts WHERE state = $1",
//!             params!["enabled"],
//!             |row| row.get(0),
//!         )
//!     })
//!     .await
//! # }
//! ```
//!
//! Rules for queries:
//! - a closure given to [`Store::read`] or [`Store::write`] may run more than once (a database may
//!   ask to repeat a transaction), hence `Fn`: it must have no effect outside the transaction;
//! - whether a row was there already is read from the count that `INSERT … ON CONFLICT DO NOTHING`
//!   gives back, never from a failed statement, which would end the transaction on PostgreSQL;
//! - booleans are bound and read as `bool`, times as [`Timestamp`](crate::time::Timestamp), JSON
//!   documents as text.

mod bound;
mod conditions;
mod error;
mod meter;
mod migrate;
#[cfg(test)]
mod plans;
mod postgres;
mod row;
mod sqlite;
mod transaction;
mod value;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub use conditions::Conditions;
pub use error::{Error, Result, Source};
pub use migrate::schema_version;
pub use row::{Column, Row};
pub use transaction::{Transaction, Turn};
pub use value::{FromValue, ToValue, Value};

use meter::Meter;
use migrate::Dialect;
use postgres::Postgres;
use sqlite::Sqlite;

/// Values for the placeholders of one statement, in order: `params![name, created_at]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::ToValue::to_value(&$value)),*]
    };
}

/// The database of one server. Cloning is cheap and gives the same database.
#[derive(Clone)]
pub struct Store {
    database: Database,
    meter: Meter,
}

#[derive(Clone)]
enum Database {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Store {
    /// Opens the SQLite database in `folder` (made when missing) and brings its tables up to date.
    ///
    /// # Errors
    /// The folder cannot be made or written, the file is no database, or a newer version of this
    /// program wrote it.
    pub async fn open(folder: &Path) -> Result<Self> {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || {
            let sqlite = Sqlite::open(&folder)?;
            sqlite.prepare(|tx| migrate::next(tx, Dialect::Sqlite))?;
            Ok(Self {
                database: Database::Sqlite(Arc::new(sqlite)),
                meter: Meter::new(),
            })
        })
        .await?
    }

    /// Connects to the PostgreSQL database at `url` and brings its tables up to date. Other servers
    /// may use it at the same time.
    ///
    /// # Errors
    /// The address cannot be read, the database cannot be reached, or a newer version of this
    /// program made its tables.
    pub async fn connect(url: &str) -> Result<Self> {
        let meter = Meter::new();
        let postgres = Postgres::new(url, meter.repeats().clone())?;
        while postgres
            .migrate(|tx| migrate::next(tx, Dialect::Postgres))
            .await?
        {}
        Ok(Self {
            database: Database::Postgres(Arc::new(postgres)),
            meter,
        })
    }

    /// Whether other servers may use the same database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Whether the next transaction would have to wait for others.
    pub(crate) fn is_busy(&self) -> bool {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.is_busy(),
            Database::Postgres(postgres) => postgres.is_busy(),
        }
    }

    /// What its transactions are counted with.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Runs `work` on a consistent snapshot; what it writes is refused.
    ///
    /// # Errors
    /// Those of `work`, and [`Error`] when the database fails.
    pub async fn read<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = match &self.database {
            Database::Sqlite(sqlite) => sqlite.read(work).await,
            Database::Postgres(postgres) => postgres.read(work).await,
        };
        self.meter.read(began);
        outcome
    }

    /// As [`Self::read`], for a few rows that an index leads to, asked for often.
    ///
    /// SQLite has them in memory, as a rule: the thread that asks reads them sooner than another
    /// wakes up. Should it take long after all, `work` is begun again on a thread that may wait.
    /// What `work` does with the rows must be short too.
    ///
    /// # Errors
    /// Those of `work`, and [`Error`] when the database fails.
    pub async fn peek<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = match &self.database {
            Database::Sqlite(sqlite) => sqlite.peek(work).await,
            Database::Postgres(postgres) => postgres.read(work).await,
        };
        self.meter.read(began);
        outcome
    }

    /// Runs `work` as if alone among writers and commits what it wrote, or nothing when it fails.
    ///
    /// # Errors
    /// Those of `work`, and [`Error`] when the database fails.
    pub async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = match &self.database {
            Database::Sqlite(sqlite) => sqlite.write(work).await,
            Database::Postgres(postgres) => postgres.write(work).await,
        };
        self.meter.write(began);
        outcome
    }
}
