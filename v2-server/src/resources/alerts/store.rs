//! Alerts in the database.

use super::types::{AlertState, AlertType, ComplianceResource, ComplianceViolationAlert};
use crate::params;
use crate::store::{Conditions, Error, Result, Row, Transaction};
use crate::time::Timestamp;

/// Who closes alerts nobody has asked to close.
pub(super) const SYSTEM: &str = "system";

const COLUMNS: &str = "uuid, state, image_digest, policy_id, image_tag, registry, repository, evaluation_id, \
                       evaluated_at, closed_by, closed_reason, created_at, last_updated, compliance_status_reason, \
                       violations_count";

/// Which alerts to read.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) state: Option<AlertState>,
    pub(super) created_after: Option<Timestamp>,
    pub(super) created_before: Option<Timestamp>,
    pub(super) image_digest: Option<String>,
    pub(super) image_tag: Option<String>,
    pub(super) registry: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) policy_id: Option<String>,
}

/// Alerts of an account, newest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
    offset: i64,
    limit: i64,
) -> Result<Vec<ComplianceViolationAlert>> {
    let state = filter.state.map(AlertState::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("state = ?", state.as_ref())
        .and_if("created_at > ?", filter.created_after.as_ref())
        .and_if("created_at < ?", filter.created_before.as_ref())
        .and_if("image_digest = ?", filter.image_digest.as_ref())
        .and_if("image_tag = ?", filter.image_tag.as_ref())
        .and_if("registry = ?", filter.registry.as_ref())
        .and_if("repository = ?", filter.repository.as_ref())
        .and_if("policy_id = ?", filter.policy_id.as_ref());
    let (limit, offset) = (conditions.bind(&limit), conditions.bind(&offset));
    let sql = format!(
        "SELECT {COLUMNS} FROM alerts WHERE {} ORDER BY id DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), read)
}

/// One alert of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<ComplianceViolationAlert>> {
    tx.query_opt(
        &format!("SELECT {COLUMNS} FROM alerts WHERE account_name = $1 AND uuid = $2"),
        params![account, uuid],
        read,
    )
}

/// The last alert about an image, tag and policy.
pub(super) fn last(
    tx: &mut Transaction<'_>,
    account: &str,
    resource: &ComplianceResource,
) -> Result<Option<ComplianceViolationAlert>> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM alerts
             WHERE account_name = $1 AND image_tag = $2 AND image_digest = $3 AND policy_id = $4
             ORDER BY id DESC LIMIT 1"
        ),
        params![
            account,
            resource.image_tag,
            resource.image_digest,
            resource.policy_id
        ],
        read,
    )
}

/// Raises an alert.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    alert: &ComplianceViolationAlert,
) -> Result<()> {
    let resource = &alert.resource;
    tx.execute(
        &format!(
            "INSERT INTO alerts (account_name, {COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        ),
        params![
            account,
            alert.uuid,
            alert.state.as_str(),
            resource.image_digest,
            resource.policy_id,
            resource.image_tag,
            resource.registry,
            resource.repository,
            resource.evaluation_id,
            resource.evaluated_at,
            alert.closed_by,
            alert.closed_reason,
            alert.created_at,
            alert.last_updated,
            alert.compliance_status_reason,
            alert.violations_count,
        ],
    )?;
    Ok(())
}

/// Writes the state of an alert.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    account: &str,
    alert: &ComplianceViolationAlert,
) -> Result<()> {
    tx.execute(
        "UPDATE alerts SET state = $3, closed_by = $4, closed_reason = $5, last_updated = $6
         WHERE account_name = $1 AND uuid = $2",
        params![
            account,
            alert.uuid,
            alert.state.as_str(),
            alert.closed_by,
            alert.closed_reason,
            alert.last_updated,
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ComplianceViolationAlert> {
    let word = row.text(1)?;
    Ok(ComplianceViolationAlert {
        uuid: row.get(0)?,
        kind: AlertType::ComplianceViolation,
        state: AlertState::parse(word).ok_or_else(|| Error::Column {
            column: "state".to_owned(),
            expected: "`open` or `closed`",
            found: word.to_owned(),
        })?,
        resource: ComplianceResource {
            image_digest: row.get(2)?,
            policy_id: row.get(3)?,
            image_tag: row.get(4)?,
            registry: row.get(5)?,
            repository: row.get(6)?,
            evaluation_id: row.get(7)?,
            evaluated_at: row.get(8)?,
        },
        closed_by: row.get(9)?,
        closed_reason: row.get(10)?,
        created_at: row.get(11)?,
        last_updated: row.get(12)?,
        compliance_status_reason: row.get(13)?,
        violations_count: row.get(14)?,
    })
}
