//! Feeds in the database.

use super::types::{FeedGroupMetadata, FeedMetadata};
use crate::params;
use crate::store::{Result, Transaction};

/// All feeds with their groups, by name.
pub(super) fn feeds(tx: &mut Transaction<'_>) -> Result<Vec<FeedMetadata>> {
    let mut feeds = tx.query(
        "SELECT name, created_at, updated_at, last_full_sync, enabled FROM feeds ORDER BY name",
        params![],
        |row| {
            Ok(FeedMetadata {
                name: row.get(0)?,
                created_at: row.get(1)?,
                updated_at: row.get(2)?,
                groups: Vec::new(),
                last_full_sync: row.get(3)?,
                enabled: row.get(4)?,
            })
        },
    )?;
    for feed in &mut feeds {
        feed.groups = tx.query(
            "SELECT name, created_at, last_sync, record_count, enabled FROM feed_groups
             WHERE feed = $1 ORDER BY name",
            params![feed.name],
            |row| {
                Ok(FeedGroupMetadata {
                    name: row.get(0)?,
                    created_at: row.get(1)?,
                    last_sync: row.get(2)?,
                    record_count: row.get(3)?,
                    enabled: row.get(4)?,
                })
            },
        )?;
    }
    Ok(feeds)
}
