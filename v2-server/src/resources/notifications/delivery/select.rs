//! From events to deliveries.

use std::collections::BTreeSet;

use crate::bootstrap::ADMIN;
use crate::http::ApiResult;
use crate::params;
use crate::resources::events::store as events;
use crate::resources::notifications::matching::Facts;
use crate::resources::notifications::store::read_selector;
use crate::resources::notifications::types::{NotificationSelector, Scope};
use crate::state::AppState;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// How many events are looked at in one transaction.
const MANY: i64 = 500;

/// A selector with its configuration.
struct Wish {
    configuration: i64,
    account: String,
    /// Since when the type of the configuration is enabled.
    since: Timestamp,
    selector: NotificationSelector,
}

/// Looks at the oldest events nobody has looked at; tells whether there may be more.
pub(super) async fn select(state: &AppState) -> ApiResult<bool> {
    let now = state.now();
    state
        .write(move |tx| {
            let new = events::to_select(tx, MANY)?;
            let accounts: BTreeSet<&str> = new
                .iter()
                .map(|(recorded, _)| recorded.event.resource.account_name.as_str())
                .collect();
            let mut wishes = if new.is_empty() {
                Vec::new()
            } else {
                of_all_accounts(tx)?
            };
            for account in accounts {
                wishes.extend(of_account(tx, account)?);
            }
            for (recorded, text) in &new {
                let event = &recorded.event;
                let facts = Facts {
                    level: &event.level,
                    resource_type: &event.resource.kind,
                    kind: &event.kind,
                };
                let told: BTreeSet<i64> = wishes
                    .iter()
                    .filter(|wish| wish.is_about(&event.resource.account_name))
                    .filter(|wish| recorded.created_at >= wish.since)
                    .filter(|wish| wish.selector.event.wants(&facts))
                    .map(|wish| wish.configuration)
                    .collect();
                for configuration in told {
                    insert(tx, configuration, text, now)?;
                }
                events::set_selected(tx, &recorded.event_id)?;
            }
            Ok(i64::try_from(new.len()).is_ok_and(|count| count == MANY))
        })
        .await
}

impl Wish {
    fn is_about(&self, account: &str) -> bool {
        self.selector.scope == Scope::Global || self.account == account
    }
}

/// The selectors of the configurations of an account that is enabled, as far as their types are.
fn of_account(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<Wish>> {
    tx.query(
        "SELECT c.id, c.account_name, e.last_updated, s.uuid, c.uuid, s.scope, s.level, s.resource_type, s.type
         FROM accounts a
              JOIN notification_configurations c ON c.account_name = a.name
              JOIN notification_selectors s ON s.configuration = c.id
              JOIN notification_endpoints e ON e.name = c.endpoint
         WHERE a.name = $1 AND a.state = 'enabled' AND s.scope = 'account' AND e.enabled",
        params![account],
        read,
    )
}

/// The selectors for the events of all accounts.
fn of_all_accounts(tx: &mut Transaction<'_>) -> Result<Vec<Wish>> {
    tx.query(
        "SELECT c.id, c.account_name, e.last_updated, s.uuid, c.uuid, s.scope, s.level, s.resource_type, s.type
         FROM notification_configurations c
              JOIN notification_selectors s ON s.configuration = c.id
              JOIN notification_endpoints e ON e.name = c.endpoint
         WHERE c.account_name = $1 AND s.scope = 'global' AND e.enabled",
        params![ADMIN],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Wish> {
    Ok(Wish {
        configuration: row.get(0)?,
        account: row.get(1)?,
        since: row.get(2)?,
        selector: read_selector(row, 3)?,
    })
}

fn insert(tx: &mut Transaction<'_>, configuration: i64, event: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO notification_deliveries (configuration, event, attempts, due_at, created_at)
         VALUES ($1, $2, 0, $3, $3)",
        params![configuration, event, now],
    )?;
    Ok(())
}
