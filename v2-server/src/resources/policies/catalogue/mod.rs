//! The policy language: every gate, its triggers and their parameters, as data.
//!
//! One table serves three readers: validation looks names and values up in it, the engine builds a rule's check from
//! it, and `GET /system/policy-spec` prints it. A gate's entry stands in `super::gates`, next to the code that runs it.

mod parameter;

pub(crate) use parameter::{Arguments, BadArgument, Kind, Parameter};

use super::engine::Check;
use super::gates;

/// A group of triggers that look at the same part of an image.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The name that rules use.
    pub(crate) name: &'static str,
    /// What the gate looks at.
    pub(crate) description: &'static str,
    /// Whether it is still evaluated.
    pub(crate) state: State,
    /// The gate that took its place.
    pub(crate) superseded_by: Option<&'static str>,
    /// Its triggers, in the order in which they are listed.
    pub(crate) triggers: &'static [Trigger],
}

/// One condition that a rule can look for.
#[derive(Debug)]
pub(crate) struct Trigger {
    /// The name that rules use.
    pub(crate) name: &'static str,
    /// Older names that rules may still use.
    pub(crate) aliases: &'static [&'static str],
    /// When it fires.
    pub(crate) description: &'static str,
    /// Whether a rule set for sources may use it.
    pub(crate) for_sources: bool,
    /// Its parameters, in the order in which they are listed.
    pub(crate) parameters: &'static [Parameter],
    /// How a rule that uses it is run.
    pub(crate) build: Build,
}

/// Whether a gate or trigger is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// In use.
    Active,
    /// No longer evaluated; known so that old policies can be told why.
    EndOfLife,
}

/// How a rule becomes a check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Build {
    /// With this function, from the rule's checked arguments.
    Check(fn(&Arguments) -> Box<dyn Check>),
    /// The same, for a trigger with an argument whose type depends on another argument.
    TryCheck(fn(&Arguments) -> Result<Box<dyn Check>, BadArgument>),
    /// Not at all: the trigger is part of the language, but this server has nothing to evaluate it on.
    NotAvailable,
    /// Not at all: the trigger is no longer evaluated by anyone.
    Retired,
}

impl Trigger {
    /// A trigger without parameters or older names, for images only; the tables override what differs.
    pub(crate) const fn new(name: &'static str, description: &'static str, build: Build) -> Self {
        Self {
            name,
            aliases: &[],
            description,
            for_sources: false,
            parameters: &[],
            build,
        }
    }

    /// The state that clients are told.
    pub(crate) fn state(&self) -> State {
        match self.build {
            Build::Retired => State::EndOfLife,
            Build::Check(_) | Build::TryCheck(_) | Build::NotAvailable => State::Active,
        }
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The parameter of this name or older name, in any case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.answers_to(name))
    }
}

impl Gate {
    /// The trigger of this name or older name, in any case.
    pub(crate) fn trigger(&self, name: &str) -> Option<&'static Trigger> {
        self.triggers
            .iter()
            .find(|trigger| trigger.answers_to(name))
    }
}

/// Every gate, those in use first.
pub(crate) fn gates() -> impl Iterator<Item = &'static Gate> {
    gates::ACTIVE.iter().copied().chain(gates::RETIRED)
}

/// The gate of this name, in any case.
pub(crate) fn find_gate(name: &str) -> Option<&'static Gate> {
    gates().find(|gate| gate.name.eq_ignore_ascii_case(name))
}

/// The known name that looks most like `name`, when one looks enough like it to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_unique_in_its_place() {
        let mut names = HashSet::new();
        for gate in gates() {
            assert!(names.insert(gate.name), "gate {} twice", gate.name);
            let mut triggers = HashSet::new();
            for trigger in gate.triggers {
                for name in std::iter::once(&trigger.name).chain(trigger.aliases) {
                    assert!(triggers.insert(*name), "{}/{name} twice", gate.name);
                }
                let mut parameters = HashSet::new();
                for parameter in trigger.parameters {
                    for name in std::iter::once(&parameter.name).chain(parameter.aliases) {
                        assert!(
                            parameters.insert(*name),
                            "{}/{}/{name} twice",
                            gate.name,
                            trigger.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn examples_are_values_of_their_own_parameter() {
        for gate in gates() {
            for trigger in gate.triggers {
                for parameter in trigger.parameters {
                    if let Some(example) = parameter.example {
                        assert!(
                            parameter.kind.read(example).is_ok(),
                            "{}/{}/{}: {example}",
                            gate.name,
                            trigger.name,
                            parameter.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case_and_by_older_name() {
        let gate = find_gate("Vulnerabilities").unwrap();
        assert_eq!(gate.name, "vulnerabilities");
        assert_eq!(gate.trigger("PACKAGE").unwrap().name, "package");
        let passwd = find_gate("passwd_file").unwrap();
        assert_eq!(
            passwd.trigger("shellmatch").unwrap().name,
            "denylist_shells"
        );
    }

    #[test]
    fn a_gate_that_is_superseded_names_a_gate_in_use() {
        for gate in gates() {
            if let Some(successor) = gate.superseded_by {
                let successor = find_gate(successor).unwrap();
                assert_eq!(successor.state, State::Active, "{}", gate.name);
            }
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = || gates().map(|gate| gate.name);
        assert_eq!(nearest("vulnerabilitys", names()), Some("vulnerabilities"));
        assert_eq!(nearest("zzz", names()), None);
    }
}
