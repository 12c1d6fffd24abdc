//! Findings in code, for people and for code-scanning pages.

use std::fmt::Write as _;

use super::sarif::{self, Rule, document};
use super::table::printable;
use super::words::counted;
use crate::scan::{Confidence, Finding, Findings, What};

const RULES: [Rule; 3] = [
    Rule {
        id: "A201",
        name: "V1Path",
        text: "A path of a V1 operation.",
    },
    Rule {
        id: "A202",
        name: "V1Names",
        text: "V1 names of fields or parameters that V2 spells otherwise.",
    },
    Rule {
        id: "A203",
        name: "V1Command",
        text: "A command of a client that speaks V1 only.",
    },
];

fn rule(what: What) -> &'static str {
    match what {
        What::Path => "A201",
        What::Names => "A202",
        What::Command => "A203",
    }
}

fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn message(finding: &Finding) -> String {
    match finding.what {
        What::Path => format!("{} is {} in V2", finding.v1, finding.v2),
        What::Names => format!("the V1 names {} are {} in V2", finding.v1, finding.v2),
        What::Command => format!("{} speaks V1; in V2: {}", finding.v1, finding.v2),
    }
}

/// One line per finding, and a summary.
pub(crate) fn text(found: &Findings, out: &mut String) {
    for finding in &found.places {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}:{}: {} [{}, {}]",
            printable(&finding.file),
            finding.line,
            message(finding),
            rule(finding.what),
            word(finding.confidence)
        );
    }
    if !found.places.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{} in {}.",
        counted(found.places.len() as u64, "finding", "findings"),
        counted(found.files, "file", "files")
    );
    let operation = found.places.iter().find_map(|f| f.operation.as_ref());
    if let Some(operation) = operation {
        let _ = writeln!(
            out,
            "Run `windlass explain {operation}` for the V2 call and each renamed name."
        );
    }
}

/// SARIF 2.1.0.
pub(crate) fn sarif(found: &Findings, out: &mut String) -> anyhow::Result<()> {
    let findings = found.places.iter().map(|finding| sarif::Finding {
        rule: rule(finding.what),
        level: match finding.confidence {
            Confidence::High => "warning",
            Confidence::Medium | Confidence::Low => "note",
        },
        message: message(finding),
        file: finding.file.clone(),
        line: Some(finding.line),
        fingerprint: format!("{}/{}/{}", finding.file, rule(finding.what), finding.v1),
    });
    super::json::pretty(&document(&RULES, findings), out)
}
