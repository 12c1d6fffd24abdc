//! Deletes and alters every line of the mapping files, one at a time, and tells which changes
//! nothing notices: neither the compiler of the mappings nor an example, nor the derived document,
//! nor the proof.
//!
//! ```text
//! cargo run --release -p windlass-mappings --example mutate [-- [--cases N] PART…]
//! ```
//!
//! `WINDLASS_REFERENCE` names the folder of the specifications. A `PART` limits it to the files
//! whose path holds it; `--cases` says how many bodies the proof makes for each operation and
//! status. What nothing can notice is listed in
//! `survivors.txt` with its reason; a change that survives and is not listed ends with status 1,
//! and so does a listed one that is noticed.
//!
//! Words for people (`summary`, reasons) are left alone, and so are `service` and `also_on`,
//! which `tests/services/` looks at.
#![expect(clippy::print_stdout, reason = "a command tells what it found")]

mod case;
#[path = "../document/derived.rs"]
mod derived;
#[path = "../proof/documents.rs"]
mod documents;
#[path = "../proof/exceptions.rs"]
mod exceptions;
#[path = "../proof/generate.rs"]
mod generate;
mod http_text;
#[path = "../proof/laws.rs"]
mod laws;
#[path = "../shared/reference.rs"]
mod reference;
#[path = "../proof/round_trips.rs"]
mod round_trips;
mod several;

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use windlass_mappings::{FILES, mappings};
use windlass_transforms::document::Document;
use windlass_transforms::plan::operation::Operation;
use windlass_transforms::{MappingSet, Mappings};

use case::{Case, cases, check};
use documents::Documents;
use laws::prove;
use round_trips::round_trips;

/// Changes that nothing can notice: file, change, line and reason, with ` -- ` between them.
static SURVIVORS: &str = include_str!("survivors.txt");

/// Keys whose values are for people, or are looked at by other tests.
const LEFT_ALONE: [&str; 8] = [
    "summary",
    "assumed",
    "loss",
    "reason",
    "instead",
    "service",
    "also_on",
    "interrupted",
];

/// Tables whose values are reasons.
const REASONS: [&str; 4] = ["[only_v1]", "[only_v2]", "[kept_v2]", "[undocumented]"];

/// What is done to one line.
struct Change {
    word: &'static str,
    /// What stands there then; `None`: the line is gone.
    line: Option<String>,
}

fn main() -> ExitCode {
    let mut parts: Vec<String> = std::env::args().skip(1).collect();
    let mut bodies = 6;
    if let Some(at) = parts.iter().position(|part| part == "--cases") {
        let number = parts.get(at + 1).and_then(|text| text.parse().ok());
        let Some(number) = number else {
            println!("`--cases` needs a number");
            return ExitCode::from(2);
        };
        bodies = number;
        parts.drain(at..at + 2);
    }
    let Some(proof) = Proof::read(bodies) else {
        return ExitCode::from(2);
    };
    let files: Vec<(&str, &str)> = FILES
        .iter()
        .filter(|(path, _)| *path != "unmapped.toml")
        .filter(|(path, _)| parts.is_empty() || parts.iter().any(|part| path.contains(part)))
        .copied()
        .collect();
    // A change may make a check panic, which is noticing it.
    panic::set_hook(Box::new(|_| {}));
    let cases = cases();
    let (next, made) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let survivors = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((path, text)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (count, found) = mutate(path, text, &cases, &proof);
                    println!("{path}: {count} changes, {} not noticed", found.len());
                    made.fetch_add(count, Ordering::Relaxed);
                    let mut all = survivors.lock().unwrap_or_else(PoisonError::into_inner);
                    all.extend(found);
                }
            });
        }
    });
    let survivors = survivors
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    report(&files, made.into_inner(), &survivors)
}

fn report(files: &[(&str, &str)], made: usize, survivors: &BTreeSet<String>) -> ExitCode {
    let listed: BTreeSet<&str> = SURVIVORS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.rsplit_once(" -- ").map_or(line, |(change, _)| change))
        .filter(|change| {
            let file = change.split(" -- ").next().unwrap_or_default();
            files.iter().any(|(path, _)| *path == file)
        })
        .collect();
    let new: Vec<&String> = survivors
        .iter()
        .filter(|change| !listed.contains(change.as_str()))
        .collect();
    let noticed: Vec<&&str> = listed
        .iter()
        .filter(|change| !survivors.contains(**change))
        .collect();
    for change in &new {
        println!("{change}");
    }
    for change in &noticed {
        println!("take it from survivors.txt, it is noticed: {change}");
    }
    println!(
        "{made} changes in {} files, {} not noticed, {} of them listed",
        files.len(),
        survivors.len(),
        survivors.len() - new.len()
    );
    if new.is_empty() && noticed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Makes every change of one file; how many there were, and those that nothing noticed.
fn mutate(path: &str, text: &str, cases: &[Case], proof: &Proof) -> (usize, Vec<String>) {
    let concerned = concerned(path, cases);
    let lines: Vec<&str> = text.lines().collect();
    let mut survivors = Vec::new();
    let mut made = 0;
    let mut table = "";
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with('[') {
            table = line.trim();
            let rest = lines[at + 1..].iter();
            let length = rest.take_while(|line| !line.starts_with('[')).count();
            let without = [&lines[..at], &lines[at + 1 + length..]].concat();
            made += 1;
            if !is_noticed(path, &without.join("\n"), &concerned, proof) {
                survivors.push(format!("{path} -- table deleted -- {table}"));
            }
        }
        for change in changes(line, table) {
            made += 1;
            let mut changed: Vec<&str> = lines.clone();
            match &change.line {
                Some(line) => changed[at] = line,
                None => drop(changed.remove(at)),
            }
            if !is_noticed(path, &changed.join("\n"), &concerned, proof) {
                survivors.push(format!("{path} -- {} -- {}", change.word, line.trim()));
            }
        }
    }
    (made, survivors)
}

/// The cases of operations that a file says something about.
fn concerned<'c>(path: &str, cases: &'c [Case]) -> Vec<&'c Case> {
    let concerned = |case: &&Case| {
        let operation = mappings().operation(&case.operation);
        operation.is_none_or(|operation| says_something(path, operation))
    };
    cases.iter().filter(concerned).collect()
}

/// Whether a file says something about an operation.
fn says_something(path: &str, operation: &Operation) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.trim_end_matches(".toml");
    match path.split('/').next() {
        Some("operations") => operation.id == name,
        Some("shapes") => {
            let shapes = &operation.explanation.shapes;
            shapes.iter().any(|shape| shape.name == name)
        }
        _ => true,
    }
}

/// Whether the files do not compile any more, an example does not hold, or the proof breaks.
fn is_noticed(path: &str, text: &str, cases: &[&Case], proof: &Proof) -> bool {
    let files = FILES
        .iter()
        .map(|(other, unchanged)| (*other, if *other == path { text } else { unchanged }));
    let Ok(set) = MappingSet::parse(files) else {
        return true;
    };
    let Ok(mappings) = windlass_mappings::compile_set(&set) else {
        return true;
    };
    let holds =
        |case: &Case| panic::catch_unwind(AssertUnwindSafe(|| check(case, &mappings).is_ok()));
    if !cases.iter().all(|case| holds(case).unwrap_or(false)) {
        return true;
    }
    let proven = panic::catch_unwind(AssertUnwindSafe(|| proof.holds(path, &set, &mappings)));
    !proven.unwrap_or(false)
}

/// The specifications, which changed mappings are held against.
struct Proof {
    cases: u32,
    documents: Documents,
    v1: Vec<Document>,
}

impl Proof {
    /// `None`, and a word about it, without the specifications.
    fn read(cases: u32) -> Option<Self> {
        let v2 = reference::document("v2-5.0.0.yaml")?;
        let v1 = reference::v1_documents()?;
        Some(Self {
            cases,
            documents: Documents::new(v2, v1.clone()),
            v1,
        })
    }

    fn holds(&self, path: &str, set: &MappingSet, mappings: &Mappings) -> bool {
        if !derived::unexcused(set, mappings, &self.documents.v2, &self.v1).is_empty() {
            return false;
        }
        let findings = prove(mappings, &self.documents, self.cases, &|operation| {
            says_something(path, operation)
        });
        if !exceptions::unexcused(&findings.wrong, false).is_empty() {
            return false;
        }
        let shape = path.strip_prefix("shapes/");
        let Some(shape) = shape.and_then(|file| file.strip_suffix(".toml")) else {
            return true;
        };
        let v1 = derived::derived(set, &self.documents.v2, None);
        let trips = round_trips(set, &v1, self.cases, &|name| name == shape);
        trips.wrong.is_empty()
    }
}

/// What can be done to a line of a table.
fn changes(line: &str, table: &str) -> Vec<Change> {
    let trimmed = line.trim();
    let key = trimmed.split([' ', '=']).next().unwrap_or_default();
    if trimmed.is_empty() || trimmed.starts_with('#') || LEFT_ALONE.contains(&key) {
        return Vec::new();
    }
    let mut changes = vec![Change {
        word: "deleted",
        line: None,
    }];
    let Some((name, value)) = line.split_once('=') else {
        return changes;
    };
    let value = value.trim();
    if !table.is_empty() {
        // The keys of a file's head are known: another one is refused when it is read.
        let wrong = match name.trim().strip_suffix('"') {
            Some(quoted) => format!("{quoted}x\""),
            None => format!("{}x", name.trim()),
        };
        changes.push(Change {
            word: "key altered",
            line: Some(format!("{wrong} = {value}")),
        });
    }
    let other = match value {
        _ if REASONS.contains(&table) || value.starts_with("\"none:") => None,
        "true" => Some("false".to_owned()),
        "false" => Some("true".to_owned()),
        _ if value.parse::<f64>().is_ok() => Some(format!("{value}1")),
        _ if value.starts_with("\"\"") => None,
        _ => value.strip_prefix('"').map(|text| format!("\"x{text}")),
    };
    if let Some(other) = other {
        changes.push(Change {
            word: "altered",
            line: Some(format!("{name}= {other}")),
        });
    }
    for (word, keyword) in [
        ("without `as`", " as "),
        ("without `via`", " via "),
        ("without `words`", " words "),
        ("without `else`", " else "),
    ] {
        if let Some((before, after)) = line.split_once(keyword) {
            let end = after.find([' ', '"', ',', '}', ']']).unwrap_or(after.len());
            changes.push(Change {
                word,
                line: Some(format!("{before}{}", &after[end..])),
            });
        }
    }
    changes
}
