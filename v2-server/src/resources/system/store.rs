//! Feeds in the database.

use super::types::{FeedGroupMetadata, FeedMetadata};
use crate::params;
use crate::store::{Result, Row, Transaction};
use crate::time::Timestamp;

/// The feeds of the API.
const FEEDS: [&str; 2] = ["packages", "vulnerabilities"];

/// Makes the feeds of the API, where they are not there yet.
pub(crate) fn seed_feeds(tx: &mut Transaction<'_>, now: Timestamp) -> Result<()> {
    for feed in FEEDS {
        tx.execute(
            "INSERT INTO feeds (name, enabled, created_at, updated_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING",
            params![feed, true, now],
        )?;
    }
    Ok(())
}

/// All feeds with their groups, by name.
pub(super) fn feeds(tx: &mut Transaction<'_>) -> Result<Vec<FeedMetadata>> {
    let mut feeds = tx.query(
        "SELECT name, created_at, updated_at, last_full_sync, enabled FROM feeds ORDER BY name",
        params![],
        read,
    )?;
    for feed in &mut feeds {
        feed.groups = groups(tx, &feed.name)?;
    }
    Ok(feeds)
}

/// One feed with its groups.
pub(super) fn feed(tx: &mut Transaction<'_>, name: &str) -> Result<Option<FeedMetadata>> {
    let found = tx.query_opt(
        "SELECT name, created_at, updated_at, last_full_sync, enabled FROM feeds WHERE name = $1",
        params![name],
        read,
    )?;
    let Some(mut feed) = found else {
        return Ok(None);
    };
    feed.groups = groups(tx, name)?;
    Ok(Some(feed))
}

fn groups(tx: &mut Transaction<'_>, feed: &str) -> Result<Vec<FeedGroupMetadata>> {
    tx.query(
        "SELECT name, created_at, last_sync, record_count, enabled FROM feed_groups
         WHERE feed = $1 ORDER BY name",
        params![feed],
        |row| {
            Ok(FeedGroupMetadata {
                name: row.get(0)?,
                created_at: row.get(1)?,
                last_sync: row.get(2)?,
                record_count: row.get(3)?,
                enabled: row.get(4)?,
            })
        },
    )
}

/// Switches a feed on or off, if there is one of this name.
pub(super) fn set_enabled(
    tx: &mut Transaction<'_>,
    feed: &str,
    enabled: bool,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE feeds SET enabled = $2, updated_at = $3 WHERE name = $1",
        params![feed, enabled, now],
    )?;
    Ok(())
}

/// Removes what was read of a feed.
pub(super) fn empty(tx: &mut Transaction<'_>, feed: &str, now: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM feed_groups WHERE feed = $1", params![feed])?;
    tx.execute(
        "UPDATE feeds SET last_full_sync = NULL, updated_at = $2 WHERE name = $1",
        params![feed, now],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<FeedMetadata> {
    Ok(FeedMetadata {
        name: row.get(0)?,
        created_at: row.get(1)?,
        updated_at: row.get(2)?,
        groups: Vec::new(),
        last_full_sync: row.get(3)?,
        enabled: row.get(4)?,
    })
}
