//! The list of accepted differences, and what is not on it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;

use super::tour::{Answer, Recording};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    difference: Vec<Difference>,
}

/// One accepted difference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// Why it is right, or cannot be otherwise.
    reason: String,
    /// Cases it holds for.
    #[serde(default)]
    cases: Vec<String>,
    /// Operations it holds for, in each case where it occurs.
    #[serde(default)]
    operations: Vec<String>,
    /// What differs, as the comparison words it; `*` stands for anything. Absent: the whole
    /// answer, because what the case needs does not exist here.
    what: Option<Vec<String>>,
}

/// Whether a line of the list means a difference.
fn is_meant(line: &str, found: &str) -> bool {
    let Some((start, rest)) = line.split_once('*') else {
        return line == found;
    };
    let Some(mut found) = found.strip_prefix(start) else {
        return false;
    };
    let (parts, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in parts.split('*') {
        let Some(at) = found.find(part) else {
            return false;
        };
        found = &found[at + part.len()..];
    }
    found.ends_with(end)
}

/// What was expected and what was found.
pub(super) struct Accepted {
    list: Vec<Difference>,
    /// Who was seen with what: `(difference, case or operation, what)`. A whole answer is an
    /// empty `what`.
    seen: HashSet<(usize, String, String)>,
    /// Differences that are not on the list.
    report: String,
}

impl Accepted {
    /// The list of the repository.
    pub(super) fn read() -> Self {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("suite/recordings/differences.toml");
        let text = std::fs::read_to_string(path).expect("the list of differences is readable");
        let list: List = toml::from_str(&text).expect("the list of differences is valid");
        for difference in &list.difference {
            assert!(
                difference.reason.len() > 10,
                "a difference needs a reason: {:?}",
                difference.cases
            );
            assert!(
                difference.operations.is_empty() || difference.what.is_some(),
                "the difference of an operation says what differs: {:?}",
                difference.operations
            );
        }
        Self {
            list: list.difference,
            seen: HashSet::new(),
            report: String::new(),
        }
    }

    /// Notes what differs in one exchange.
    pub(super) fn check(&mut self, recording: &Recording, answer: &Answer, found: &[String]) {
        let operation = recording.operation.as_deref().unwrap_or("none");
        let mut new: Vec<&String> = found.iter().collect();
        for (number, difference) in self.list.iter().enumerate() {
            let by_case = difference.cases.contains(&recording.case);
            let by_operation = difference.operations.iter().any(|name| name == operation);
            let mut see = |what: &str| {
                for (holds, name) in [
                    (by_case, recording.case.as_str()),
                    (by_operation, operation),
                ] {
                    if holds {
                        self.seen.insert((number, name.to_owned(), what.to_owned()));
                    }
                }
            };
            match &difference.what {
                _ if !by_case && !by_operation => {}
                None if found.is_empty() => {}
                None => {
                    see("");
                    new.clear();
                }
                Some(lines) => {
                    for line in lines {
                        if found.iter().any(|found| is_meant(line, found)) {
                            see(line);
                        }
                    }
                    new.retain(|found| !lines.iter().any(|line| is_meant(line, found)));
                }
            }
        }
        if new.is_empty() {
            return;
        }
        let case = &recording.case;
        let call = format!("{} {}", recording.request.method, recording.request.path);
        let _ = writeln!(self.report, "{case} ({operation}: {call}):");
        for what in new {
            let _ = writeln!(self.report, "    {what}");
        }
        if answer.status >= 400 || answer.status != recording.response.status {
            let text: String = answer.body.to_string().chars().take(300).collect();
            let _ = writeln!(self.report, "    answer: {text}");
        }
    }

    /// Everything that is wrong: differences that are not listed, and entries that no longer
    /// differ. Empty when all is well.
    pub(super) fn report(mut self) -> String {
        for (number, difference) in self.list.iter().enumerate() {
            let what: Vec<&str> = match &difference.what {
                None => vec![""],
                Some(what) => what.iter().map(String::as_str).collect(),
            };
            for what in what {
                // A case must show all of it, an operation in one of its cases.
                for name in difference.cases.iter().chain(&difference.operations) {
                    let seen = (number, name.clone(), what.to_owned());
                    if !self.seen.contains(&seen) {
                        let _ = writeln!(
                            self.report,
                            "{name}: `{what}` no longer differs; take it out of the list"
                        );
                    }
                }
            }
        }
        self.report
    }
}
