//! The one way to the tables: a transaction.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::{Error, FromValue, Result, Row, Value};

/// A running transaction. Its statements are prepared once a connection and then reused.
pub struct Transaction<'c> {
    connection: &'c Connection,
}

impl<'c> Transaction<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// Runs a statement that answers no rows; gives the number of rows it changed.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        let mut statement = self.bound(sql, values)?;
        Ok(statement.raw_execute()?)
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
        let mut statement = self.bound(sql, values)?;
        let mut rows = statement.raw_query();
        match rows.next()? {
            Some(row) => read(&Row::new(row)).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the first column of the first row; for `count(*)`, `EXISTS (…)` and their like.
    ///
    /// # Errors
    /// [`Error`] of the database; no row is an error too.
    pub fn query_value<T: FromValue>(&mut self, sql: &str, values: &[Value<'_>]) -> Result<T> {
        self.query_opt(sql, values, |row| row.get(0))?
            .ok_or(Error::Database(rusqlite::Error::QueryReturnedNoRows))
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
        let mut statement = self.bound(sql, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            visit(&Row::new(row))?;
        }
        Ok(())
    }

    /// Prepares `sql` and binds `values`: the n-th to `$n`, wherever that stands in the statement.
    fn bound(&mut self, sql: &str, values: &[Value<'_>]) -> Result<CachedStatement<'c>> {
        #[cfg(test)]
        super::plans::check(self.connection, sql);
        let mut statement = self.connection.prepare_cached(sql)?;
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
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
