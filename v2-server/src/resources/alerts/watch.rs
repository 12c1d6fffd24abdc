//! Raising and closing alerts.

use super::store::{self, Filter, SYSTEM};
use super::types::{AlertState, AlertType, ComplianceResource, ComplianceViolationAlert};
use crate::http::ApiResult;
use crate::params;
use crate::resources::events::Origin;
use crate::resources::images::policy_check::{Outcome, evaluate_now};
use crate::resources::images::record::store::current_of_tag;
use crate::resources::images::reference::TagReference;
use crate::state::AppState;
use crate::store::Transaction;
use crate::time::Timestamp;

/// Most open alerts of one tag that are looked at in one run.
const MANY: i64 = 1000;

/// Checks the image of every watched tag, and raises and closes alerts.
///
/// # Errors
/// The database failed. What cannot be checked is left alone until the next run.
pub(crate) async fn watch(state: AppState) -> ApiResult<()> {
    let watched: Vec<(String, String)> = state
        .read(|tx| {
            Ok(tx.query(
                "SELECT s.account_name, s.subscription_key
                 FROM subscriptions s JOIN accounts a ON a.name = s.account_name
                 WHERE s.subscription_type = 'policy_eval' AND s.active AND a.state = 'enabled'
                 ORDER BY s.account_name, s.sequence",
                params![],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .await?;
    for (account, key) in watched {
        // Clients may watch texts that are no tags.
        if let Ok(tag) = TagReference::parse(&key) {
            watch_tag(&state, account, tag).await?;
        }
    }
    Ok(())
}

async fn watch_tag(state: &AppState, account: String, tag: TagReference) -> ApiResult<()> {
    let full_tag = tag.full_tag();
    let (owner, of_tag) = (account.clone(), full_tag.clone());
    let current = state.read(move |tx| current(tx, &owner, &of_tag)).await?;
    let origin = Origin::of(state, "catalog");
    let mut outcome = None;
    if let Some((digest, true)) = &current {
        match evaluate_now(state, &account, digest, &tag, &origin).await {
            Ok(evaluated) => outcome = Some(evaluated),
            Err(error) => {
                tracing::debug!(
                    account.name = account,
                    "failed to check a watched tag: {error}"
                );
            }
        }
    }
    let digest = current.map(|(digest, _)| digest);
    let uuid = state.uuid().to_string();
    state
        .write(move |tx| {
            let found = Found {
                account: &account,
                tag: &tag,
                digest: digest.as_deref(),
                outcome: outcome.as_ref(),
                now: origin.now(),
            };
            close(tx, &found)?;
            raise(tx, &found, &uuid)
        })
        .await
}

/// The image a tag points at, and whether it is analysed.
fn current(
    tx: &mut Transaction<'_>,
    account: &str,
    full_tag: &str,
) -> ApiResult<Option<(String, bool)>> {
    let Some(image) = current_of_tag(tx, account, full_tag)? else {
        return Ok(None);
    };
    Ok(tx.query_opt(
        "SELECT image_digest, analysis_status = 'analyzed' FROM images WHERE id = $1",
        params![image],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// What is known about a watched tag now.
struct Found<'a> {
    account: &'a str,
    tag: &'a TagReference,
    /// The image it points at.
    digest: Option<&'a str>,
    /// What the policy makes of it, where that is known.
    outcome: Option<&'a Outcome>,
    now: Timestamp,
}

/// Closes the open alerts of the tag that have no reason any more.
fn close(tx: &mut Transaction<'_>, found: &Found<'_>) -> ApiResult<()> {
    let filter = Filter {
        state: Some(AlertState::Open),
        image_tag: Some(found.tag.full_tag()),
        ..Filter::default()
    };
    for mut alert in store::list(tx, found.account, &filter, 0, MANY)? {
        let is_current = Some(alert.resource.image_digest.as_str()) == found.digest;
        let reason = match found.outcome {
            _ if !is_current => "the tag does not point at the image any more",
            None => continue,
            Some(outcome) if outcome.policy_id != alert.resource.policy_id => {
                "another policy is active"
            }
            Some(outcome) if outcome.stops => continue,
            Some(_) => "the image passes",
        };
        alert.state = AlertState::Closed;
        alert.closed_by = Some(SYSTEM.to_owned());
        alert.closed_reason = Some(reason.to_owned());
        alert.last_updated = found.now;
        store::update(tx, found.account, &alert)?;
    }
    Ok(())
}

/// Raises an alert, unless there is an open one, or one that somebody has closed since the image last passed.
fn raise(tx: &mut Transaction<'_>, found: &Found<'_>, uuid: &str) -> ApiResult<()> {
    let (Some(digest), Some(outcome)) = (found.digest, found.outcome) else {
        return Ok(());
    };
    if !outcome.stops {
        return Ok(());
    }
    let resource = ComplianceResource {
        image_digest: digest.to_owned(),
        policy_id: outcome.policy_id.clone(),
        image_tag: found.tag.full_tag(),
        registry: found.tag.registry.clone(),
        repository: found.tag.repository.clone(),
        evaluation_id: outcome.evaluation_id.clone(),
        evaluated_at: outcome.evaluated_at,
    };
    if let Some(last) = store::last(tx, found.account, &resource)?
        && (last.state == AlertState::Open || last.closed_by.as_deref() != Some(SYSTEM))
    {
        return Ok(());
    }
    let alert = ComplianceViolationAlert {
        uuid: uuid.to_owned(),
        kind: AlertType::ComplianceViolation,
        state: AlertState::Open,
        resource,
        closed_by: None,
        closed_reason: None,
        created_at: found.now,
        last_updated: found.now,
        compliance_status_reason: outcome.reason.clone(),
        violations_count: outcome.violations,
    };
    Ok(store::insert(tx, found.account, &alert)?)
}
