//! Users as far as authentication needs them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::params;
use crate::store::{FromValue, Result, Row, ToValue, Transaction, Value};

/// State of an account. The members of an account that is not enabled are refused; one that is
/// `deleting` goes away as soon as everything it owns is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountState {
    /// In use.
    Enabled,
    /// Switched off; can be enabled again or deleted.
    Disabled,
    /// On its way out; the name stays taken until it is gone.
    Deleting,
}

impl AccountState {
    /// The word for it in answers and in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Deleting => "deleting",
        }
    }
}

impl ToValue for AccountState {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_str().into())
    }
}

impl FromValue for AccountState {
    const EXPECTED: &'static str = "an account state";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else {
            return None;
        };
        [Self::Enabled, Self::Disabled, Self::Deleting]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A user who has shown who they are.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The name of the user.
    pub(crate) username: String,
    /// Stays the same as long as the user exists; a user made anew under this name gets another.
    pub(crate) uuid: Uuid,
    /// The account the user belongs to.
    pub(crate) account_name: String,
    /// State of that account.
    pub(crate) account_state: AccountState,
    /// Users of an account of type `admin` may do everything.
    pub(crate) is_administrator: bool,
}

/// The user with this name, and the hash of the password if there is one.
pub(crate) fn by_username(
    tx: &mut Transaction<'_>,
    username: &str,
) -> Result<Option<(Identity, Option<String>)>> {
    tx.query_opt(
        "SELECT u.username, u.uuid, u.account_name, a.state, a.type, c.hash
         FROM users u
         JOIN accounts a ON a.name = u.account_name
         LEFT JOIN credentials c ON c.username = u.username
         WHERE u.username = $1",
        params![username],
        |row| Ok((read(row)?, row.get(5)?)),
    )
}

/// The user a token names.
pub(crate) fn by_uuid(tx: &mut Transaction<'_>, uuid: Uuid) -> Result<Option<Identity>> {
    tx.query_opt(
        "SELECT u.username, u.uuid, u.account_name, a.state, a.type
         FROM users u
         JOIN accounts a ON a.name = u.account_name
         WHERE u.uuid = $1",
        params![uuid],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Identity> {
    Ok(Identity {
        username: row.get(0)?,
        uuid: row.get(1)?,
        account_name: row.get(2)?,
        account_state: row.get(3)?,
        is_administrator: row.text(4)? == "admin",
    })
}
