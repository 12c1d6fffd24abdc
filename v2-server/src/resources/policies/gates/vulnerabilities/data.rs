//! `stale_feed_data` and `vulnerability_data_unavailable`: the data that vulnerabilities are matched with.

use super::{age, seconds};
use crate::resources::policies::catalogue::Arguments;
use crate::resources::policies::engine::{Check, CheckError, Match, Subject};
use crate::time::Timestamp;

/// The data may be so many days old.
#[derive(Debug)]
pub(super) struct StaleFeedData {
    days: u64,
}

impl StaleFeedData {
    pub(super) fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            days: arguments
                .integer("max_days_since_sync")
                .expect("required parameters are checked before a check is built"),
        })
    }
}

impl Check for StaleFeedData {
    fn run(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Match>, CheckError> {
        let is_fresh = subject.feed.last_sync.is_some_and(|last_sync| {
            seconds(self.days).is_none_or(|allowed| age(last_sync, now) <= allowed)
        });
        Ok(if is_fresh {
            Vec::new()
        } else {
            vec![Match::new(format!(
                "The vulnerability feed for this image distro is older than MAXAGE ({}) days",
                self.days
            ))]
        })
    }
}

/// There must be data.
#[derive(Debug)]
pub(super) struct DataUnavailable;

impl Check for DataUnavailable {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(if subject.feed.has_data {
            Vec::new()
        } else {
            vec![Match::new(format!(
                "Distro-specific feed data not found for distro namespace: {}. Cannot perform CVE scan OS/distro \
                 packages",
                subject.feed.namespace.as_deref().unwrap_or("None")
            ))]
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::testing::{Rule, subject};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn stale_data_is_found_by_the_last_synchronisation() {
        let found = |last_sync: Option<&str>| {
            let mut subject = subject();
            subject.feed.last_sync = last_sync.map(|time| time.parse().unwrap());
            Rule::new("vulnerabilities", "stale_feed_data")
                .with("max_days_since_sync", "2")
                .messages(&subject)
        };
        assert_eq!(found(Some("2026-05-30T12:00:00Z")), NOTHING);
        assert_eq!(found(Some("2026-05-30T11:59:59Z")).len(), 1);
        assert_eq!(
            found(None),
            ["The vulnerability feed for this image distro is older than MAXAGE (2) days"]
        );
    }

    #[test]
    fn missing_data_names_the_distribution() {
        let mut subject = subject();
        let rule = Rule::new("vulnerabilities", "vulnerability_data_unavailable");
        assert_eq!(rule.messages(&subject), NOTHING);
        subject.feed.has_data = false;
        assert_eq!(
            rule.messages(&subject),
            [
                "Distro-specific feed data not found for distro namespace: alpine:3.12.0. Cannot perform CVE scan \
                 OS/distro packages"
            ]
        );
    }
}
