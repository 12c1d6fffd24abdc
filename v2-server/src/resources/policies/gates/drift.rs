//! `tag_drift` and `image_source_drift`: how packages differ from the tag's previous image or from the image's source.
//! Known to policies; evaluated once there is something to compare with.

use super::super::catalogue::{Build, Gate, Kind, Parameter, State, Trigger};

const PACKAGE_TYPE: &[Parameter] = &[Parameter::optional(
    "package_type",
    Kind::Text,
    "apk",
    "The only package type to look at; all types when left out.",
)];

const PACKAGE_TYPES: &[Parameter] = &[Parameter::optional(
    "package_types",
    Kind::List,
    "apk,python",
    "The only package types to look at; all types when left out.",
)];

pub(super) const TAG_DRIFT: Gate = Gate {
    name: "tag_drift",
    description: "Compares the packages with those of the previous image of the same tag.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: PACKAGE_TYPE,
            ..Trigger::new(
                "packages_added",
                "Fires for packages that the previous image did not have.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: PACKAGE_TYPE,
            ..Trigger::new(
                "packages_removed",
                "Fires for packages that only the previous image had.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: PACKAGE_TYPE,
            ..Trigger::new(
                "packages_modified",
                "Fires for packages that the previous image had in another version.",
                Build::NotAvailable,
            )
        },
    ],
};

pub(super) const IMAGE_SOURCE_DRIFT: Gate = Gate {
    name: "image_source_drift",
    description: "Compares the packages with those of the source that the image was built from.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: PACKAGE_TYPES,
            ..Trigger::new(
                "package_downgraded",
                "Fires for packages that are older than in the source.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: PACKAGE_TYPES,
            ..Trigger::new(
                "package_removed",
                "Fires for packages of the source that the image lacks.",
                Build::NotAvailable,
            )
        },
        Trigger::new(
            "no_related_sources",
            "Fires when the image is related to no analyzed source.",
            Build::NotAvailable,
        ),
    ],
};
