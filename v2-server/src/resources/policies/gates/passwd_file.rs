//! `passwd_file`: the entries of `/etc/passwd`, if its content was kept at analysis.

use super::super::catalogue::{Arguments, Build, Gate, Kind, Parameter, State, Trigger};
use super::super::engine::{Check, CheckError, Match, Needs, Subject};
use crate::time::Timestamp;

pub(super) const GATE: Gate = Gate {
    name: "passwd_file",
    description: "Looks at the entries of /etc/passwd.",
    state: State::Active,
    superseded_by: None,
    triggers: &[
        Trigger::new(
            "content_not_available",
            "Fires when the content of /etc/passwd was not kept at analysis.",
            Build::Check(|_| Box::new(ContentNotAvailable)),
        ),
        Trigger {
            parameters: &[Parameter::required(
                "user_names",
                Kind::List,
                "daemon,ftp",
                "The names that are not wanted.",
            )
            .also_called(&["usernamedenylist"])],
            ..Trigger::new(
                "denylist_usernames",
                "Fires for each entry with one of the user names.",
                Build::Check(|arguments| Denylist::build(arguments, "user_names", "user", Some(0))),
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "user_ids",
                Kind::IntegerList,
                "0,1",
                "The user ids that are not wanted.",
            )
            .also_called(&["useriddenylist"])],
            ..Trigger::new(
                "denylist_userids",
                "Fires for each entry with one of the user ids.",
                Build::Check(|arguments| Denylist::build(arguments, "user_ids", "uid", Some(2))),
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "group_ids",
                Kind::IntegerList,
                "999,20",
                "The group ids that are not wanted.",
            )],
            ..Trigger::new(
                "denylist_groupids",
                "Fires for each entry with one of the group ids.",
                Build::Check(|arguments| Denylist::build(arguments, "group_ids", "gid", Some(3))),
            )
        },
        Trigger {
            aliases: &["shellmatch"],
            parameters: &[Parameter::required(
                "shells",
                Kind::List,
                "/bin/bash,/bin/zsh",
                "The shells that are not wanted.",
            )],
            ..Trigger::new(
                "denylist_shells",
                "Fires for each entry with one of the shells.",
                Build::Check(|arguments| Denylist::build(arguments, "shells", "shell", Some(6))),
            )
        },
        Trigger {
            parameters: &[Parameter::required(
                "entry",
                Kind::Text,
                "ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin",
                "The entry that is not wanted.",
            )],
            ..Trigger::new(
                "denylist_full_entry",
                "Fires when there is exactly this entry.",
                Build::Check(|arguments| Denylist::build(arguments, "entry", "pentry", None)),
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

/// The entries of the file; none when its content was not kept or is empty.
fn entries(subject: &Subject) -> Vec<String> {
    subject
        .retrieved_files
        .iter()
        .find(|file| file.path == "/etc/passwd")
        .map(|file| {
            String::from_utf8_lossy(&file.content)
                .lines()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect()
        })
        .unwrap_or_default()
}

#[derive(Debug)]
struct ContentNotAvailable;

impl Check for ContentNotAvailable {
    fn needs(&self) -> Needs {
        RETRIEVED
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(if entries(subject).is_empty() {
            vec![Match::new(
                "Cannot locate /etc/passwd in image stored files archive: check analyzer settings.",
            )]
        } else {
            Vec::new()
        })
    }
}

#[derive(Debug)]
struct Denylist {
    denied: Vec<String>,
    /// What is denied, in words.
    noun: &'static str,
    /// The part of an entry that is looked at, or the whole entry.
    part: Option<usize>,
}

impl Denylist {
    fn build(
        arguments: &Arguments,
        parameter: &str,
        noun: &'static str,
        part: Option<usize>,
    ) -> Box<dyn Check> {
        let denied = match part {
            Some(_) => arguments.list(parameter),
            None => vec![arguments.required_text(parameter).trim().to_owned()],
        };
        Box::new(Self { denied, noun, part })
    }
}

impl Check for Denylist {
    fn needs(&self) -> Needs {
        RETRIEVED
    }

    fn run(&self, subject: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(entries(subject)
            .iter()
            .filter_map(|entry| {
                let found = match self.part {
                    Some(part) => entry.split(':').nth(part)?,
                    None => entry,
                };
                self.denied.iter().any(|denied| denied == found).then(|| {
                    Match::new(format!(
                        "Denylisted {} '{found}' found in image's /etc/passwd: pentry={entry}",
                        self.noun
                    ))
                })
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::policies::engine::RetrievedFile;
    use crate::resources::policies::engine::testing::{Rule, subject};

    fn with_passwd() -> Subject {
        let mut subject = subject();
        subject.retrieved_files = vec![RetrievedFile {
            path: "/etc/passwd".to_owned(),
            content: b"root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP User:/var/ftp:/sbin/nologin\n\nbroken\n"
                .to_vec(),
        }];
        subject
    }

    fn denied(trigger: &'static str, parameter: &'static str, value: &str) -> Vec<String> {
        Rule::new("passwd_file", trigger)
            .with(parameter, value)
            .messages(&with_passwd())
    }

    const ROOT: &str = "root:x:0:0:root:/root:/bin/bash";

    #[test]
    fn each_part_of_an_entry_can_be_denied() {
        for (trigger, parameter, value, noun) in [
            ("denylist_usernames", "user_names", "root", "user"),
            ("denylist_userids", "user_ids", "0", "uid"),
            ("denylist_groupids", "group_ids", "0", "gid"),
            ("denylist_shells", "shells", "/bin/bash", "shell"),
            ("denylist_full_entry", "entry", ROOT, "pentry"),
        ] {
            assert_eq!(
                denied(trigger, parameter, value),
                [format!(
                    "Denylisted {noun} '{value}' found in image's /etc/passwd: pentry={ROOT}"
                )]
            );
        }
    }

    #[test]
    fn what_no_entry_has_is_not_found() {
        assert_eq!(
            denied("denylist_usernames", "user_names", "ro"),
            Vec::<String>::new()
        );
        assert_eq!(
            denied("denylist_userids", "user_ids", "50"),
            Vec::<String>::new()
        );
        assert_eq!(
            denied("denylist_full_entry", "entry", "root"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_file_that_was_not_kept_is_told() {
        let rule = Rule::new("passwd_file", "content_not_available");
        assert!(rule.run(&with_passwd()).is_empty());
        assert_eq!(
            rule.messages(&subject()),
            ["Cannot locate /etc/passwd in image stored files archive: check analyzer settings."]
        );
        let others = Rule::new("passwd_file", "denylist_userids").with("user_ids", "0");
        assert!(others.run(&subject()).is_empty());
    }
}
