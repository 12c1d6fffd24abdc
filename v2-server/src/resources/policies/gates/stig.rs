//! `stig`: security technical implementation guides. Known to policies; evaluated once results can be attached to images.

use super::super::catalogue::{Build, Gate, Kind, Parameter, State, Trigger};

pub(super) const GATE: Gate = Gate {
    name: "stig",
    description: "Looks at the STIG results attached to the image.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger::new(
            "no_stig_evaluations_available",
            "Fires when no STIG result is attached to the image.",
            Build::NotAvailable,
        ),
        Trigger {
            parameters: &[Parameter::required(
                "max_days_since_stig_evaluation",
                Kind::Integer,
                "7",
                "How many days old the newest result may be.",
            )],
            ..Trigger::new(
                "stig_evaluations_outdated",
                "Fires when every STIG result attached to the image is too old.",
                Build::NotAvailable,
            )
        },
    ],
};
