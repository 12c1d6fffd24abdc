//! Deliveries in the database: what is due, who makes it, and how that went.

use super::Outcome;
use crate::params;
use crate::resources::notifications::store::{self, Configuration, word};
use crate::resources::notifications::types::{EndpointType, Health};
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// A configuration that a server has for itself.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    configuration: i64,
    until: Timestamp,
}

/// A delivery to make.
pub(super) struct Due {
    id: i64,
    /// What to tell: an event as clients get it.
    pub(super) event: String,
    /// How often it was tried.
    pub(super) attempts: i64,
    /// The type of the configuration.
    pub(super) endpoint: EndpointType,
    /// Where to.
    pub(super) configuration: Configuration,
}

/// The configurations for which something is due, and how the last delivery to each went.
pub(super) fn due(tx: &mut Transaction<'_>, now: Timestamp) -> Result<Vec<(i64, Health)>> {
    tx.query(
        "SELECT id, status FROM notification_configurations
         WHERE id IN (SELECT configuration FROM notification_deliveries WHERE due_at <= $1)",
        params![now],
        |row| Ok((row.get(0)?, word(row, 1, "a status", Health::parse)?)),
    )
}

/// Claims a configuration until a moment, unless another server has it, or it is not to be told anything now.
pub(super) fn claim(
    tx: &mut Transaction<'_>,
    configuration: i64,
    now: Timestamp,
    until: Timestamp,
    host_id: &str,
) -> Result<Option<Claim>> {
    let claimed = tx.execute(
        "UPDATE notification_configurations SET claimed_until = $3, claimed_by = $4
         WHERE id = $1 AND (claimed_until IS NULL OR claimed_until <= $2)
           AND EXISTS (SELECT 1 FROM accounts WHERE name = account_name AND state = 'enabled')",
        params![configuration, now, until, host_id],
    )?;
    Ok((claimed == 1).then_some(Claim {
        configuration,
        until,
    }))
}

/// Renews a claim and gives what is due next, if anything is. Nothing when the claim was lost.
pub(super) fn next(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<(Claim, Option<Due>)>> {
    let Claim {
        configuration: key,
        until: held,
    } = *claim;
    let renewed = tx.execute(
        "UPDATE notification_configurations SET claimed_until = $3 WHERE id = $1 AND claimed_until = $2",
        params![key, held, until],
    )?;
    if renewed == 0 {
        return Ok(None);
    }
    let claim = Claim {
        configuration: key,
        until,
    };
    let Some(configuration) = store::by_key(tx, key)? else {
        return Ok(None);
    };
    let due = tx.query_opt(
        "SELECT d.id, d.event, d.attempts, e.name
         FROM notification_deliveries d
              JOIN notification_configurations c ON c.id = d.configuration
              JOIN notification_endpoints e ON e.name = c.endpoint
         WHERE d.configuration = $1 AND d.due_at <= $2 AND e.enabled ORDER BY d.id LIMIT 1",
        params![key, now],
        |row| {
            Ok(Due {
                id: row.get(0)?,
                event: row.get(1)?,
                attempts: row.get(2)?,
                endpoint: word(row, 3, "an endpoint", EndpointType::parse)?,
                configuration,
            })
        },
    )?;
    Ok(Some((claim, due)))
}

/// Gives a claim back.
pub(super) fn release(tx: &mut Transaction<'_>, claim: &Claim) -> Result<()> {
    tx.execute(
        "UPDATE notification_configurations SET claimed_until = NULL, claimed_by = NULL
         WHERE id = $1 AND claimed_until = $2",
        params![claim.configuration, claim.until],
    )?;
    Ok(())
}

/// Notes how a delivery went, and when it is due again, if it is.
pub(super) fn note(
    tx: &mut Transaction<'_>,
    due: &Due,
    outcome: &Outcome,
    again: Option<Timestamp>,
) -> Result<()> {
    match again {
        None => tx.execute(
            "DELETE FROM notification_deliveries WHERE id = $1",
            params![due.id],
        )?,
        Some(moment) => tx.execute(
            "UPDATE notification_deliveries SET attempts = $2, due_at = $3 WHERE id = $1",
            params![due.id, due.attempts + 1, moment],
        )?,
    };
    store::note_health(tx, &due.configuration, Health::of(outcome))
}

/// Forgets what waits since before a moment; gives how much that was.
pub(super) fn forget(tx: &mut Transaction<'_>, before: Timestamp) -> Result<usize> {
    tx.execute(
        "DELETE FROM notification_deliveries WHERE created_at < $1",
        params![before],
    )
}
