//! `packages`: packages that must or must not be installed.

use crate::time::Timestamp;

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, Match, Subject, compare_versions};

pub(super) const GATE: Gate = Gate {
    name: "packages",
    description: "Looks at the packages, those of the distribution and all others.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[
                Parameter::required("name", Kind::Text, "libssl", "The name of the package."),
                Parameter::optional(
                    "version",
                    Kind::Text,
                    "1.10.3rc3",
                    "The version that must be installed; any version when left out.",
                ),
                Parameter::optional(
                    "version_match_type",
                    Kind::Choice(&["exact", "minimum"]),
                    "exact",
                    "Whether exactly this version or this version or a newer one must be installed; exact when left out.",
                ),
            ],
            ..Trigger::new(
                "required_package",
                "Fires when the package is not installed, or not in the version.",
                Build::Check(RequiredPackage::build),
            )
        },
        Trigger {
            parameters: &[
                Parameter::optional(
                    "only_packages",
                    Kind::List,
                    "libssl,openssl",
                    "The only packages to look at.",
                ),
                Parameter::optional(
                    "only_directories",
                    Kind::List,
                    "/usr,/var/lib",
                    "The only directories to look at.",
                ),
                Parameter::optional(
                    "check",
                    Kind::Choice(&["changed", "missing"]),
                    "changed",
                    "The only difference to look for.",
                ),
            ],
            ..Trigger::new(
                "verify",
                "Fires for each file that differs from what the package database says.",
                Build::NotAvailable,
            )
        },
        Trigger {
            parameters: &[
                Parameter::required(
                    "name",
                    Kind::Text,
                    "openssh-server",
                    "The name of the package.",
                ),
                Parameter::optional(
                    "version",
                    Kind::Text,
                    "1.0.1",
                    "The version that is not wanted; any version when left out.",
                ),
            ],
            ..Trigger::new(
                "denylist",
                "Fires for each installed package of the name, and version if given.",
                Build::Check(Denylist::build),
            )
        },
    ],
};

#[derive(Debug)]
struct RequiredPackage {
    name: String,
    version: Option<String>,
    or_newer: bool,
}

impl RequiredPackage {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            name: arguments.required_text("name"),
            version: version(arguments),
            or_newer: arguments.text("version_match_type") == Some("minimum"),
        })
    }
}

/// An empty version is no version, as for rules that were written in a form.
fn version(arguments: &Arguments) -> Option<String> {
    arguments
        .text("version")
        .filter(|version| !version.is_empty())
        .map(str::to_owned)
}

impl Check for RequiredPackage {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let installed: Vec<_> = subject
            .image
            .packages
            .iter()
            .filter(|package| package.name == self.name)
            .collect();
        let Some(version) = &self.version else {
            return Ok(if installed.is_empty() {
                vec![Match::new(format!(
                    "Required input package ({}) is not present in container image",
                    self.name
                ))]
            } else {
                Vec::new()
            });
        };
        let Some(first) = installed.first() else {
            return Ok(vec![Match::new(format!(
                "Required input package ({},{version}) is not present in container image",
                self.name
            ))]);
        };
        // A package may be there several times, in different places or types: one good version is enough.
        let is_met = installed.iter().any(|package| {
            package.version == *version
                || (self.or_newer
                    && compare_versions(&package.package_type, &package.version, version).is_ge())
        });
        Ok(if is_met {
            Vec::new()
        } else if self.or_newer {
            vec![Match::new(format!(
                "Required min-version input package ({}) is present ({}), but is lower version than what is specified \
                 in policy ({version})",
                self.name, first.version
            ))]
        } else {
            vec![Match::new(format!(
                "Required input package ({}) is present ({}), but not at the version specified in policy ({version})",
                self.name, first.version
            ))]
        })
    }
}

#[derive(Debug)]
struct Denylist {
    name: String,
    version: Option<String>,
}

impl Denylist {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            name: arguments.required_text("name"),
            version: version(arguments),
        })
    }
}

impl Check for Denylist {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(subject
            .image
            .packages
            .iter()
            .filter(|package| package.name == self.name)
            .filter_map(|package| match &self.version {
                None => Some(format!("Package is denylisted: {}", package.name)),
                Some(version) => (package.version == *version)
                    .then(|| format!("Package is denylisted: {}-{version}", package.name)),
            })
            .map(Match::new)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::Subject;
    use crate::resources::policies::engine::testing::{Rule, package, subject};

    fn installed() -> Subject {
        let mut subject = subject();
        subject.image.packages = vec![
            package("musl", "1.1.24-r8", &[]),
            package("libssl1.1", "1.1.1g-r0", &[]),
        ];
        subject
    }

    fn required(name: &str, version: &str, match_type: &str) -> Vec<String> {
        let mut rule = Rule::new("packages", "required_package").with("name", name);
        if !version.is_empty() {
            rule = rule.with("version", version);
        }
        if !match_type.is_empty() {
            rule = rule.with("version_match_type", match_type);
        }
        rule.messages(&installed())
    }

    fn denied(name: &str, version: &str) -> Vec<String> {
        let mut rule = Rule::new("packages", "denylist").with("name", name);
        if !version.is_empty() {
            rule = rule.with("version", version);
        }
        rule.messages(&installed())
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_missing_package_is_found_missing() {
        assert_eq!(required("musl", "", ""), NOTHING);
        assert_eq!(
            required("curl", "", ""),
            ["Required input package (curl) is not present in container image"]
        );
        assert_eq!(
            required("curl", "7.1", ""),
            ["Required input package (curl,7.1) is not present in container image"]
        );
    }

    #[test]
    fn the_exact_version_is_meant_unless_said_otherwise() {
        assert_eq!(required("musl", "1.1.24-r8", ""), NOTHING);
        assert_eq!(
            required("musl", "1.1.24-r7", "exact"),
            [
                "Required input package (musl) is present (1.1.24-r8), but not at the version specified in policy \
                 (1.1.24-r7)"
            ]
        );
    }

    #[test]
    fn a_minimum_version_is_compared_as_the_package_manager_does() {
        assert_eq!(required("musl", "1.1.24-r7", "minimum"), NOTHING);
        assert_eq!(required("libssl1.1", "1.1.1g-r0", "minimum"), NOTHING);
        assert_eq!(
            required("musl", "1.1.24-r10", "minimum"),
            [
                "Required min-version input package (musl) is present (1.1.24-r8), but is lower version than what is \
                 specified in policy (1.1.24-r10)"
            ]
        );
    }

    #[test]
    fn one_good_version_among_several_is_enough() {
        let mut subject = installed();
        subject
            .image
            .packages
            .push(package("musl", "1.2.5-r0", &[]));
        let found = Rule::new("packages", "required_package")
            .with("name", "musl")
            .with("version", "1.2.5-r0")
            .messages(&subject);
        assert_eq!(found, NOTHING);
    }

    #[test]
    fn denied_packages_are_found_by_name_and_version() {
        assert_eq!(denied("musl", ""), ["Package is denylisted: musl"]);
        assert_eq!(
            denied("musl", "1.1.24-r8"),
            ["Package is denylisted: musl-1.1.24-r8"]
        );
        assert_eq!(denied("musl", "2"), NOTHING);
        assert_eq!(denied("curl", ""), NOTHING);
    }
}
