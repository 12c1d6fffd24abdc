//! Results for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use windlass_transforms::plan::explain::Explanation;

use super::table::{Align, printable, table, thousands};
use super::words::{counted, day, instead, percent, sent_names};
use crate::audit::known::{Certainty, Known};
use crate::audit::readiness::Readiness;
use crate::audit::report::{ClientReport, OperationUse, Report};

/// The audit as a table, what to do first, and a summary line.
pub(crate) fn audit(report: &Report, out: &mut String) {
    if report.clients.is_empty() {
        out.push_str("no calls of the API in what was read\n");
        return;
    }
    let mut rows = Vec::new();
    for client in &report.clients {
        rows.extend(client_rows(client));
    }
    table(
        &[
            ("CLIENT", Align::Left),
            ("OPERATION", Align::Left),
            ("CALLS", Align::Right),
            ("LAST SEEN", Align::Left),
            ("READINESS", Align::Left),
            ("CALL INSTEAD", Align::Left),
        ],
        &rows,
        out,
    );
    out.push('\n');
    changes(report, out);
    recognised(report, out);
    levers(report, out);
    summary(report, out);
}

fn client_rows(client: &ClientReport) -> Vec<Vec<String>> {
    let name = printable(&client.name);
    let mut rows: Vec<Vec<String>> = client
        .operations
        .iter()
        .map(|operation| row(&name, operation))
        .collect();
    if client.unknown_path_calls > 0 {
        rows.push(vec![
            name.clone(),
            "(no such V1 path)".to_owned(),
            thousands(client.unknown_path_calls),
            String::new(),
            Readiness::Covered.word().to_owned(),
            "nothing: V1 answered 404 as well".to_owned(),
        ]);
    }
    rows.extend(client.v2_operations.iter().map(|used| {
        vec![
            name.clone(),
            if used.call.contains('/') {
                printable(&used.call)
            } else {
                format!("V2 {}", printable(&used.call))
            },
            thousands(used.calls),
            day(used.last_seen),
            Readiness::Ready.word().to_owned(),
            "-".to_owned(),
        ]
    }));
    rows
}

fn row(client: &str, operation: &OperationUse) -> Vec<String> {
    vec![
        client.to_owned(),
        printable(&operation.operation),
        thousands(operation.calls),
        day(operation.last_seen),
        operation.readiness.word().to_owned(),
        instead(operation),
    ]
}

/// Names that were sent and that V2 spells otherwise, and reasons, once per operation.
fn changes(report: &Report, out: &mut String) {
    let mut lines = std::collections::BTreeSet::new();
    for operation in report.clients.iter().flat_map(|client| &client.operations) {
        let name = printable(&operation.operation);
        let sent = sent_names(operation);
        if !sent.is_empty() {
            lines.insert(format!(
                "{name}: V1 names sent: {}",
                printable(&sent.join(", "))
            ));
        }
        if operation.instead.is_some() && operation.readiness == Readiness::AtRisk {
            lines.extend(
                operation
                    .reasons
                    .iter()
                    .map(|reason| format!("{name}: loses: {reason}")),
            );
        }
    }
    for line in &lines {
        let _ = writeln!(out, "{line}");
    }
    if !lines.is_empty() {
        out.push('\n');
    }
}

/// Programs that were recognised, and what their users do.
fn recognised(report: &Report, out: &mut String) {
    let mut programs: BTreeMap<&str, (&Known, Vec<String>)> = BTreeMap::new();
    for client in report.clients.iter().filter(|client| client.v1_calls > 0) {
        if let Some(known) = &client.known {
            let users = &mut programs
                .entry(&known.name)
                .or_insert_with(|| (known, Vec::new()))
                .1;
            users.push(printable(&client.name));
        }
    }
    for (known, users) in programs.values() {
        let likely = match known.certainty {
            Certainty::Certain => "",
            Certainty::Likely => "likely ",
        };
        let v2 = known
            .v2
            .as_ref()
            .map(|version| format!(" It speaks V2 in {version}."))
            .unwrap_or_default();
        let more = match users.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let _ = writeln!(
            out,
            "{}{more}: {likely}{}.{v2} {}",
            users[0], known.name, known.advice
        );
    }
    if !programs.is_empty() {
        out.push('\n');
    }
}

fn levers(report: &Report, out: &mut String) {
    if report.clients.len() < 2 || report.levers.len() < 2 {
        return;
    }
    out.push_str("What moves the date most:\n");
    for lever in report.levers.iter().take(3) {
        let _ = writeln!(
            out,
            "  {} ({} of V1 calls, {})",
            printable(&lever.action),
            percent(lever.v1_calls, report.summary.v1_calls),
            counted(lever.clients.len() as u64, "client", "clients"),
        );
    }
    out.push('\n');
}

fn summary(report: &Report, out: &mut String) {
    let summary = &report.summary;
    let _ = write!(
        out,
        "{}, {}, {} ({} of them V1).",
        counted(summary.clients, "client", "clients"),
        counted(summary.v1_operations, "V1 operation", "V1 operations"),
        counted(summary.calls, "call", "calls"),
        thousands(summary.v1_calls),
    );
    let counts = [
        (summary.blocked, Readiness::Blocked),
        (summary.at_risk, Readiness::AtRisk),
        (summary.covered, Readiness::Covered),
        (summary.ready, Readiness::Ready),
    ];
    let words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, readiness)| format!("{count} {}", readiness.word()))
        .collect();
    let _ = writeln!(out, " Clients: {}.", words.join(", "));
    let _ = writeln!(
        out,
        "Could switch today: {} of the clients, {} of the calls, {} of the V1 operations.",
        percent(summary.could_switch.clients, summary.clients),
        percent(summary.could_switch.calls, summary.calls),
        percent(summary.could_switch.v1_operations, summary.v1_operations),
    );
    if summary.gone_calls > 0 {
        let _ = writeln!(
            out,
            "Broken already: {}, answered as only a server without V1 answers them (410, 501, 404).",
            counted(summary.gone_calls, "V1 call", "V1 calls")
        );
    }
    if let Some(operation) = report.operations.first() {
        let _ = writeln!(
            out,
            "Run `windlass explain {}` for the V2 call and each renamed name.",
            printable(&operation.operation)
        );
    }
}

/// One operation, from request line to losses, and the command to call V2 with.
pub(crate) fn explanation(explained: &Explanation, curl: Option<&str>, out: &mut String) {
    let _ = write!(out, "{explained}");
    if let Some(curl) = curl {
        let _ = writeln!(out, "\n{curl}");
    }
}
