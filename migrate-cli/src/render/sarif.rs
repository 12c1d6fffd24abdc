//! SARIF 2.1.0, as code-scanning pages take it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::words::counted;
use crate::audit::readiness::Readiness;
use crate::audit::report::Report;

/// A finding with a place.
pub(crate) struct Finding {
    /// Id of its rule.
    pub(crate) rule: &'static str,
    /// `error`, `warning` or `note`.
    pub(crate) level: &'static str,
    /// What was found and what to do.
    pub(crate) message: String,
    /// Path of a file, relative where possible.
    pub(crate) file: String,
    /// Line, from 1; `None` where there is none.
    pub(crate) line: Option<u64>,
    /// What makes it the same finding in the next run.
    pub(crate) fingerprint: String,
}

/// A kind of finding.
pub(crate) struct Rule {
    /// Its id, such as `A101`.
    pub(crate) id: &'static str,
    /// In a few words.
    pub(crate) name: &'static str,
    /// In one sentence.
    pub(crate) text: &'static str,
}

/// The rules of the audit.
const RULES: [Rule; 3] = [
    Rule {
        id: "A101",
        name: "BlockedClient",
        text: "A client uses a V1 operation that V2 lacks or that is not mapped.",
    },
    Rule {
        id: "A102",
        name: "ClientAtRisk",
        text: "A client uses a V1 operation of which V2 loses something.",
    },
    Rule {
        id: "A103",
        name: "V1Client",
        text: "A client uses V1 and has to change before V1 ends.",
    },
];

/// The audit: one result per client and operation. The place is the source it was read from.
pub(crate) fn audit(report: &Report, out: &mut String) -> anyhow::Result<()> {
    // Calls are counted over all sources; where there are several, the first stands for them.
    let file = report
        .sources
        .first()
        .map_or_else(|| "-".to_owned(), |source| source.name.clone());
    let findings = report.clients.iter().flat_map(|client| {
        let file = file.clone();
        client.operations.iter().filter_map(move |used| {
            let (rule, level) = match used.readiness {
                Readiness::Blocked => ("A101", "error"),
                Readiness::AtRisk => ("A102", "warning"),
                Readiness::Covered => ("A103", "note"),
                Readiness::Ready => return None,
            };
            let mut message = format!(
                "`{}` uses {} ({})",
                client.name,
                used.v1.as_deref().unwrap_or(&used.operation),
                counted(used.calls, "call", "calls")
            );
            for reason in &used.reasons {
                message.push_str(". ");
                message.push_str(reason);
            }
            if let Some(instead) = used.instead.as_ref().or(used.advice.as_ref()) {
                message.push_str(". Instead: ");
                message.push_str(instead);
            }
            Some(Finding {
                rule,
                level,
                message,
                file: file.clone(),
                line: None,
                fingerprint: format!("{}/{}", client.name, used.operation),
            })
        })
    });
    super::json::pretty(&document(&RULES, findings), out)
}

/// A SARIF document of one run.
pub(crate) fn document(rules: &[Rule], findings: impl Iterator<Item = Finding>) -> Value {
    let results: Vec<Value> = findings.map(|finding| result(rules, &finding)).collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": rule.name,
                "shortDescription": {"text": rule.text},
                "fullDescription": {"text": rule.text},
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "windlass",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(rules: &[Rule], finding: &Finding) -> Value {
    let index = rules.iter().position(|rule| rule.id == finding.rule);
    let mut place = json!({"artifactLocation": {"uri": uri(&finding.file)}});
    if let Some(line) = finding.line {
        place["region"] = json!({"startLine": line});
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": super::table::printable(&finding.message)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"windlass/v1": super::table::printable(&finding.fingerprint)},
    })
}

/// A file path as a relative URI reference.
fn uri(path: &str) -> String {
    if path == "-" {
        return "stdin".to_owned();
    }
    let mut uri = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
