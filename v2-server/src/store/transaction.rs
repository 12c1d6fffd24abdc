//! The one way to the tables: a transaction.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use rusqlite::{CachedStatement, Connection};
use tokio::runtime::Handle;
use tokio_postgres::Statement;

use super::bound::Bound;
use super::{Error, FromValue, Result, Row, Value};

/// A running transaction. Its statements are prepared once a connection and then reused.
pub struct Transaction<'c> {
    database: Database<'c>,
}

/// What only one transaction does at a time, of all servers that share a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Bringing the tables up to date.
    Migration = 1,
    /// Recording events.
    Events = 2,
}

/// The transaction of the database.
enum Database<'c> {
    Sqlite(&'c Connection),
    Postgres {
        transaction: &'c tokio_postgres::Transaction<'c>,
        statements: &'c mut HashMap<String, Statement>,
        handle: &'c Handle,
        /// The first time that others came in between: from then on nothing counts.
        conflict: Option<Error>,
    },
}

impl<'c> Transaction<'c> {
    pub(super) fn sqlite(connection: &'c Connection) -> Self {
        Self {
            database: Database::Sqlite(connection),
        }
    }

    pub(super) fn postgres(
        transaction: &'c tokio_postgres::Transaction<'c>,
        statements: &'c mut HashMap<String, Statement>,
        handle: &'c Handle,
    ) -> Self {
        Self {
            database: Database::Postgres {
                transaction,
                statements,
                handle,
                conflict: None,
            },
        }
    }

    /// Whether others came in between, so that the transaction must be run again.
    pub(super) fn conflict(self) -> Option<Error> {
        match self.database {
            Database::Postgres { conflict, .. } => conflict,
            Database::Sqlite(_) => None,
        }
    }

    /// Waits until no other running transaction has taken the same turn, and keeps others from it
    /// until this one ends. Rows numbered after it have the order of their transactions.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub fn take_turn(&mut self, turn: Turn) -> Result<()> {
        match self.database {
            // A writer is alone there anyway.
            Database::Sqlite(_) => Ok(()),
            Database::Postgres { .. } => self
                .execute(
                    "SELECT pg_advisory_xact_lock($1)",
                    &[Value::Integer(turn as i64)],
                )
                .map(drop),
        }
    }

    /// Runs statements without values, for migrations.
    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        match &self.database {
            Database::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Database::Postgres {
                transaction,
                handle,
                ..
            } => Ok(handle.block_on(transaction.batch_execute(sql))?),
        }
    }

    /// Runs a statement that answers no rows; gives the number of rows it changed.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        refuse_nul(values)?;
        let changed = match &mut self.database {
            Database::Sqlite(connection) => bound(connection, sql, values)?.raw_execute()?,
            Database::Postgres {
                transaction,
                statements,
                handle,
                ..
            } => {
                let done =
                    prepared(transaction, statements, handle, sql, values).and_then(|statement| {
                        let values = values.iter().map(Bound::new);
                        Ok(handle.block_on(transaction.execute_raw(&statement, values))?)
                    });
                let changed = self.noted(done)?;
                usize::try_from(changed).unwrap_or(usize::MAX)
            }
        };
        Ok(changed)
    }

    /// Reads all rows, each turned into a value by `read`.
    ///
    /// # Errors
    /// [`Error`] of the database, or of `read`.
    pub fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.for_each(sql, values, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads at most one row.
    ///
    /// # Errors
    /// [`Error`] of the database, or of `read`.
    pub fn query_opt<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut read, mut found) = (Some(read), None);
        self.visit(sql, values, &mut |row| {
            found = read.take().map(|read| read(row)).transpose()?;
            Ok(Next::Stop)
        })?;
        Ok(found)
    }

    /// Reads the first column of the first row; for `count(*)`, `EXISTS (…)` and their like.
    ///
    /// # Errors
    /// [`Error`] of the database; no row is an error too.
    pub fn query_value<T: FromValue>(&mut self, sql: &str, values: &[Value<'_>]) -> Result<T> {
        self.query_opt(sql, values, |row| row.get(0))?
            .ok_or_else(|| Error::NoRow {
                sql: sql.to_owned(),
            })
    }

    /// Gives each row to `visit` as it is read: for listings too long to keep.
    ///
    /// # Errors
    /// [`Error`] of the database, or of `visit`, which ends the reading.
    pub fn for_each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.visit(sql, values, &mut |row| visit(row).map(|()| Next::Go))
    }

    fn visit(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> Result<Next>,
    ) -> Result<()> {
        refuse_nul(values)?;
        match &mut self.database {
            Database::Sqlite(connection) => {
                let mut statement = bound(connection, sql, values)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    if visit(&Row::sqlite(row))? == Next::Stop {
                        break;
                    }
                }
                Ok(())
            }
            Database::Postgres {
                transaction,
                statements,
                handle,
                ..
            } => {
                let mut read = || -> Result<()> {
                    let statement = prepared(transaction, statements, handle, sql, values)?;
                    let values = values.iter().map(Bound::new);
                    let rows = handle.block_on(transaction.query_raw(&statement, values))?;
                    let mut rows = pin!(rows);
                    while let Some(row) = handle.block_on(rows.try_next())? {
                        if visit(&Row::postgres(&row))? == Next::Stop {
                            break;
                        }
                    }
                    Ok(())
                };
                let done = read();
                self.noted(done)
            }
        }
    }

    /// Remembers that others came in between: the caller may turn the error into one of its own.
    fn noted<T>(&mut self, done: Result<T>) -> Result<T> {
        if let (Err(Error::Conflict { source }), Database::Postgres { conflict, .. }) =
            (&done, &mut self.database)
        {
            let source = source.to_string().into();
            conflict.get_or_insert(Error::Conflict { source });
        }
        done
    }
}

fn refuse_nul(values: &[Value<'_>]) -> Result<()> {
    let has_nul = |value: &Value<'_>| match value {
        Value::Text(text) => memchr::memchr(0, text.as_bytes()).is_some(),
        _ => false,
    };
    if values.iter().any(has_nul) {
        return Err(Error::Nul);
    }
    Ok(())
}

/// Whether more rows are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

/// Prepares `sql` and binds `values`: the n-th to `$n`, wherever that stands in the statement.
fn bound<'c>(
    connection: &'c Connection,
    sql: &str,
    values: &[Value<'_>],
) -> Result<CachedStatement<'c>> {
    #[cfg(test)]
    super::plans::check(connection, sql);
    let mut statement = connection.prepare_cached(sql)?;
    let wanted = statement.parameter_count();
    if wanted != values.len() {
        return Err(Error::Placeholders {
            sql: sql.to_owned(),
            wanted,
            given: values.len(),
        });
    }
    // SQLite numbers named placeholders by first appearance, so ask for each one's number.
    for index in 1..=wanted {
        let name = statement.parameter_name(index).unwrap_or_default();
        let value = name
            .strip_prefix('$')
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| values.get(number.checked_sub(1)?))
            .ok_or_else(|| Error::Placeholders {
                sql: sql.to_owned(),
                wanted,
                given: values.len(),
            })?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(statement)
}

/// Prepares `sql`, unless that was done on this connection.
fn prepared(
    transaction: &tokio_postgres::Transaction<'_>,
    statements: &mut HashMap<String, Statement>,
    handle: &Handle,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Statement> {
    /// Statements a connection keeps; those of many forms come from optional filters.
    const MOST: usize = 512;
    let statement = if let Some(statement) = statements.get(sql) {
        statement.clone()
    } else {
        let statement = handle.block_on(transaction.prepare(sql))?;
        if statements.len() == MOST {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        statement
    };
    let wanted = statement.params().len();
    if wanted != values.len() {
        return Err(Error::Placeholders {
            sql: sql.to_owned(),
            wanted,
            given: values.len(),
        });
    }
    Ok(statement)
}
