//! Action plans in the database.

use super::types::ActionPlan;
use crate::params;
use crate::store::{Conditions, Result, Row, Transaction};
use crate::time::Timestamp;

const COLUMNS: &str = "uuid, type, image_tag, image_digest, policy_id, resolutions, endpoint, configuration_id, subject, \
                       message, created_at, last_updated";

/// Which plans to read.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) image_tag: Option<String>,
    pub(super) image_digest: Option<String>,
    pub(super) created_after: Option<Timestamp>,
}

/// Plans of an account, newest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
) -> Result<Vec<ActionPlan>> {
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("image_tag = ?", filter.image_tag.as_ref())
        .and_if("image_digest = ?", filter.image_digest.as_ref())
        .and_if("created_at > ?", filter.created_after.as_ref());
    let sql = format!(
        "SELECT {COLUMNS} FROM action_plans WHERE {} ORDER BY id DESC",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), read)
}

/// Stores a plan.
pub(super) fn insert(tx: &mut Transaction<'_>, account: &str, plan: &ActionPlan) -> Result<()> {
    let resolutions =
        serde_json::to_string(&plan.resolutions).expect("texts are always writable as JSON");
    tx.execute(
        &format!(
            "INSERT INTO action_plans (account_name, {COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        ),
        params![
            account,
            plan.uuid,
            plan.kind,
            plan.image_tag,
            plan.image_digest,
            plan.policy_id,
            resolutions,
            plan.endpoint,
            plan.configuration_id,
            plan.subject,
            plan.message,
            plan.created_at,
            plan.last_updated,
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ActionPlan> {
    Ok(ActionPlan {
        uuid: row.get(0)?,
        kind: row.get(1)?,
        image_tag: row.get(2)?,
        image_digest: row.get(3)?,
        policy_id: row.get(4)?,
        resolutions: row.json(5)?,
        endpoint: row.get(6)?,
        configuration_id: row.get(7)?,
        subject: row.get(8)?,
        message: row.get(9)?,
        created_at: row.get(10)?,
        last_updated: row.get(11)?,
    })
}
