//! `dockerfile`: what the Dockerfile says, the one that was given with the image or one guessed from its history.

use std::collections::BTreeMap;

use super::super::catalogue::{
    Arguments, BadArgument, Build, Gate, Kind, Parameter, State, Trigger,
};
use super::super::engine::{Check, CheckError, Expression, Match, Subject};
use super::ListType;
use crate::resources::images::evaluation::{Dockerfile, DockerfileMode};
use crate::time::Timestamp;

const INSTRUCTIONS: &[&str] = &[
    "ADD",
    "ARG",
    "COPY",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "USER",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "VOLUME",
    "WORKDIR",
];

const CHECKS: &[&str] = &[
    "=",
    "!=",
    "exists",
    "not_exists",
    "like",
    "not_like",
    "in",
    "not_in",
];

const ACTUAL_ONLY: Parameter = Parameter::optional(
    "actual_dockerfile_only",
    Kind::Flag,
    "true",
    "Whether to look only at a Dockerfile that was given with the image; false when left out.",
);

pub(super) const GATE: Gate = Gate {
    name: "dockerfile",
    description: "Looks at the Dockerfile, given with the image or guessed from its history.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[
                Parameter::required(
                    "instruction",
                    Kind::Choice(INSTRUCTIONS),
                    "FROM",
                    "The instruction to look at.",
                ),
                Parameter::required(
                    "check",
                    Kind::Choice(CHECKS),
                    "=",
                    "How the instruction's text is compared with the value.",
                ),
                Parameter::optional(
                    "value",
                    Kind::Text,
                    "scratch",
                    "The value; every check but exists and not_exists needs one.",
                ),
                ACTUAL_ONLY,
            ],
            ..Trigger::new(
                "instruction",
                "Fires for each line with the instruction that meets the check.",
                Build::TryCheck(Instruction::build),
            )
        },
        Trigger {
            parameters: &[
                Parameter::required(
                    "users",
                    Kind::List,
                    "root,docker",
                    "The names of the users.",
                ),
                Parameter::required(
                    "type",
                    Kind::Choice(ListType::WORDS),
                    "denylist",
                    "Whether the users are the only ones allowed, or denied.",
                ),
            ],
            ..Trigger::new(
                "effective_user",
                "Fires when the user that the image runs as is not allowed.",
                Build::Check(EffectiveUser::build),
            )
        },
        Trigger {
            parameters: &[
                Parameter::required(
                    "ports",
                    Kind::IntegerList,
                    "80,8080,8088",
                    "The numbers of the ports; 0 stands for any port.",
                ),
                Parameter::required(
                    "type",
                    Kind::Choice(ListType::WORDS),
                    "denylist",
                    "Whether the ports are the only ones allowed, or denied.",
                ),
                ACTUAL_ONLY,
            ],
            ..Trigger::new(
                "exposed_ports",
                "Fires for each exposed port that is not allowed.",
                Build::Check(ExposedPorts::build),
            )
        },
        Trigger::new(
            "no_dockerfile_provided",
            "Fires when no Dockerfile was given with the image.",
            Build::Check(|_| Box::new(NoDockerfile)),
        ),
    ],
};

/// The lines of a Dockerfile by instruction, in capitals, without the instruction itself.
fn lines(dockerfile: &Dockerfile) -> BTreeMap<String, Vec<String>> {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in whole_lines(&dockerfile.text) {
        let (instruction, rest) = line
            .split_once(char::is_whitespace)
            .unwrap_or((line.as_str(), ""));
        lines
            .entry(instruction.to_uppercase())
            .or_default()
            .push(rest.trim().to_owned());
    }
    lines
}

/// The lines without comments and blanks, with those that end in a backslash joined to the next.
fn whole_lines(text: &str) -> Vec<String> {
    let mut whole = Vec::new();
    let mut started = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(part) = line.strip_suffix('\\') {
            started.push_str(part);
        } else {
            started.push_str(line);
            whole.push(std::mem::take(&mut started));
        }
    }
    if !started.trim().is_empty() {
        whole.push(started);
    }
    whole
}

/// The Dockerfile, if there is one that the rule may look at.
fn dockerfile(subject: &Subject, actual_only: bool) -> Option<BTreeMap<String, Vec<String>>> {
    subject
        .image
        .dockerfile
        .as_ref()
        .filter(|dockerfile| !actual_only || dockerfile.mode == DockerfileMode::Actual)
        .map(lines)
}

#[derive(Debug)]
struct Instruction {
    name: String,
    check: String,
    value: String,
    test: Test,
    actual_only: bool,
}

#[derive(Debug)]
enum Test {
    Equal,
    NotEqual,
    Exists,
    NotExists,
    Like(Expression),
    NotLike(Expression),
    In(Vec<String>),
    NotIn(Vec<String>),
    /// A check that needs a value was given none: it never fires.
    Nothing,
}

impl Instruction {
    fn build(arguments: &Arguments) -> Result<Box<dyn Check>, BadArgument> {
        let check = arguments.required_text("check");
        let value = arguments.text("value");
        let expression = |value: &str| {
            Expression::compile(value).map_err(|error| BadArgument {
                parameter: "value",
                expected: format!("a regular expression ({error})"),
            })
        };
        let list = |value: &str| {
            value
                .split(',')
                .map(|item| item.trim().to_owned())
                .collect()
        };
        let test = match (check.as_str(), value) {
            ("exists", _) => Test::Exists,
            ("not_exists", _) => Test::NotExists,
            (_, None) => Test::Nothing,
            ("=", Some(_)) => Test::Equal,
            ("!=", Some(_)) => Test::NotEqual,
            ("like", Some(value)) => Test::Like(expression(value)?),
            ("not_like", Some(value)) => Test::NotLike(expression(value)?),
            ("in", Some(value)) => Test::In(list(value)),
            (_, Some(value)) => Test::NotIn(list(value)),
        };
        Ok(Box::new(Self {
            name: arguments.required_text("instruction"),
            check,
            value: value.unwrap_or_default().to_owned(),
            test,
            actual_only: arguments.flag("actual_dockerfile_only").unwrap_or(false),
        }))
    }

    fn holds(&self, line: &str) -> Result<bool, CheckError> {
        Ok(match &self.test {
            Test::Equal => line == self.value,
            Test::NotEqual => line != self.value,
            Test::Exists => true,
            Test::NotExists | Test::Nothing => false,
            Test::Like(expression) => expression.matches(line)?,
            Test::NotLike(expression) => !expression.matches(line)?,
            Test::In(values) => values.iter().any(|value| value == line),
            Test::NotIn(values) => !values.iter().any(|value| value == line),
        })
    }
}

impl Check for Instruction {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let Some(dockerfile) = dockerfile(subject, self.actual_only) else {
            return Ok(Vec::new());
        };
        let Self {
            name, check, value, ..
        } = self;
        let Some(lines) = dockerfile.get(name) else {
            return Ok(match self.test {
                Test::NotExists => vec![Match::new(format!(
                    "Dockerfile directive '{name}' not found, matching condition '{check}' check"
                ))],
                _ => Vec::new(),
            });
        };
        let mut found = Vec::new();
        for line in lines {
            if self.holds(line)? {
                found.push(Match::new(format!(
                    "Dockerfile directive '{name}' check '{check}' matched against '{value}' for line '{line}'"
                )));
            }
        }
        Ok(found)
    }
}

#[derive(Debug)]
struct EffectiveUser {
    users: Vec<String>,
    list: ListType,
}

impl EffectiveUser {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            users: arguments.list("users"),
            list: ListType::named(&arguments.required_text("type")),
        })
    }
}

impl Check for EffectiveUser {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let Some(dockerfile) = dockerfile(subject, false) else {
            return Ok(Vec::new());
        };
        let user = dockerfile
            .get("USER")
            .and_then(|lines| lines.last())
            .map_or("root", |line| line.trim_matches(['[', ']', ' ']));
        let is_listed = self.users.iter().any(|listed| listed == user);
        Ok(match (self.list, is_listed) {
            (ListType::Allow, false) => vec![Match::new(format!(
                "User {user} found as effective user, which is not on the allowed list"
            ))],
            // The misspelt word is part of the ids that allowlists name these findings by.
            (ListType::Deny, true) => vec![Match::new(format!(
                "User {user} found as effective user, which is explicity not allowed list"
            ))],
            (ListType::Allow, true) | (ListType::Deny, false) => Vec::new(),
        })
    }
}

#[derive(Debug)]
struct ExposedPorts {
    ports: Vec<String>,
    list: ListType,
    actual_only: bool,
}

impl ExposedPorts {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            ports: arguments.list("ports"),
            list: ListType::named(&arguments.required_text("type")),
            actual_only: arguments.flag("actual_dockerfile_only").unwrap_or(false),
        })
    }

    /// Whether the list names the port, which may be followed by its protocol.
    fn lists(&self, exposed: &str) -> bool {
        let number = exposed
            .strip_suffix("/tcp")
            .or_else(|| exposed.strip_suffix("/udp"))
            .unwrap_or(exposed);
        self.ports.iter().any(|port| port == number)
    }
}

impl Check for ExposedPorts {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let Some(dockerfile) = dockerfile(subject, self.actual_only) else {
            return Ok(Vec::new());
        };
        let any_port = self.ports.iter().any(|port| port == "0");
        let mut found = Vec::new();
        for line in dockerfile.get("EXPOSE").into_iter().flatten() {
            let exposed: Vec<&str> = line.split_whitespace().collect();
            if any_port && !exposed.is_empty() {
                let setting = match self.list {
                    ListType::Allow => "ALLOWEDPORTS",
                    ListType::Deny => "DENIEDPORTS",
                };
                let quoted: Vec<String> = exposed.iter().map(|port| format!("'{port}'")).collect();
                found.push(Match::new(format!(
                    "Dockerfile exposes network ports but policy sets {setting}=0: [{}]",
                    quoted.join(", ")
                )));
                continue;
            }
            for port in exposed {
                match (self.list, self.lists(port)) {
                    (ListType::Deny, true) => found.push(Match::new(format!(
                        "Dockerfile exposes port ({port}) which is in policy file DENIEDPORTS list"
                    ))),
                    (ListType::Allow, false) => found.push(Match::new(format!(
                        "Dockerfile exposes port ({port}) which is not in policy file ALLOWEDPORTS list"
                    ))),
                    (ListType::Deny, false) | (ListType::Allow, true) => {}
                }
            }
        }
        Ok(found)
    }
}

#[derive(Debug)]
struct NoDockerfile;

impl Check for NoDockerfile {
    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(match &subject.image.dockerfile {
            Some(dockerfile) if dockerfile.mode == DockerfileMode::Actual => Vec::new(),
            _ => vec![Match::new(
                "Image was not analyzed with an actual Dockerfile",
            )],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::testing::{Rule, subject};

    const TEXT: &str = "# syntax=docker/dockerfile:1\n\
        FROM debian:12 AS build\n\
        RUN apt-get update && \\\n    # not part of it\n    apt-get install -y curl\n\
        from scratch\n\
        EXPOSE 22 80/tcp\n\
        expose 53/udp\n\
        USER [app]\n\
        LABEL a=b\n";

    fn built(mode: DockerfileMode) -> Subject {
        let mut subject = subject();
        subject.image.dockerfile = Some(Dockerfile {
            mode,
            text: TEXT.to_owned(),
        });
        subject
    }

    fn instruction(parameters: &[(&'static str, &str)]) -> Vec<String> {
        parameters
            .iter()
            .fold(
                Rule::new("dockerfile", "instruction"),
                |rule, (name, value)| rule.with(name, value),
            )
            .messages(&built(DockerfileMode::Actual))
    }

    fn check(instruction_name: &str, check: &str, value: &str) -> Vec<String> {
        instruction(&[
            ("instruction", instruction_name),
            ("check", check),
            ("value", value),
        ])
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn each_line_that_meets_the_check_is_a_finding() {
        assert_eq!(
            check("FROM", "not_like", "debian"),
            [
                "Dockerfile directive 'FROM' check 'not_like' matched against 'debian' for line 'scratch'"
            ]
        );
        assert_eq!(check("FROM", "in", "scratch, alpine").len(), 1);
        assert_eq!(
            check("FROM", "not_in", "scratch,debian:12 AS build"),
            NOTHING
        );
        assert_eq!(check("FROM", "=", "scratch").len(), 1);
        assert_eq!(check("FROM", "!=", "scratch").len(), 1);
        assert_eq!(check("FROM", "exists", "").len(), 2);
    }

    #[test]
    fn a_missing_instruction_is_found_by_one_check_only() {
        assert_eq!(
            instruction(&[("instruction", "HEALTHCHECK"), ("check", "not_exists")]),
            ["Dockerfile directive 'HEALTHCHECK' not found, matching condition 'not_exists' check"]
        );
        assert_eq!(check("HEALTHCHECK", "!=", "x"), NOTHING);
        assert_eq!(check("FROM", "not_exists", ""), NOTHING);
    }

    #[test]
    fn continued_lines_are_one_line() {
        assert_eq!(
            check("RUN", "like", ".*curl"),
            [
                "Dockerfile directive 'RUN' check 'like' matched against '.*curl' for line \
                 'apt-get update && apt-get install -y curl'"
            ]
        );
        assert_eq!(
            whole_lines("RUN a \\\n b \\"),
            ["RUN a b "],
            "an unfinished line counts too"
        );
    }

    #[test]
    fn without_the_value_it_needs_a_check_never_fires() {
        assert_eq!(
            instruction(&[("instruction", "FROM"), ("check", "!=")]),
            NOTHING
        );
    }

    #[test]
    fn a_guessed_file_is_left_out_when_only_an_actual_one_is_wanted() {
        let rule = Rule::new("dockerfile", "instruction")
            .with("instruction", "FROM")
            .with("check", "exists")
            .with("actual_dockerfile_only", "true");
        assert_eq!(rule.messages(&built(DockerfileMode::Actual)).len(), 2);
        assert_eq!(rule.messages(&built(DockerfileMode::Guessed)), NOTHING);
    }

    fn ports(ports: &str, list: &str) -> Vec<String> {
        Rule::new("dockerfile", "exposed_ports")
            .with("ports", ports)
            .with("type", list)
            .messages(&built(DockerfileMode::Guessed))
    }

    #[test]
    fn ports_are_denied_with_any_protocol() {
        assert_eq!(
            ports("22,53,443", "denylist"),
            [
                "Dockerfile exposes port (22) which is in policy file DENIEDPORTS list",
                "Dockerfile exposes port (53/udp) which is in policy file DENIEDPORTS list",
            ]
        );
    }

    #[test]
    fn ports_that_are_not_allowed_are_findings() {
        assert_eq!(
            ports("80,53", "allowlist"),
            ["Dockerfile exposes port (22) which is not in policy file ALLOWEDPORTS list"]
        );
    }

    #[test]
    fn port_zero_stands_for_any_port() {
        assert_eq!(
            ports("0", "denylist"),
            [
                "Dockerfile exposes network ports but policy sets DENIEDPORTS=0: ['22', '80/tcp']",
                "Dockerfile exposes network ports but policy sets DENIEDPORTS=0: ['53/udp']",
            ]
        );
    }

    fn user(users: &str, list: &str, subject: &Subject) -> Vec<String> {
        Rule::new("dockerfile", "effective_user")
            .with("users", users)
            .with("type", list)
            .messages(subject)
    }

    #[test]
    fn the_last_user_is_the_effective_one() {
        let subject = built(DockerfileMode::Actual);
        assert_eq!(user("app", "allowlist", &subject), NOTHING);
        assert_eq!(
            user("root", "allowlist", &subject),
            ["User app found as effective user, which is not on the allowed list"]
        );
        assert_eq!(
            user("app,root", "denylist", &subject),
            ["User app found as effective user, which is explicity not allowed list"]
        );
    }

    #[test]
    fn without_a_user_line_it_is_root() {
        let mut subject = built(DockerfileMode::Actual);
        subject.image.dockerfile = Some(Dockerfile {
            mode: DockerfileMode::Actual,
            text: "FROM scratch".to_owned(),
        });
        assert_eq!(user("root", "denylist", &subject).len(), 1);
    }

    #[test]
    fn only_a_given_file_counts_as_provided() {
        let rule = Rule::new("dockerfile", "no_dockerfile_provided");
        assert_eq!(rule.messages(&built(DockerfileMode::Actual)), NOTHING);
        assert_eq!(
            rule.messages(&built(DockerfileMode::Guessed)),
            ["Image was not analyzed with an actual Dockerfile"]
        );
        assert_eq!(rule.messages(&subject()).len(), 1);
    }

    #[test]
    fn without_any_file_the_other_checks_find_nothing() {
        let rule = Rule::new("dockerfile", "instruction")
            .with("instruction", "HEALTHCHECK")
            .with("check", "not_exists");
        assert_eq!(rule.messages(&subject()), NOTHING);
        assert_eq!(user("root", "denylist", &subject()), NOTHING);
    }
}
