//! One row of an answer.

use std::borrow::Cow;
use std::fmt::Display;

use rusqlite::types::ValueRef;

use super::{Error, FromValue, Result, Value};

/// A row, valid while the next one has not been read.
pub struct Row<'r> {
    database: Database<'r>,
}

/// The row of the database.
enum Database<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// Names a column: its position (from 0, fastest) or its name.
pub trait Column: Display + rusqlite::RowIndex + tokio_postgres::row::RowIndex + Copy {}

impl Column for usize {}
impl Column for &str {}

impl<'r> Row<'r> {
    pub(super) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self {
            database: Database::Sqlite(row),
        }
    }

    pub(super) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self {
            database: Database::Postgres(row),
        }
    }

    /// Reads a column.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    pub fn get<T: FromValue>(&self, column: impl Column) -> Result<T> {
        let value = self.value(column)?;
        let kind = value.kind();
        T::from_value(value).ok_or_else(|| Error::Column {
            column: column.to_string(),
            expected: T::EXPECTED,
            found: kind.to_owned(),
        })
    }

    /// Reads a text column without copying it.
    ///
    /// # Errors
    /// There is no such column, or it holds no text.
    pub fn text(&self, column: impl Column) -> Result<&'r str> {
        match self.value(column)? {
            Value::Text(Cow::Borrowed(text)) => Ok(text),
            other => Err(Error::Column {
                column: column.to_string(),
                expected: "text",
                found: other.kind().to_owned(),
            }),
        }
    }

    /// Reads a column that holds a JSON document.
    ///
    /// # Errors
    /// There is no such column, or it holds no JSON of this form.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: impl Column) -> Result<T> {
        serde_json::from_str(self.text(column)?).map_err(|error| Error::Column {
            column: column.to_string(),
            expected: "a JSON document",
            found: format!("something else: {error}"),
        })
    }

    fn value(&self, column: impl Column) -> Result<Value<'r>> {
        let row = match &self.database {
            Database::Sqlite(row) => row,
            Database::Postgres(row) => return Ok(row.try_get(column)?),
        };
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(text) => {
                Value::Text(Cow::Borrowed(std::str::from_utf8(text).map_err(|_| {
                    Error::Column {
                        column: column.to_string(),
                        expected: "text",
                        found: "bytes that are no UTF-8".to_owned(),
                    }
                })?))
            }
            ValueRef::Blob(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        })
    }
}
