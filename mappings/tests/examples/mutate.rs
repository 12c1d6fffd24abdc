//! Deletes and alters every line of the mapping files, one at a time, and tells which changes no
//! example notices:
//!
//! ```text
//! cargo run --release -p windlass-mappings --example mutate [-- PART…]
//! ```
//!
//! A `PART` limits it to the files whose path holds it. What nothing can notice is listed in
//! `survivors.txt` with its reason; a change that survives and is not listed ends with status 1,
//! and so does a listed one that is noticed.
//!
//! Words for people (`summary`, reasons) are left alone, and so are `service` and `also_on`,
//! which `tests/services/` looks at.
#![expect(clippy::print_stdout, reason = "a command tells what it found")]

mod case;
mod http_text;
mod several;

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use windlass_mappings::{FILES, mappings, steps::STEPS};
use windlass_transforms::{MappingSet, Mappings};

use case::{Case, cases, check};

/// Changes that no example can notice: file, change, line and reason, with ` -- ` between them.
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
    let parts: Vec<String> = std::env::args().skip(1).collect();
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
                    let (count, found) = mutate(path, text, &cases);
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
        println!("take it from survivors.txt, an example notices it: {change}");
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

/// Makes every change of one file; how many there were, and those that no example noticed.
fn mutate(path: &str, text: &str, cases: &[Case]) -> (usize, Vec<String>) {
    let concerned = concerned(path, cases);
    let lines: Vec<&str> = text.lines().collect();
    let mut survivors = Vec::new();
    let mut made = 0;
    let mut table = "";
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with('[') {
            table = line.trim();
        }
        for change in changes(line, table) {
            made += 1;
            let mut changed: Vec<&str> = lines.clone();
            match &change.line {
                Some(line) => changed[at] = line,
                None => drop(changed.remove(at)),
            }
            if !is_noticed(path, &changed.join("\n"), &concerned) {
                survivors.push(format!("{path} -- {} -- {}", change.word, line.trim()));
            }
        }
    }
    (made, survivors)
}

/// The cases of operations that a file says something about.
fn concerned<'c>(path: &str, cases: &'c [Case]) -> Vec<&'c Case> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.trim_end_matches(".toml");
    cases
        .iter()
        .filter(|case| {
            let operation = mappings().operation(&case.operation);
            match path.split('/').next() {
                Some("operations") => case.operation == name,
                Some("shapes") => operation.is_some_and(|operation| {
                    let shapes = &operation.explanation.shapes;
                    shapes.iter().any(|shape| shape.name == name)
                }),
                _ => true,
            }
        })
        .collect()
}

/// Whether the files do not compile any more, or an example does not hold.
fn is_noticed(path: &str, text: &str, cases: &[&Case]) -> bool {
    let files = FILES
        .iter()
        .map(|(other, unchanged)| (*other, if *other == path { text } else { unchanged }));
    let Ok(set) = MappingSet::parse(files) else {
        return true;
    };
    let Ok(mappings) = Mappings::compile(&set, STEPS) else {
        return true;
    };
    let holds =
        |case: &Case| panic::catch_unwind(AssertUnwindSafe(|| check(case, &mappings).is_ok()));
    !cases.iter().all(|case| holds(case).unwrap_or(false))
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
