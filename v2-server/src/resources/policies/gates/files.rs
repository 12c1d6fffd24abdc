//! `files`: names, permissions, checksums and content of files.

use super::super::catalogue::{
    Arguments, BadArgument, Build, Gate, Kind, Parameter, State, Trigger,
};
use super::super::engine::{Check, CheckError, Expression, Match, Needs, Subject};
use crate::resources::images::evaluation::ImageFile;
use crate::time::Timestamp;

const OPERATIONS: Kind = Kind::Choice(&["equals", "not_equals"]);

/// Permission bits, with setuid, setgid and sticky.
const PERMISSIONS: u32 = 0o7777;

const SETUID_OR_SETGID: u32 = 0o6000;

pub(super) const GATE: Gate = Gate {
    name: "files",
    description: "Looks at the files: their names, permissions, checksums and content.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger {
            parameters: &[Parameter::optional(
                "regex_name",
                Kind::Text,
                "FIND_PASSWORDS",
                "The only search expression to look at, by name; all when left out.",
            )],
            ..Trigger::new(
                "content_regex_match",
                "Fires for each file and expression that the content search found.",
                Build::Check(ContentRegexMatch::build),
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "regex",
                Kind::Expression,
                r".*\.pem",
                "The expression, matched against the whole path from its start.",
            )],
            ..Trigger::new(
                "name_match",
                "Fires for each file whose path matches.",
                Build::Check(NameMatch::build),
            )
        },
        Trigger {
            parameters: &[
                Parameter::required(
                    "filename",
                    Kind::Text,
                    "/etc/passwd",
                    "The path of the file.",
                ),
                Parameter::optional(
                    "checksum_algorithm",
                    Kind::Choice(&["sha256"]),
                    "sha256",
                    "The algorithm of the checksum; sha256 when left out.",
                ),
                Parameter::optional(
                    "checksum",
                    Kind::Text,
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    "The checksum to compare with.",
                ),
                Parameter::optional(
                    "checksum_match",
                    OPERATIONS,
                    "equals",
                    "Whether the checksum must be the same or another; equals when left out.",
                ),
                Parameter::optional(
                    "mode",
                    Kind::Octal,
                    "00644",
                    "The permissions to compare with.",
                ),
                Parameter::optional(
                    "mode_op",
                    OPERATIONS,
                    "equals",
                    "Whether the permissions must be the same or others; equals when left out.",
                ),
                Parameter::optional(
                    "skip_missing",
                    Kind::Flag,
                    "true",
                    "Whether a file that is not there is no finding; true when left out.",
                ),
            ],
            ..Trigger::new(
                "attribute_match",
                "Fires when the file meets both the checksum and the mode condition, as far as they are given.",
                Build::TryCheck(AttributeMatch::build),
            )
        },
        Trigger::new(
            "suid_or_guid_set",
            "Fires for each file that is setuid or setgid.",
            Build::Check(|_| Box::new(SuidOrGuidSet)),
        ),
    ],
};

const FILES: Needs = Needs {
    files: true,
    content_matches: false,
    secret_matches: false,
    retrieved_files: false,
    malware_scans: false,
};

const CONTENT: Needs = Needs {
    files: false,
    content_matches: true,
    secret_matches: false,
    retrieved_files: false,
    malware_scans: false,
};

fn files(subject: &Subject) -> Result<&[ImageFile], CheckError> {
    subject
        .files
        .as_deref()
        .ok_or(CheckError::NoData("file listing"))
}

#[derive(Debug)]
struct ContentRegexMatch {
    name: Option<String>,
}

impl ContentRegexMatch {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        let name = arguments.text("regex_name").filter(|name| !name.is_empty());
        Box::new(Self {
            name: name.map(str::to_owned),
        })
    }
}

impl Check for ContentRegexMatch {
    fn needs(&self) -> Needs {
        CONTENT
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(subject
            .content_matches
            .iter()
            .filter(|found| self.name.as_ref().is_none_or(|wanted| found.is_of(wanted)))
            .map(|found| {
                Match::new(format!(
                    "File content analyzer found regexp match in container: file={} regexp={}",
                    found.path,
                    found.label()
                ))
            })
            .collect())
    }
}

#[derive(Debug)]
struct NameMatch {
    regex: Expression,
}

impl NameMatch {
    fn build(arguments: &Arguments) -> Box<dyn Check> {
        Box::new(Self {
            regex: arguments
                .expression("regex")
                .expect("required parameters are checked before a check is built"),
        })
    }
}

impl Check for NameMatch {
    fn needs(&self) -> Needs {
        FILES
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let mut found = Vec::new();
        for file in files(subject)? {
            if self.regex.matches(&file.path)? {
                found.push(Match::new(format!(
                    "Application of regex matched file found in container: file={} regexp={}",
                    file.path,
                    self.regex.source()
                )));
            }
        }
        Ok(found)
    }
}

#[derive(Debug)]
struct AttributeMatch {
    filename: String,
    checksum: Option<(Operation, String)>,
    mode: Option<(Operation, u32)>,
    skip_missing: bool,
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Equals,
    NotEquals,
}

impl Operation {
    fn of(arguments: &Arguments, name: &str) -> Self {
        if arguments.text(name) == Some("not_equals") {
            Self::NotEquals
        } else {
            Self::Equals
        }
    }

    fn holds(self, is_equal: bool) -> bool {
        match self {
            Self::Equals => is_equal,
            Self::NotEquals => !is_equal,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEquals => "not_equals",
        }
    }
}

impl AttributeMatch {
    fn build(arguments: &Arguments) -> Result<Box<dyn Check>, BadArgument> {
        let checksum = arguments.text("checksum").filter(|text| !text.is_empty());
        let mode = arguments
            .integer("mode")
            .map(|mode| {
                u32::try_from(mode)
                    .ok()
                    .filter(|mode| *mode <= PERMISSIONS)
                    .ok_or_else(|| BadArgument {
                        parameter: "mode",
                        expected: "file permissions of at most 7777".to_owned(),
                    })
            })
            .transpose()?;
        Ok(Box::new(Self {
            filename: arguments.required_text("filename"),
            checksum: checksum.map(|checksum| {
                let operation = Operation::of(arguments, "checksum_match");
                (operation, checksum.to_owned())
            }),
            mode: mode.map(|mode| (Operation::of(arguments, "mode_op"), mode)),
            skip_missing: arguments.flag("skip_missing").unwrap_or(true),
        }))
    }

    /// What the file meets, in words; none when it fails a condition or none is given.
    fn met(&self, file: &ImageFile) -> Option<String> {
        let mut met = Vec::new();
        if let Some((operation, wanted)) = &self.checksum {
            let found = file.sha256.as_deref().unwrap_or_default();
            if !operation.holds(found == wanted) {
                return None;
            }
            met.push(format!(
                " and checksum={found} op={} specified_checksum={wanted}",
                operation.as_str()
            ));
        }
        if let Some((operation, wanted)) = &self.mode {
            let found = file.mode & PERMISSIONS;
            if !operation.holds(found == *wanted) {
                return None;
            }
            met.push(format!(
                " and mode=0o{found:o} op={} specified_mode=0o{wanted:o}",
                operation.as_str()
            ));
        }
        (!met.is_empty()).then(|| met.concat())
    }
}

impl Check for AttributeMatch {
    fn needs(&self) -> Needs {
        FILES
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        let file = files(subject)?
            .iter()
            .find(|file| file.path == self.filename);
        let met = match file {
            Some(file) => self.met(file),
            None if self.skip_missing => None,
            None => Some(" and skip_missing=False".to_owned()),
        };
        Ok(met
            .map(|met| Match::new(format!("filename={}{met}", self.filename)))
            .into_iter()
            .collect())
    }
}

#[derive(Debug)]
struct SuidOrGuidSet;

impl Check for SuidOrGuidSet {
    fn needs(&self) -> Needs {
        FILES
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(files(subject)?
            .iter()
            .filter(|file| file.mode & SETUID_OR_SETGID != 0)
            .map(|file| {
                Match::new(format!(
                    "SUID or SGID found set on file {}. Mode: 0o{:o}",
                    file.path, file.mode
                ))
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::ContentMatch;
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn file(path: &str, mode: u32) -> ImageFile {
        ImageFile {
            path: path.to_owned(),
            file_type: "file".to_owned(),
            mode,
            uid: 0,
            gid: 0,
            size: 1,
            sha256: Some("aa".to_owned()),
            link_target: None,
        }
    }

    fn listed() -> Subject {
        let mut subject = subject();
        subject.files = Some(vec![
            file("/etc/passwd", 0o644),
            file("/etc/ssl/key.pem", 0o600),
            file("/bin/su", 0o4755),
        ]);
        subject
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn names_are_matched_from_the_start_of_the_path() {
        let rule = |regex| Rule::new("files", "name_match").with("regex", regex);
        assert_eq!(
            rule(r".*\.pem").messages(&listed()),
            [
                r"Application of regex matched file found in container: file=/etc/ssl/key.pem regexp=.*\.pem"
            ]
        );
        assert_eq!(rule("ssl").messages(&listed()), NOTHING);
    }

    #[test]
    fn set_bits_are_found_and_shown() {
        assert_eq!(
            Rule::new("files", "suid_or_guid_set").messages(&listed()),
            ["SUID or SGID found set on file /bin/su. Mode: 0o4755"]
        );
    }

    fn attribute(parameters: &[(&'static str, &str)]) -> Vec<String> {
        parameters
            .iter()
            .fold(
                Rule::new("files", "attribute_match"),
                |rule, (name, value)| rule.with(name, value),
            )
            .messages(&listed())
    }

    #[test]
    fn checksum_and_mode_must_both_hold() {
        let passwd = ("filename", "/etc/passwd");
        assert_eq!(
            attribute(&[passwd, ("checksum", "aa"), ("mode", "0644")]),
            [
                "filename=/etc/passwd and checksum=aa op=equals specified_checksum=aa and mode=0o644 op=equals \
                 specified_mode=0o644"
            ]
        );
        assert_eq!(
            attribute(&[passwd, ("checksum", "aa"), ("mode", "0600")]),
            NOTHING
        );
        assert_eq!(
            attribute(&[passwd, ("checksum", "bb"), ("checksum_match", "not_equals")]),
            ["filename=/etc/passwd and checksum=aa op=not_equals specified_checksum=bb"]
        );
        assert_eq!(
            attribute(&[passwd, ("mode", "0644"), ("mode_op", "not_equals")]),
            NOTHING
        );
        assert_eq!(attribute(&[passwd]), NOTHING);
    }

    #[test]
    fn a_missing_file_is_a_finding_only_when_asked_for() {
        let missing = ("filename", "/nosuch");
        assert_eq!(attribute(&[missing, ("checksum", "aa")]), NOTHING);
        assert_eq!(
            attribute(&[missing, ("skip_missing", "false")]),
            ["filename=/nosuch and skip_missing=False"]
        );
    }

    #[test]
    fn permissions_have_twelve_bits() {
        let rule = Rule::new("files", "attribute_match")
            .with("filename", "/a")
            .with("mode", "100644");
        assert!(rule.check().unwrap_err().contains("7777"));
    }

    #[test]
    fn without_a_file_listing_the_checks_say_so() {
        for rule in [
            Rule::new("files", "name_match").with("regex", ".*"),
            Rule::new("files", "attribute_match").with("filename", "/a"),
            Rule::new("files", "suid_or_guid_set"),
        ] {
            assert_eq!(
                rule.outcome(&subject()),
                Err(CheckError::NoData("file listing"))
            );
        }
    }

    #[test]
    fn content_matches_are_chosen_by_name() {
        let mut subject = subject();
        subject.content_matches = vec![
            ContentMatch {
                path: "/app/.env".to_owned(),
                name: Some("PASSWORD".to_owned()),
                expression: "pass.*".to_owned(),
            },
            ContentMatch {
                path: "/app/a".to_owned(),
                name: None,
                expression: "todo".to_owned(),
            },
            ContentMatch {
                path: "/app/b".to_owned(),
                name: Some("NAMED".to_owned()),
                expression: String::new(),
            },
        ];
        let rule = Rule::new("files", "content_regex_match");
        assert_eq!(
            rule.messages(&subject),
            [
                "File content analyzer found regexp match in container: file=/app/.env regexp=PASSWORD=pass.*",
                "File content analyzer found regexp match in container: file=/app/a regexp=todo",
                "File content analyzer found regexp match in container: file=/app/b regexp=NAMED",
            ]
        );
        let named = |name| {
            Rule::new("files", "content_regex_match")
                .with("regex_name", name)
                .messages(&subject)
                .len()
        };
        assert_eq!(named("PASSWORD"), 1);
        assert_eq!(named("pass.*"), 1);
        assert_eq!(named("OTHER"), 0);
    }
}
