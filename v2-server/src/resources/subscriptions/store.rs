//! Subscriptions in the database.

use md5::{Digest, Md5};

use super::types::{Subscription, SubscriptionType};
use crate::hex::hex;
use crate::params;
use crate::store::{Conditions, Result, Row, Transaction};
use crate::time::Timestamp;

/// The id of a subscription: MD5 over account, key and type. Clients keep these ids, so they must
/// come out the same when a subscription is deleted and made again.
pub(crate) fn id_of(account: &str, key: &str, kind: SubscriptionType) -> String {
    hex(&Md5::digest(format!("{account}+{key}+{}", kind.as_str())))
}

/// Subscriptions of an account, oldest first.
pub(crate) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
    key: Option<&str>,
    kind: Option<SubscriptionType>,
) -> Result<Vec<Subscription>> {
    let kind = kind.map(SubscriptionType::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("subscription_key = ?", key.as_ref())
        .and_if("subscription_type = ?", kind.as_ref());
    // The few subscriptions of one key are found by key and sorted then: an expression keeps the
    // database from reading all in order instead.
    let order = if key.is_some() {
        "sequence + 0"
    } else {
        "sequence"
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE {} ORDER BY {order}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), read)
}

/// One subscription of an account.
pub(crate) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    subscription_id: &str,
) -> Result<Option<Subscription>> {
    tx.query_opt(
        &format!(
            "SELECT {COLUMNS} FROM subscriptions WHERE account_name = $1 AND subscription_id = $2"
        ),
        params![account, subscription_id],
        read,
    )
}

/// A subscription to add.
pub(crate) struct NewSubscription<'a> {
    /// The account that owns it.
    pub(crate) account: &'a str,
    /// What is watched.
    pub(crate) key: &'a str,
    /// What is done.
    pub(crate) kind: SubscriptionType,
    /// Text of the client.
    pub(crate) value: Option<&'a str>,
    /// Whether anything is done.
    pub(crate) active: bool,
}

/// Adds a subscription; tells whether it was new. One that is there stays as it is.
pub(crate) fn insert(
    tx: &mut Transaction<'_>,
    new: &NewSubscription<'_>,
    now: Timestamp,
) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO subscriptions (subscription_id, account_name, subscription_key, subscription_type,
                                    subscription_value, active, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING",
        params![
            id_of(new.account, new.key, new.kind),
            new.account,
            new.key,
            new.kind.as_str(),
            new.value,
            new.active,
            now,
        ],
    )?;
    Ok(added == 1)
}

/// Writes value and activity of a subscription.
pub(crate) fn update(
    tx: &mut Transaction<'_>,
    changed: &Subscription,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE subscriptions SET subscription_value = $3, active = $4, last_updated = $5
         WHERE account_name = $1 AND subscription_id = $2",
        params![
            changed.account_name,
            changed.subscription_id,
            changed.subscription_value,
            changed.active,
            now,
        ],
    )?;
    Ok(())
}

/// Removes a subscription; tells whether it was there.
pub(super) fn delete(
    tx: &mut Transaction<'_>,
    account: &str,
    subscription_id: &str,
) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM subscriptions WHERE account_name = $1 AND subscription_id = $2",
        params![account, subscription_id],
    )?;
    Ok(deleted > 0)
}

/// Whether any subscription that watches `key` is active.
pub(crate) fn is_watched(tx: &mut Transaction<'_>, account: &str, key: &str) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM subscriptions
                        WHERE account_name = $1 AND subscription_key = $2 AND active)",
        params![account, key],
    )
}

/// Deactivates everything that watches `key`.
pub(crate) fn deactivate(
    tx: &mut Transaction<'_>,
    account: &str,
    key: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE subscriptions SET active = $3, last_updated = $4
         WHERE account_name = $1 AND subscription_key = $2 AND active",
        params![account, key, false, now],
    )?;
    Ok(())
}

const COLUMNS: &str = "subscription_key, subscription_type, subscription_value, account_name, active, \
                       subscription_id";

fn read(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        subscription_key: row.get(0)?,
        subscription_type: row.get(1)?,
        subscription_value: row.get(2)?,
        account_name: row.get(3)?,
        active: row.get(4)?,
        subscription_id: row.get(5)?,
    })
}
