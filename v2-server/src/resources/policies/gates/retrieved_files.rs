//! `retrieved_files`: files whose content was kept at analysis.

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, Expression, Match, Needs, RetrievedFile, Subject};
use crate::time::Timestamp;

const PATH: Parameter = Parameter::required(
    "path",
    Kind::Text,
    "/etc/httpd.conf",
    "The path of the file.",
);

pub(super) const GATE: Gate = Gate {
    name: "retrieved_files",
    description: "Looks at the content of files that was kept at analysis.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[PATH],
            ..Trigger::new(
                "content_not_available",
                "Fires when the content of the file was not kept at analysis.",
                Build::Check(|arguments| {
                    Box::new(ContentNotAvailable {
                        path: arguments.required_text("path"),
                    })
                }),
            )
        },
        Trigger {
            parameters: &[
                PATH,
                Parameter::required(
                    "check",
                    Kind::Choice(&["match", "no_match"]),
                    "match",
                    "Whether a match or the lack of one is looked for.",
                ),
                Parameter::required(
                    "regex",
                    Kind::Expression,
                    ".*SSlEnabled.*",
                    "The expression, matched against each line from its start.",
                ),
            ],
            ..Trigger::new(
                "content_regex",
                "Fires when a line of the file matches, or none does.",
                Build::Check(ContentRegex::build),
            )
        },
    ],
};

const RETRIEVED: Needs = Needs {
    files: false,
    content_matches: false,
    secret_matches: false,
    retrieved_files: true,
    malware_scans: false,
};

fn file<'a>(subject: &'a Subject, path: &str) -> Option<&'a RetrievedFile> {
    subject
        .retrieved_files
        .iter()
        .find(|file| file.path == path)
}

#[derive(Debug)]
struct ContentNotAvailable {
    path: String,
}

impl Check for ContentNotAvailable {
    fn needs(&self) -> Needs {
        RETRIEVED
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(match file(subject, &self.path) {
            Some(_) => Vec::new(),
            None => vec![Match::new("Cannot locate file in the image analysis")],
        })
    }
}

#[derive(Debug)]
struct ContentRegex {
    rule_id: String,
    path: String,
    check: String,
    regex: Expression,
}

impl ContentRegex {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            rule_id: arguments.rule_id().to_owned(),
            path: arguments.required_text("path"),
            check: arguments.required_text("check"),
            regex: arguments
                .expression("regex")
                .expect("required parameters are checked before a check is built"),
        })
    }

    /// Whether the expression matches at the start of a line, or of a word in it: servers of this API have always
    /// looked at words, and what users mean are lines.
    fn matches(&self, file: &RetrievedFile) -> Result<bool, CheckError> {
        let text = String::from_utf8_lossy(&file.content);
        for line in text.lines() {
            for candidate in std::iter::once(line).chain(line.split_whitespace()) {
                if self.regex.matches(candidate)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Check for ContentRegex {
    fn needs(&self) -> Needs {
        RETRIEVED
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let Some(file) = file(subject, &self.path) else {
            return Ok(Vec::new());
        };
        if self.matches(file)? != (self.check == "match") {
            return Ok(Vec::new());
        }
        Ok(vec![Match::with_id(
            format!("{}+file://{}", self.rule_id, self.path),
            format!(
                "Content regex '{}' check '{}' found in retrieved file '{}'",
                self.regex.source(),
                self.check,
                self.path
            ),
        )])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn retrieved() -> Subject {
        let mut subject = subject();
        subject.retrieved_files = vec![RetrievedFile {
            path: "/etc/httpd.conf".to_owned(),
            content: b"Listen 443\n  SSLEnabled true\n".to_vec(),
        }];
        subject
    }

    fn content(check: &str, regex: &str) -> Vec<(String, String)> {
        Rule::new("retrieved_files", "content_regex")
            .with("path", "/etc/httpd.conf")
            .with("check", check)
            .with("regex", regex)
            .run(&retrieved())
    }

    #[test]
    fn a_match_is_named_by_rule_and_path() {
        assert_eq!(
            content("match", "Listen 4.*"),
            [(
                "rule1+file:///etc/httpd.conf".to_owned(),
                "Content regex 'Listen 4.*' check 'match' found in retrieved file '/etc/httpd.conf'".to_owned()
            )]
        );
    }

    #[test]
    fn lines_and_words_are_matched_from_their_start() {
        assert_eq!(content("match", "SSLEnabled").len(), 1);
        assert_eq!(content("match", "isten").len(), 0);
        assert_eq!(content("no_match", "SSLEnabled").len(), 0);
        assert_eq!(content("no_match", "Debug").len(), 1);
    }

    #[test]
    fn a_file_that_was_not_kept_is_told_by_one_trigger_only() {
        let rule = |path| Rule::new("retrieved_files", "content_not_available").with("path", path);
        assert!(rule("/etc/httpd.conf").run(&retrieved()).is_empty());
        assert_eq!(
            rule("/etc/other").messages(&retrieved()),
            ["Cannot locate file in the image analysis"]
        );
        let other = Rule::new("retrieved_files", "content_regex")
            .with("path", "/etc/other")
            .with("check", "no_match")
            .with("regex", "x");
        assert!(other.run(&retrieved()).is_empty());
    }
}
