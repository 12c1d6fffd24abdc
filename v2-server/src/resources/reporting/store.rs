//! Saved results in the database.

use crate::params;
use crate::store::{Result, Transaction};

/// Whose results: of one account, or those about all accounts.
#[derive(Debug, Clone)]
pub(super) enum Scope {
    Account(String),
    Global,
}

/// What was found of a result.
#[derive(Debug)]
pub(super) enum Found {
    /// The page, as it is answered.
    Page(String),
    /// The result is there, and has fewer pages.
    NoPage,
    /// There is no such result in this scope.
    Nothing,
}

/// One page of a result.
pub(super) fn page(
    tx: &mut Transaction<'_>,
    scope: &Scope,
    result: &str,
    page: i64,
) -> Result<Found> {
    let owner: Option<Option<String>> = tx.query_opt(
        "SELECT account_name FROM report_results WHERE uuid = $1",
        params![result],
        |row| row.get(0),
    )?;
    let is_theirs = match (scope, &owner) {
        (Scope::Account(account), Some(Some(owner))) => account == owner,
        (Scope::Global, Some(None)) => true,
        _ => false,
    };
    if !is_theirs {
        return Ok(Found::Nothing);
    }
    let body = tx.query_opt(
        "SELECT body FROM report_result_pages WHERE result_uuid = $1 AND page = $2",
        params![result, page],
        |row| row.get(0),
    )?;
    Ok(body.map_or(Found::NoPage, Found::Page))
}
