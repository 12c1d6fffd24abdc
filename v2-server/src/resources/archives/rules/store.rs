//! Archive rules in the database.

use super::super::types::AnalysisArchiveRulesSummary;
use super::types::{
    AnalysisArchiveTransitionRule, AnalysisArchiveTransitionRuleExclude, ImageSelector, OFF,
    Transition,
};
use crate::params;
use crate::store::{Error, Result, Row, Transaction};

const COLUMNS: &str = "rule_id, transition, system_global, registry, repository, tag, analysis_age_days, \
                       tag_versions_newer, max_images_per_account, exclude_registry, exclude_repository, \
                       exclude_tag, exclude_expiration_days, exclude_last_seen_in_days, created_at, last_updated";

/// The rules of an account, oldest first.
pub(super) fn of_account(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<Vec<AnalysisArchiveTransitionRule>> {
    tx.query(
        &format!("SELECT {COLUMNS} FROM archive_rules WHERE account_name = $1 ORDER BY sequence"),
        params![account],
        read,
    )
}

/// The global rules of all accounts but one, oldest first.
pub(super) fn global_of_others(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<Vec<AnalysisArchiveTransitionRule>> {
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM archive_rules WHERE system_global AND account_name <> $1 ORDER BY sequence"
        ),
        params![account],
        read,
    )
}

/// One rule that an account can see: its own, or a global one.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    rule_id: &str,
) -> Result<Option<AnalysisArchiveTransitionRule>> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM archive_rules WHERE rule_id = $1 AND (account_name = $2 OR system_global)"
        ),
        params![rule_id, account],
        read,
    )
}

/// Whether there is a rule that limits the number of images.
pub(super) fn has_limit(tx: &mut Transaction<'_>) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM archive_rules WHERE system_global AND max_images_per_account IS NOT NULL)",
        params![],
    )
}

/// Adds a rule that is complete.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    rule: &AnalysisArchiveTransitionRule,
) -> Result<()> {
    let selector = rule.selector.clone().unwrap_or_default();
    let exclude = rule.exclude.clone().unwrap_or_default();
    let excluded = exclude.selector.unwrap_or_default();
    tx.execute(
        &format!(
            "INSERT INTO archive_rules (account_name, {COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
        ),
        params![
            account,
            rule.rule_id,
            rule.transition.as_str(),
            rule.system_global.unwrap_or(false),
            selector.registry,
            selector.repository,
            selector.tag,
            rule.analysis_age_days.unwrap_or(OFF),
            rule.tag_versions_newer.unwrap_or(OFF),
            rule.max_images_per_account,
            excluded.registry,
            excluded.repository,
            excluded.tag,
            exclude.expiration_days.unwrap_or(OFF),
            exclude.last_seen_in_days.unwrap_or(OFF),
            rule.created_at,
            rule.last_updated,
        ],
    )?;
    Ok(())
}

/// Removes a rule of an account; tells whether it was there.
pub(super) fn delete(tx: &mut Transaction<'_>, account: &str, rule_id: &str) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM archive_rules WHERE account_name = $1 AND rule_id = $2",
        params![account, rule_id],
    )?;
    Ok(deleted > 0)
}

/// How many rules an account has.
pub(in super::super) fn summary(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<AnalysisArchiveRulesSummary> {
    tx.query_opt(
        "SELECT count(*), max(last_updated) FROM archive_rules WHERE account_name = $1",
        params![account],
        |row| {
            Ok(AnalysisArchiveRulesSummary {
                count: row.get(0)?,
                last_updated: row.get(1)?,
            })
        },
    )
    .map(|found| found.expect("a query for totals answers one row"))
}

fn read(row: &Row<'_>) -> Result<AnalysisArchiveTransitionRule> {
    let word = row.text(1)?;
    Ok(AnalysisArchiveTransitionRule {
        rule_id: row.get(0)?,
        transition: Transition::parse(word).ok_or_else(|| Error::Column {
            column: "transition".to_owned(),
            expected: "`archive` or `delete`",
            found: word.to_owned(),
        })?,
        system_global: row.get(2)?,
        selector: Some(ImageSelector {
            registry: row.get(3)?,
            repository: row.get(4)?,
            tag: row.get(5)?,
        }),
        analysis_age_days: row.get(6)?,
        tag_versions_newer: row.get(7)?,
        max_images_per_account: row.get(8)?,
        exclude: Some(AnalysisArchiveTransitionRuleExclude {
            selector: Some(ImageSelector {
                registry: row.get(9)?,
                repository: row.get(10)?,
                tag: row.get(11)?,
            }),
            expiration_days: row.get(12)?,
            last_seen_in_days: row.get(13)?,
        }),
        created_at: row.get(14)?,
        last_updated: row.get(15)?,
    })
}
