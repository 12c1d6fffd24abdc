//! Who may do what: role memberships looked up in the database.

use super::action::Action;
use super::identity::AccountState;
use crate::params;
use crate::store::{Result, Transaction};

/// Whether a role of the user in `domain` allows the action.
pub(crate) fn holds(
    tx: &mut Transaction<'_>,
    username: &str,
    action: &Action,
    domain: &str,
) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (
             SELECT 1 FROM role_members m
             JOIN role_permissions p ON p.role_name = m.role_name
             WHERE m.username = $1 AND m.for_account = $2 AND p.action = $3)",
        params![username, domain, action.name],
    )
}

/// The state of an account, if there is one of this name.
pub(crate) fn account_state(tx: &mut Transaction<'_>, name: &str) -> Result<Option<AccountState>> {
    tx.query_opt(
        "SELECT state FROM accounts WHERE name = $1",
        params![name],
        |row| row.get(0),
    )
}
