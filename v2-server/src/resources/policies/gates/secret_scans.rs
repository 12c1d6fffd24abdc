//! `secret_scans`: secrets that the secret search found in files.

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, ContentMatch, Expression, Match, Needs, Subject};
use crate::time::Timestamp;

pub(super) const GATE: Gate = Gate {
    name: "secret_scans",
    description: "Looks at the secrets that were found in files.",
    state: State::Active,
    superseded_by: None,
    triggers: &[Trigger {
        parameters: &[
            Parameter::optional(
                "content_regex_name",
                Kind::Text,
                "AWS_ACCESS_KEY",
                "The only search expression to look at, by name, such as AWS_ACCESS_KEY, AWS_SECRET_KEY, PRIV_KEY, \
                 DOCKER_AUTH or API_KEY; all when left out.",
            ),
            Parameter::optional(
                "filename_regex",
                Kind::Expression,
                "/etc/.*",
                "The only files to look at; all when left out.",
            ),
            Parameter::optional(
                "match_type",
                Kind::Choice(&["notfound", "found"]),
                "found",
                "Whether a match or the lack of one is looked for; found when left out.",
            ),
        ],
        ..Trigger::new(
            "content_regex_checks",
            "Fires for each file and expression that was found, or once when nothing was.",
            Build::Check(ContentRegexChecks::build),
        )
    }],
};

#[derive(Debug)]
struct ContentRegexChecks {
    name: Option<String>,
    filename: Option<Expression>,
    wants_none: bool,
}

impl ContentRegexChecks {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        let name = arguments
            .text("content_regex_name")
            .filter(|name| !name.is_empty());
        Box::new(Self {
            name: name.map(str::to_owned),
            filename: arguments.expression("filename_regex"),
            wants_none: arguments.text("match_type") == Some("notfound"),
        })
    }

    fn looks_at(&self, found: &ContentMatch) -> Result<bool, CheckError> {
        Ok(self.name.as_ref().is_none_or(|wanted| found.is_of(wanted))
            && match &self.filename {
                Some(expression) => expression.matches(&found.path)?,
                None => true,
            })
    }
}

impl Check for ContentRegexChecks {
    fn needs(&self) -> Needs {
        Needs {
            secret_matches: true,
            ..Needs::default()
        }
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let mut found = Vec::new();
        for secret in &subject.secret_matches {
            if self.looks_at(secret)? {
                found.push(Match::new(format!(
                    "Secret content search analyzer found regexp match in container: file={} regexp={}",
                    secret.path,
                    secret.label()
                )));
            }
        }
        Ok(match (self.wants_none, found.is_empty()) {
            (false, _) => found,
            (true, false) => Vec::new(),
            (true, true) => vec![Match::new(format!(
                "Secret content search analyzer did not find regexp match in container: filename_regex={} \
                 content_regex_name={}",
                self.filename.as_ref().map_or("*", Expression::source),
                self.name.as_deref().unwrap_or("all")
            ))],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn messages(parameters: &[(&'static str, &str)]) -> Vec<String> {
        let mut subject = subject();
        subject.secret_matches = vec![ContentMatch {
            path: "/root/.aws".to_owned(),
            name: Some("AWS_ACCESS_KEY".to_owned()),
            expression: "AKIA.*".to_owned(),
        }];
        parameters
            .iter()
            .fold(
                Rule::new("secret_scans", "content_regex_checks"),
                |rule, (name, value)| rule.with(name, value),
            )
            .messages(&subject)
    }

    const FOUND: &str = "Secret content search analyzer found regexp match in container: file=/root/.aws regexp=AWS_ACCESS_KEY=AKIA.*";
    const NOTHING: [&str; 0] = [];

    #[test]
    fn matches_are_chosen_by_name_and_file() {
        assert_eq!(messages(&[]), [FOUND]);
        assert_eq!(
            messages(&[("content_regex_name", "AWS_ACCESS_KEY")]),
            [FOUND]
        );
        assert_eq!(messages(&[("content_regex_name", "PRIV_KEY")]), NOTHING);
        assert_eq!(messages(&[("filename_regex", "/root/.*")]), [FOUND]);
        assert_eq!(messages(&[("filename_regex", "/etc/.*")]), NOTHING);
    }

    #[test]
    fn the_lack_of_a_match_is_one_finding() {
        assert_eq!(messages(&[("match_type", "notfound")]), NOTHING);
        assert_eq!(
            messages(&[
                ("match_type", "notfound"),
                ("content_regex_name", "PRIV_KEY")
            ]),
            [
                "Secret content search analyzer did not find regexp match in container: filename_regex=* \
                 content_regex_name=PRIV_KEY"
            ]
        );
    }
}
