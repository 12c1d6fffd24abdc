//! Applying the rules: what is matched moves.

use std::collections::{BTreeMap, HashMap};

use super::super::images::{moving, store as archived};
use super::store;
use super::types::{AnalysisArchiveTransitionRule, ImageSelector, OFF, Transition};
use crate::http::ApiResult;
use crate::params;
use crate::resources::events::Origin;
use crate::resources::images::record::delete;
use crate::resources::inventories;
use crate::resources::policies::engine::Pattern;
use crate::state::AppState;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

const DAY: i64 = 86_400;

/// Applies the rules of every enabled account.
///
/// # Errors
/// Those of the database. What one account's rules cannot move does not keep others from it.
pub(crate) async fn apply_rules(state: AppState) -> ApiResult<()> {
    let accounts: Vec<String> = state
        .read(|tx| {
            Ok(tx.query(
                "SELECT name FROM accounts WHERE state = 'enabled' ORDER BY name",
                params![],
                |row| row.get(0),
            )?)
        })
        .await?;
    for account in accounts {
        apply_to(&state, &account).await?;
    }
    Ok(())
}

/// Applies the rules that are for one account.
async fn apply_to(state: &AppState, account: &str) -> ApiResult<()> {
    let owner = account.to_owned();
    let (own, others) = state
        .read(move |tx| {
            Ok((
                store::of_account(tx, &owner)?,
                store::global_of_others(tx, &owner)?,
            ))
        })
        .await?;
    let (own_global, own): (Vec<_>, Vec<_>) = own
        .into_iter()
        .partition(|rule| rule.system_global == Some(true));
    let global: Vec<_> = own_global.into_iter().chain(others).collect();
    for (rules, transition) in [
        (&global, Transition::Archive),
        (&own, Transition::Archive),
        (&own, Transition::Delete),
        (&global, Transition::Delete),
    ] {
        let rules: Vec<_> = rules
            .iter()
            .filter(|rule| rule.transition == transition)
            .cloned()
            .collect();
        if !rules.is_empty() {
            pass(state, account, rules, transition).await?;
        }
    }
    Ok(())
}

/// Applies rules of one kind.
async fn pass(
    state: &AppState,
    account: &str,
    rules: Vec<AnalysisArchiveTransitionRule>,
    transition: Transition,
) -> ApiResult<()> {
    let origin = Origin::of(state, "catalog");
    let (owner, now) = (account.to_owned(), origin.now());
    let matched = state
        .read(move |tx| {
            let tags = match transition {
                Transition::Archive => working_set(tx, &owner)?,
                Transition::Delete => archive(tx, &owner)?,
            };
            Ok(matched(&rules, tags, now))
        })
        .await?;
    for (digest, rule_id) in matched {
        match transition {
            Transition::Archive => {
                let reason = format!("Archived by rule {rule_id}");
                let result = moving::archive(state, &origin, account, &digest, &reason).await?;
                if result.is_archived() {
                    let (owner, now) = (account.to_owned(), origin.now());
                    state
                        .write(move |tx| Ok(delete::delete(tx, &owner, &digest, true, now)?))
                        .await?;
                }
            }
            Transition::Delete => {
                let (owner, origin) = (account.to_owned(), origin.clone());
                let reason = format!("Deleted by rule {rule_id}");
                state
                    .write(move |tx| moving::delete(tx, &origin, &owner, &digest, &reason))
                    .await?;
            }
        }
    }
    Ok(())
}

/// A tag of an image that rules look at.
#[derive(Debug, Clone)]
struct Candidate {
    digest: String,
    registry: String,
    repository: String,
    tag: String,
    /// How many images the tag has moved on to since.
    newer: i64,
    /// When the image was analysed, or archived.
    since: Timestamp,
    /// When the image was analysed.
    analyzed_at: Timestamp,
    /// When the image was last seen running somewhere.
    last_seen: Option<Timestamp>,
}

/// The images all of whose tags are matched, oldest first, each with the rule that matched its first tag.
fn matched(
    rules: &[AnalysisArchiveTransitionRule],
    candidates: Vec<Candidate>,
    now: Timestamp,
) -> Vec<(String, String)> {
    let mut images: BTreeMap<(Timestamp, String), Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        images
            .entry((candidate.since, candidate.digest.clone()))
            .or_default()
            .push(candidate);
    }
    let count = images.len();
    let mut moving = Vec::new();
    for (rank, ((_, digest), tags)) in images.iter().enumerate() {
        // Of the images that come after it, so many are newer.
        let newer_images = i64::try_from(count - rank - 1).unwrap_or(i64::MAX);
        let rule_of = |tag: &Candidate| {
            rules
                .iter()
                .find(|rule| fits(rule, tag, newer_images, now))
                .and_then(|rule| rule.rule_id.clone())
        };
        let found: Option<Vec<String>> = tags.iter().map(rule_of).collect();
        if let Some(rule_id) = found.and_then(|rules| rules.into_iter().next()) {
            moving.push((digest.clone(), rule_id));
        }
    }
    moving
}

/// Whether a rule matches a tag of an image than which `newer_images` are newer.
fn fits(
    rule: &AnalysisArchiveTransitionRule,
    tag: &Candidate,
    newer_images: i64,
    now: Timestamp,
) -> bool {
    let days_since = |moment: Timestamp| (now.unix() - moment.unix()).max(0);
    let age = rule.analysis_age_days.unwrap_or(OFF);
    let newer = rule.tag_versions_newer.unwrap_or(OFF);
    let is_selected = rule
        .selector
        .as_ref()
        .is_some_and(|selector| selects(selector, tag));
    is_selected
        && (age < 0 || days_since(tag.since) > age.saturating_mul(DAY))
        && (newer < 0 || tag.newer >= newer)
        && rule
            .max_images_per_account
            .is_none_or(|most| newer_images >= most)
        && !is_excluded(rule, tag, now)
}

fn is_excluded(rule: &AnalysisArchiveTransitionRule, tag: &Candidate, now: Timestamp) -> bool {
    let Some(exclude) = &rule.exclude else {
        return false;
    };
    let within =
        |moment: Timestamp, days: i64| now.unix() - moment.unix() < days.saturating_mul(DAY);
    let seen_days = exclude.last_seen_in_days.unwrap_or(OFF);
    if seen_days >= 0 && tag.last_seen.is_some_and(|seen| within(seen, seen_days)) {
        return true;
    }
    let days = exclude.expiration_days.unwrap_or(OFF);
    let lasts = days < 0 || within(tag.analyzed_at, days);
    lasts
        && exclude
            .selector
            .as_ref()
            .is_some_and(|selector| selects(selector, tag))
}

/// Whether a selector fits a tag. Empty parts fit nothing.
fn selects(selector: &ImageSelector, tag: &Candidate) -> bool {
    [
        (&selector.registry, &tag.registry),
        (&selector.repository, &tag.repository),
        (&selector.tag, &tag.tag),
    ]
    .into_iter()
    .all(|(pattern, text)| {
        // Patterns are checked when a rule is made; what takes too long to match matches nothing.
        !pattern.is_empty()
            && Pattern::compile(pattern)
                .and_then(|pattern| pattern.matches(text))
                .unwrap_or(false)
    })
}

/// The tags of all analysed images in use, newest first within each tag.
fn working_set(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<Candidate>> {
    let mut candidates = tx.query(
        "SELECT i.image_digest, t.registry, t.repo, t.tag, i.analyzed_at
         FROM image_tags t JOIN images i ON i.id = t.image
         WHERE t.account_name = $1 AND i.image_status = 'active' AND i.analyzed_at IS NOT NULL
           AND i.analysis_status = 'analyzed'
         ORDER BY t.full_tag, t.tag_detected_at DESC, t.detection DESC",
        params![account],
        |row| {
            let analyzed_at = row.get(4)?;
            Ok(Candidate {
                digest: row.get(0)?,
                registry: row.get(1)?,
                repository: row.get(2)?,
                tag: row.get(3)?,
                newer: 0,
                since: analyzed_at,
                analyzed_at,
                last_seen: None,
            })
        },
    )?;
    count_newer(&mut candidates);
    let last_seen: HashMap<String, Timestamp> = inventories::store::last_seen(tx, account)?
        .into_iter()
        .collect();
    for candidate in &mut candidates {
        candidate.last_seen = last_seen.get(&candidate.digest).copied();
    }
    Ok(candidates)
}

/// The tags of all archived images, newest first within each tag.
fn archive(tx: &mut Transaction<'_>, account: &str) -> Result<Vec<Candidate>> {
    let mut tags: Vec<(Timestamp, Candidate)> = Vec::new();
    for image in archived::list(tx, account)? {
        for tag in image.image_detail {
            tags.push((
                tag.detected_at,
                Candidate {
                    digest: image.image_digest.clone(),
                    registry: tag.registry,
                    repository: tag.repository,
                    tag: tag.tag,
                    newer: 0,
                    since: image.created_at,
                    analyzed_at: image.analyzed_at,
                    last_seen: None,
                },
            ));
        }
    }
    tags.sort_by(|(a_detected, a), (b_detected, b)| {
        let name = |tag: &Candidate| {
            (
                tag.registry.clone(),
                tag.repository.clone(),
                tag.tag.clone(),
            )
        };
        name(a).cmp(&name(b)).then(b_detected.cmp(a_detected))
    });
    let mut candidates: Vec<_> = tags.into_iter().map(|(_, tag)| tag).collect();
    count_newer(&mut candidates);
    Ok(candidates)
}

/// Counts for each tag the images it moved on to: its own entries come together, newest first.
fn count_newer(candidates: &mut [Candidate]) {
    for at in 1..candidates.len() {
        let (before, rest) = candidates.split_at_mut(at);
        let (last, this) = (&before[at - 1], &mut rest[0]);
        let is_same_tag = (&last.registry, &last.repository, &last.tag)
            == (&this.registry, &this.repository, &this.tag);
        if is_same_tag {
            this.newer = last.newer + 1;
        }
    }
}
