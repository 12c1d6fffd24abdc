//! `distro`: which operating system distributions an image may not be built on.

use std::cmp::Ordering;

use crate::time::Timestamp;

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, Match, Subject, compare_versions};
use super::Comparison;

pub(super) const GATE: Gate = Gate {
    name: "distro",
    description: "Looks at the operating system distribution of the image.",
    state: State::Active,
    superseded_by: None,
    triggers: &[Trigger {
        parameters: &[
            Parameter::required(
                "distro",
                Kind::Text,
                "debian",
                "The name of the distribution.",
            ),
            Parameter::required(
                "version",
                Kind::Text,
                "9",
                "The version that the image's version is compared with.",
            ),
            Parameter::required(
                "check",
                Kind::Choice(Comparison::WORDS),
                "<",
                "How the versions are compared.",
            ),
        ],
        ..Trigger::new(
            "deny",
            "Fires when the image has this distribution in a version that meets the comparison.",
            Build::Check(Deny::build),
        )
    }],
};

#[derive(Debug)]
struct Deny {
    distro: String,
    version: String,
    check: String,
    comparison: Comparison,
}

impl Deny {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        let check = arguments.required_text("check");
        Box::new(Self {
            distro: arguments.required_text("distro"),
            version: arguments.required_text("version"),
            comparison: Comparison::named(&check).expect("a choice of the comparison words"),
            check,
        })
    }
}

impl Check for Deny {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let metadata = &subject.image.metadata;
        let Some(distro) = &metadata.distro else {
            return Ok(Vec::new());
        };
        let Some(version) = &metadata.distro_version else {
            return Ok(Vec::new());
        };
        let order = compare_versions("", version, &self.version);
        if distro.eq_ignore_ascii_case(&self.distro)
            && self.comparison.holds(&order, &Ordering::Equal)
        {
            return Ok(vec![Match::new(format!(
                "Distro '{distro}' version '{version}' is denied by check '{}' version '{}'",
                self.check, self.version
            ))]);
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn fires(distro: &str, version: &str, check: &str) -> bool {
        let mut subject = subject();
        subject.image.metadata.distro = Some("debian".to_owned());
        subject.image.metadata.distro_version = Some("9.13".to_owned());
        let found = Rule::new("distro", "deny")
            .with("distro", distro)
            .with("version", version)
            .with("check", check)
            .run(&subject);
        !found.is_empty()
    }

    #[test]
    fn versions_are_compared_as_versions() {
        assert!(fires("debian", "10", "<"));
        assert!(fires("Debian", "9.13", "="));
        assert!(!fires("debian", "9.2", "<"));
        assert!(!fires("ubuntu", "10", "<"));
    }

    #[test]
    fn an_unknown_distribution_is_not_denied() {
        let mut subject = subject();
        subject.image.metadata.distro = None;
        let found = Rule::new("distro", "deny")
            .with("distro", "debian")
            .with("version", "10")
            .with("check", "<")
            .run(&subject);
        assert!(found.is_empty());
    }
}
