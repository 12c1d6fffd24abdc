//! `licenses`: packages under licences that are not wanted. One finding lists them all.

use crate::time::Timestamp;

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, Match, Subject};

pub(super) const GATE: Gate = Gate {
    name: "licenses",
    description: "Looks at the licences of the packages.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[Parameter::required(
                "licenses",
                Kind::List,
                "GPLv2+,GPL-3+,BSD-2-clause",
                "The names of the licences.",
            )],
            ..Trigger::new(
                "denylist_exact_match",
                "Fires when a package has one of the given licences.",
                Build::Check(|arguments| Denylist::build(arguments, Compare::Whole)),
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "licenses",
                Kind::List,
                "LGPL,BSD",
                "Parts of the names of the licences.",
            )],
            ..Trigger::new(
                "denylist_partial_match",
                "Fires when the name of a package's licence contains one of the given texts.",
                Build::Check(|arguments| Denylist::build(arguments, Compare::Part)),
            )
        },
    ],
};

#[derive(Debug, Clone, Copy)]
enum Compare {
    Whole,
    Part,
}

#[derive(Debug)]
struct Denylist {
    licenses: Vec<String>,
    compare: Compare,
}

impl Denylist {
    fn build(arguments: &Arguments, compare: Compare) -> Box<dyn Check> {
        Box::new(Self {
            licenses: arguments.list("licenses"),
            compare,
        })
    }

    fn denies(&self, license: &str) -> bool {
        self.licenses.iter().any(|denied| match self.compare {
            Compare::Whole => license == denied,
            Compare::Part => license.contains(denied),
        })
    }
}

impl Check for Denylist {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let mut found = Vec::new();
        for package in &subject.image.packages {
            // A licence text such as `MIT and GPL-2.0` names several.
            let names = package
                .licenses
                .iter()
                .flat_map(|license| license.split_whitespace());
            for license in names.filter(|license| self.denies(license)) {
                found.push(format!("{}({license})", package.name));
            }
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let code = match self.compare {
            Compare::Whole => "LICFULLMATCH",
            Compare::Part => "LICSUBMATCH",
        };
        Ok(vec![Match::new(format!(
            "{code} Packages are installed that have denylisted licenses: {}",
            found.join(", ")
        ))])
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::Subject;
    use crate::resources::policies::engine::testing::{Rule, package, subject};

    fn licensed() -> Subject {
        let mut subject = subject();
        subject.image.packages = vec![
            package("busybox", "1", &["GPL-2.0-only"]),
            package("musl", "1", &["MIT"]),
            package("mixed", "1", &["MIT and GPL-2.0-only"]),
            package("two", "1", &["BSD-3-Clause", "LGPL-2.1"]),
        ];
        subject
    }

    fn messages(trigger: &'static str, licenses: &str) -> Vec<String> {
        Rule::new("licenses", trigger)
            .with("licenses", licenses)
            .messages(&licensed())
    }

    #[test]
    fn one_finding_lists_every_package_with_the_licence() {
        assert_eq!(
            messages("denylist_exact_match", "GPL-2.0-only, BSD-3-Clause"),
            [
                "LICFULLMATCH Packages are installed that have denylisted licenses: busybox(GPL-2.0-only), \
                 mixed(GPL-2.0-only), two(BSD-3-Clause)"
            ]
        );
    }

    #[test]
    fn a_part_of_the_name_is_enough_for_the_partial_match() {
        assert_eq!(
            messages("denylist_partial_match", "LGPL"),
            ["LICSUBMATCH Packages are installed that have denylisted licenses: two(LGPL-2.1)"]
        );
        assert_eq!(
            messages("denylist_exact_match", "GPL"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn licences_are_compared_in_their_case() {
        assert_eq!(
            messages("denylist_exact_match", "mit"),
            Vec::<String>::new()
        );
    }
}
