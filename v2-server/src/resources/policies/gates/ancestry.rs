//! `ancestry`: which images an image was built from. Known to policies; evaluated once ancestors are recorded.

use super::super::catalogue::{Build, Gate, Kind, Parameter, State, Trigger};

pub(super) const GATE: Gate = Gate {
    name: "ancestry",
    description: "Looks at the images that the image was built from.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[Parameter::required(
                "base_digest",
                Kind::List,
                "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                "The digests of the base images that are allowed.",
            )],
            ..Trigger::new(
                "allowed_base_image_digest",
                "Fires when the base image has none of the given digests.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "base_tag",
                Kind::List,
                "registry.example.com/base/debian:12",
                "The tags of the base images that are allowed.",
            )],
            ..Trigger::new(
                "allowed_base_image_tag",
                "Fires when the base image has none of the given tags.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "ancestor_digest",
                Kind::List,
                "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                "The digests of the images that may not be built on.",
            )],
            ..Trigger::new(
                "denylist_ancestor_image_digest",
                "Fires when an ancestor has one of the given digests.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "ancestor_tag",
                Kind::List,
                "docker.io/library/centos:7",
                "The tags of the images that may not be built on.",
            )],
            ..Trigger::new(
                "denylist_ancestor_image_tag",
                "Fires when an ancestor has one of the given tags.",
                Build::NotAvailable,
            )
        },
        Trigger::new(
            "no_ancestors_analyzed",
            "Fires when none of the images that the image was built from is analyzed.",
            Build::NotAvailable,
        ),
    ],
};
