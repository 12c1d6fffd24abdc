//! Every type of event this server knows, with its level, message and the kind of thing it is about.
//!
//! A type is written `category.subcategory.name`, where the name itself may contain dots. The grouping below is what
//! `GET /event-types` shows, in this order; a test proves that each type stands under the group its own name says.

/// How serious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something happened as it should.
    Info,
    /// Something failed and someone should look.
    Error,
}

impl Level {
    /// The word used in event records and filters.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Error => "error",
        }
    }
}

/// One type of event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventType {
    /// `category.subcategory.name`.
    pub(crate) name: &'static str,
    /// What happened, for people.
    pub(crate) message: &'static str,
    /// The kind of thing the event is about, e.g. `image_tag`.
    pub(crate) resource_type: &'static str,
    /// How serious it is.
    pub(crate) level: Level,
}

impl EventType {
    const fn info(name: &'static str, resource_type: &'static str, message: &'static str) -> Self {
        Self {
            name,
            message,
            resource_type,
            level: Level::Info,
        }
    }

    const fn error(name: &'static str, resource_type: &'static str, message: &'static str) -> Self {
        Self {
            name,
            message,
            resource_type,
            level: Level::Error,
        }
    }

    /// The first part of the name: `user` or `system`.
    pub(crate) fn category(&self) -> &'static str {
        self.parts().0
    }

    /// Category, subcategory and the name within the subcategory.
    pub(crate) fn parts(&self) -> (&'static str, &'static str, &'static str) {
        let (category, rest) = self
            .name
            .split_once('.')
            .expect("every type has a category");
        let (subcategory, name) = rest.split_once('.').expect("every type has a subcategory");
        (category, subcategory, name)
    }
}

/// `user` and `system` events.
#[derive(Debug)]
pub(crate) struct Category {
    /// First part of the type names.
    pub(crate) name: &'static str,
    /// What such events have in common.
    pub(crate) description: &'static str,
    /// The groups within.
    pub(crate) subcategories: &'static [Subcategory],
}

/// Events about one kind of activity.
#[derive(Debug)]
pub(crate) struct Subcategory {
    /// Second part of the type names.
    pub(crate) name: &'static str,
    /// What such events have in common.
    pub(crate) description: &'static str,
    /// The types.
    pub(crate) events: &'static [&'static EventType],
}

/// An analysed image was moved to the archive.
pub(crate) const IMAGE_ARCHIVED: EventType = EventType::info(
    "system.analysis_archive.image_archived",
    "image_digest",
    "Image analysis archived",
);
/// Moving an image to the archive failed.
pub(crate) const IMAGE_ARCHIVE_FAILED: EventType = EventType::error(
    "system.analysis_archive.image_archive_failed",
    "image_digest",
    "Archiving an image analysis failed",
);
/// An archived image was deleted.
pub(crate) const ARCHIVED_IMAGE_DELETED: EventType = EventType::info(
    "system.analysis_archive.archived_image_deleted",
    "image_digest",
    "Archived image analysis deleted",
);
/// Deleting an archived image failed.
pub(crate) const ARCHIVED_IMAGE_DELETE_FAILED: EventType = EventType::error(
    "system.analysis_archive.archived_image_delete_failed",
    "image_digest",
    "Deleting an archived image analysis failed",
);

/// A synchronisation of all feeds began.
pub(crate) const FEEDS_SYNC_STARTED: EventType = EventType::info(
    "system.feeds.sync.started",
    "feeds",
    "Synchronisation of the feeds started",
);
/// A synchronisation of all feeds ended well.
pub(crate) const FEEDS_SYNC_COMPLETED: EventType = EventType::info(
    "system.feeds.sync.completed",
    "feeds",
    "Synchronisation of the feeds completed",
);
/// A synchronisation of all feeds failed.
pub(crate) const FEEDS_SYNC_FAILED: EventType = EventType::error(
    "system.feeds.sync.failed",
    "feeds",
    "Synchronisation of the feeds failed",
);
/// One feed's synchronisation began.
pub(crate) const FEED_SYNC_STARTED: EventType = EventType::info(
    "system.feeds.sync.feed_started",
    "feed",
    "Synchronisation of a feed started",
);
/// One feed's synchronisation ended well.
pub(crate) const FEED_SYNC_COMPLETED: EventType = EventType::info(
    "system.feeds.sync.feed_completed",
    "feed",
    "Synchronisation of a feed completed",
);
/// One feed's synchronisation failed.
pub(crate) const FEED_SYNC_FAILED: EventType = EventType::error(
    "system.feeds.sync.feed_failed",
    "feed",
    "Synchronisation of a feed failed",
);
/// One feed group's synchronisation began.
pub(crate) const FEED_GROUP_SYNC_STARTED: EventType = EventType::info(
    "system.feeds.sync.group_started",
    "feed_group",
    "Synchronisation of a feed group started",
);
/// One feed group's synchronisation ended well.
pub(crate) const FEED_GROUP_SYNC_COMPLETED: EventType = EventType::info(
    "system.feeds.sync.group_completed",
    "feed_group",
    "Synchronisation of a feed group completed",
);
/// One feed group's synchronisation failed.
pub(crate) const FEED_GROUP_SYNC_FAILED: EventType = EventType::error(
    "system.feeds.sync.group_failed",
    "feed_group",
    "Synchronisation of a feed group failed",
);

/// A registry did not have, or did not show, the image somebody asked for.
pub(crate) const REGISTRY_LOOKUP_FAILED: EventType = EventType::error(
    "system.image_analysis.registry_lookup_failed",
    "image_reference",
    "Image not found in its registry",
);
/// An image could not be analysed (for operators; users see [`USER_IMAGE_ANALYSIS_FAILED`]).
pub(crate) const IMAGE_ANALYSIS_FAILED: EventType = EventType::error(
    "system.image_analysis.failed",
    "image_digest",
    "Image analysis failed",
);
/// An image was analysed (for operators; users see [`USER_IMAGE_ANALYSIS_COMPLETED`]).
pub(crate) const IMAGE_ANALYSIS_COMPLETED: EventType = EventType::info(
    "system.image_analysis.completed",
    "image_tag",
    "Image analysis completed",
);
/// The analysis was done, but its record could not be stored.
pub(crate) const IMAGE_CATALOG_SAVE_FAILED: EventType = EventType::error(
    "system.image_analysis.catalog_save_failed",
    "image_digest",
    "Storing an image analysis failed",
);
/// The analysis was done, but its content could not be loaded.
pub(crate) const IMAGE_POLICY_ENGINE_LOAD_FAILED: EventType = EventType::error(
    "system.image_analysis.policy_engine_load_failed",
    "image_digest",
    "Loading the content of an image analysis failed",
);
/// An archived image came back.
pub(crate) const IMAGE_RESTORED_FROM_ARCHIVE: EventType = EventType::info(
    "system.image_analysis.restored_from_archive",
    "image_digest",
    "Image restored from the archive",
);
/// An archived image could not be brought back.
pub(crate) const IMAGE_RESTORE_FROM_ARCHIVE_FAILED: EventType = EventType::error(
    "system.image_analysis.restore_from_archive_failed",
    "image_digest",
    "Restoring an image from the archive failed",
);
/// An image manifest could not be read.
pub(crate) const IMAGE_MANIFEST_PARSE_FAILED: EventType = EventType::error(
    "system.image_analysis.manifest_parse_fail",
    "image_tag",
    "Image manifest could not be read",
);

/// The tags of a watched repository could not be listed.
pub(crate) const REPOSITORY_LIST_TAGS_FAILED: EventType = EventType::error(
    "system.repository.list_tags_fail",
    "repository",
    "Tags of a repository could not be listed",
);

/// A service stopped reporting, and its record was left behind.
pub(crate) const SERVICE_ORPHANED: EventType = EventType::error(
    "system.service.state_transition.orphaned",
    "service",
    "Service orphaned",
);
/// A service stopped reporting.
pub(crate) const SERVICE_DOWN: EventType = EventType::error(
    "system.service.state_transition.down",
    "service",
    "Service down",
);
/// A service record was removed.
pub(crate) const SERVICE_REMOVED: EventType =
    EventType::error("system.service.removed", "service", "Service removed");
/// The configured authorisation plugin does not answer.
pub(crate) const SERVICE_AUTHZ_PLUGIN_FAILED: EventType = EventType::error(
    "system.service.authz_plugin_healthcheck_failed",
    "service",
    "Authorisation plugin failed its health check",
);

/// An event for trying out notifications.
pub(crate) const RANDOM_WISDOM: EventType = EventType::info(
    "system.test.random_wisdom",
    "wisdom",
    "A piece of wisdom nobody asked for",
);

/// The vulnerabilities of a tagged image changed.
pub(crate) const USER_TAG_VULNERABILITIES_UPDATE: EventType = EventType::info(
    "user.checks.tag.vulnerabilities.update",
    "image_tag",
    "Vulnerabilities of a tagged image changed",
);
/// The policy evaluation of a tagged image changed.
pub(crate) const USER_TAG_POLICY_EVALUATION_UPDATE: EventType = EventType::info(
    "user.checks.tag.policy_evaluation.update",
    "image_tag",
    "Policy evaluation of a tagged image changed",
);
/// An image could not be analysed.
pub(crate) const USER_IMAGE_ANALYSIS_FAILED: EventType = EventType::error(
    "user.image.analysis.failed",
    "image_tag",
    "Failed to analyze image",
);
/// An image is analysed and can be read.
pub(crate) const USER_IMAGE_ANALYSIS_COMPLETED: EventType = EventType::info(
    "user.image.analysis.completed",
    "image_tag",
    "Image analysis available",
);
/// Another policy became the active one.
pub(crate) const USER_POLICY_ACTIVE_UPDATED: EventType = EventType::info(
    "user.policy.active.updated",
    "policy_bundle",
    "Another policy became the active one",
);
/// The active policy was edited.
pub(crate) const USER_POLICY_ACTIVE_CONTENT_CHANGE: EventType = EventType::info(
    "user.policy.active.content_change",
    "policy_bundle",
    "The content of the active policy changed",
);

/// All types, grouped as `GET /event-types` shows them.
pub(crate) const CATEGORIES: &[Category] = &[
    Category {
        name: "system",
        description: "What the system itself does: state changes, background work and their failures.",
        subcategories: &[
            Subcategory {
                name: "analysis_archive",
                description: "Moving image analyses to and from the archive",
                events: &[
                    &IMAGE_ARCHIVED,
                    &IMAGE_ARCHIVE_FAILED,
                    &ARCHIVED_IMAGE_DELETED,
                    &ARCHIVED_IMAGE_DELETE_FAILED,
                ],
            },
            Subcategory {
                name: "feeds",
                description: "Synchronising vulnerability feeds",
                events: &[
                    &FEEDS_SYNC_STARTED,
                    &FEEDS_SYNC_COMPLETED,
                    &FEEDS_SYNC_FAILED,
                    &FEED_SYNC_STARTED,
                    &FEED_SYNC_COMPLETED,
                    &FEED_SYNC_FAILED,
                    &FEED_GROUP_SYNC_STARTED,
                    &FEED_GROUP_SYNC_COMPLETED,
                    &FEED_GROUP_SYNC_FAILED,
                ],
            },
            Subcategory {
                name: "image_analysis",
                description: "Analysing and importing images",
                events: &[
                    &REGISTRY_LOOKUP_FAILED,
                    &IMAGE_ANALYSIS_FAILED,
                    &IMAGE_ANALYSIS_COMPLETED,
                    &IMAGE_CATALOG_SAVE_FAILED,
                    &IMAGE_POLICY_ENGINE_LOAD_FAILED,
                    &IMAGE_RESTORED_FROM_ARCHIVE,
                    &IMAGE_RESTORE_FROM_ARCHIVE_FAILED,
                    &IMAGE_MANIFEST_PARSE_FAILED,
                ],
            },
            Subcategory {
                name: "repository",
                description: "Watching repositories",
                events: &[&REPOSITORY_LIST_TAGS_FAILED],
            },
            Subcategory {
                name: "service",
                description: "Services coming and going",
                events: &[
                    &SERVICE_ORPHANED,
                    &SERVICE_DOWN,
                    &SERVICE_REMOVED,
                    &SERVICE_AUTHZ_PLUGIN_FAILED,
                ],
            },
            Subcategory {
                name: "test",
                description: "Events made to try something out",
                events: &[&RANDOM_WISDOM],
            },
        ],
    },
    Category {
        name: "user",
        description: "What the users of an account care about, meant for people and for automation.",
        subcategories: &[
            Subcategory {
                name: "checks",
                description: "Changed results of checks",
                events: &[
                    &USER_TAG_VULNERABILITIES_UPDATE,
                    &USER_TAG_POLICY_EVALUATION_UPDATE,
                ],
            },
            Subcategory {
                name: "image",
                description: "State of images",
                events: &[&USER_IMAGE_ANALYSIS_FAILED, &USER_IMAGE_ANALYSIS_COMPLETED],
            },
            Subcategory {
                name: "policy",
                description: "Changed policies",
                events: &[
                    &USER_POLICY_ACTIVE_UPDATED,
                    &USER_POLICY_ACTIVE_CONTENT_CHANGE,
                ],
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_stands_under_the_group_its_name_says() {
        let mut count = 0;
        for category in CATEGORIES {
            for subcategory in category.subcategories {
                for event in subcategory.events {
                    let (of_category, of_subcategory, name) = event.parts();
                    assert_eq!(
                        (of_category, of_subcategory),
                        (category.name, subcategory.name)
                    );
                    assert!(!name.is_empty());
                    count += 1;
                }
            }
        }
        assert_eq!(count, 33, "a type was added or removed without its group");
    }
}
