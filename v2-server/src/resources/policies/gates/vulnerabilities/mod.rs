//! `vulnerabilities`: the vulnerabilities that were matched to the packages, and the data they were matched with.
//!
//! The triggers with their many parameters stand here; what they look for, in a file each.

mod data;
mod denylist;
mod package;

use super::Comparison;
use crate::resources::policies::catalogue::{Build, Gate, Kind, Parameter, State, Trigger};
use crate::time::Timestamp;

/// From harmless to worst.
const SEVERITIES: &[&str] = &["unknown", "negligible", "low", "medium", "high", "critical"];

const PACKAGE_TYPES: &[&str] = &["all", "os", "non-os"];

const VENDOR_ONLY: Parameter = Parameter::optional(
    "vendor_only",
    Kind::Flag,
    "true",
    "Whether to leave out what the vendor will not fix; true when left out.",
);

const fn comparison(name: &'static str, description: &'static str) -> Parameter {
    Parameter::optional(name, Kind::Choice(Comparison::WORDS), ">", description)
}

const fn score(name: &'static str, description: &'static str) -> Parameter {
    Parameter::optional(name, Kind::Decimal, "7.5", description)
}

pub(super) const GATE: Gate = Gate {
    name: "vulnerabilities",
    description: "Looks at the vulnerabilities of the packages.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            for_sources: true,
            parameters: &[
                Parameter::required(
                    "package_type",
                    Kind::Choice(PACKAGE_TYPES),
                    "all",
                    "Whether to look at packages of the distribution, at all others, or at both.",
                ),
                comparison(
                    "severity_comparison",
                    "How the severity is compared; > when left out.",
                ),
                Parameter::optional(
                    "severity",
                    Kind::Choice(SEVERITIES),
                    "high",
                    "The severity to compare with; unknown when left out.",
                ),
                comparison(
                    "cvss_v3_base_score_comparison",
                    "How the CVSS v3 base score is compared; >= when left out.",
                ),
                score(
                    "cvss_v3_base_score",
                    "The CVSS v3 base score to compare with.",
                ),
                comparison(
                    "cvss_v3_exploitability_score_comparison",
                    "How the CVSS v3 exploitability sub-score is compared; >= when left out.",
                ),
                score(
                    "cvss_v3_exploitability_score",
                    "The CVSS v3 exploitability sub-score to compare with.",
                ),
                comparison(
                    "cvss_v3_impact_score_comparison",
                    "How the CVSS v3 impact sub-score is compared; >= when left out.",
                ),
                score(
                    "cvss_v3_impact_score",
                    "The CVSS v3 impact sub-score to compare with.",
                ),
                Parameter::optional(
                    "fix_available",
                    Kind::Flag,
                    "true",
                    "Whether there must be a fix or must be none; either when left out.",
                ),
                VENDOR_ONLY,
                Parameter::optional(
                    "max_days_since_creation",
                    Kind::Integer,
                    "7",
                    "How many days ago the vulnerability must have been detected at least.",
                ),
                Parameter::optional(
                    "max_days_since_fix",
                    Kind::Integer,
                    "30",
                    "How many days ago the fix must have been seen at least; only together with fix_available true.",
                ),
                comparison(
                    "vendor_cvss_v3_base_score_comparison",
                    "How the vendor's CVSS v3 base score is compared; >= when left out.",
                ),
                score(
                    "vendor_cvss_v3_base_score",
                    "The vendor's CVSS v3 base score to compare with.",
                ),
                comparison(
                    "vendor_cvss_v3_exploitability_score_comparison",
                    "How the vendor's CVSS v3 exploitability sub-score is compared; >= when left out.",
                ),
                score(
                    "vendor_cvss_v3_exploitability_score",
                    "The vendor's CVSS v3 exploitability sub-score to compare with.",
                ),
                comparison(
                    "vendor_cvss_v3_impact_score_comparison",
                    "How the vendor's CVSS v3 impact sub-score is compared; >= when left out.",
                ),
                score(
                    "vendor_cvss_v3_impact_score",
                    "The vendor's CVSS v3 impact sub-score to compare with.",
                ),
                Parameter::optional(
                    "package_path_exclude",
                    Kind::Expression,
                    r".*test\.jar",
                    "Paths of packages to leave out; packages of the distribution are never left out.",
                ),
            ],
            ..Trigger::new(
                "package",
                "Fires for each vulnerability that meets every condition given.",
                Build::Check(package::Package::build),
            )
        },
        Trigger {
            for_sources: true,
            parameters: &[Parameter::required(
                "max_days_since_sync",
                Kind::Integer,
                "10",
                "How many days old the data may be.",
            )],
            ..Trigger::new(
                "stale_feed_data",
                "Fires when the vulnerability data of the image's distribution is too old, or there is none.",
                Build::Check(data::StaleFeedData::build),
            )
        },
        Trigger::new(
            "vulnerability_data_unavailable",
            "Fires when there is no vulnerability data for the image's distribution.",
            Build::Check(|_| Box::new(data::DataUnavailable)),
        ),
        Trigger {
            for_sources: true,
            parameters: &[
                Parameter::required(
                    "vulnerability_ids",
                    Kind::List,
                    "CVE-2019-1234",
                    "The ids of the vulnerabilities.",
                ),
                VENDOR_ONLY,
            ],
            ..Trigger::new(
                "denylist",
                "Fires when the image has any of the given vulnerabilities.",
                Build::Check(denylist::Denylist::build),
            )
        },
        Trigger::new(
            "kev_list",
            "Fires for each vulnerability that is known to be exploited.",
            Build::NotAvailable,
        ),
    ],
};

/// Seconds from `time` to `now`.
fn age(time: Timestamp, now: Timestamp) -> i64 {
    now.unix().saturating_sub(time.unix())
}

/// The seconds in so many days; none when nothing can ever be that old.
fn seconds(days: u64) -> Option<i64> {
    i64::try_from(days).ok()?.checked_mul(24 * 60 * 60)
}
