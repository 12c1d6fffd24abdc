//! The conditions of a query whose filters are optional.

use super::{ToValue, Value};

/// Conditions joined by AND, with their values: `account_name = $1 AND level = $2`.
///
/// Only the conditions that are wanted become part of the statement, so that the database can
/// choose an index by them.
#[derive(Debug, Default)]
pub struct Conditions<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Conditions<'a> {
    /// Adds a condition; each `?` in `sql` stands for `value`.
    pub fn and<T: ToValue + ?Sized>(&mut self, sql: &str, value: &'a T) -> &mut Self {
        let placeholder = self.bind(value);
        self.push(&sql.replace('?', &placeholder))
    }

    /// Adds a condition when there is a value for it.
    pub fn and_if<T: ToValue>(&mut self, sql: &str, value: Option<&'a T>) -> &mut Self {
        match value {
            Some(value) => self.and(sql, value),
            None => self,
        }
    }

    /// Adds a condition without a value.
    pub fn and_that(&mut self, sql: &str) -> &mut Self {
        self.push(sql)
    }

    /// Adds a value that stands elsewhere in the statement, and gives its placeholder.
    pub fn bind<T: ToValue + ?Sized>(&mut self, value: &'a T) -> String {
        self.values.push(value.to_value());
        format!("${}", self.values.len())
    }

    /// The conditions, for after WHERE.
    pub fn sql(&self) -> &str {
        if self.sql.is_empty() {
            "TRUE"
        } else {
            &self.sql
        }
    }

    /// The values, in the order of their placeholders.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    fn push(&mut self, sql: &str) -> &mut Self {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wanted_conditions_are_part_of_the_statement() {
        let mut conditions = Conditions::default();
        let (account, level) = ("admin".to_owned(), Some("info".to_owned()));
        conditions
            .and("account_name = ?", &account)
            .and_if("type = ?", None::<&String>)
            .and_if("level = ?", level.as_ref())
            .and_that("active");
        let limit = conditions.bind(&10_i64);
        assert_eq!(
            conditions.sql(),
            "account_name = $1 AND level = $2 AND active"
        );
        assert_eq!(limit, "$3");
        assert_eq!(conditions.values().len(), 3);
        assert_eq!(Conditions::default().sql(), "TRUE");
    }
}
