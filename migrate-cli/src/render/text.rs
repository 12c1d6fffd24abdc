//! Results for people.

use std::fmt::Write as _;

use windlass_transforms::plan::explain::Explanation;

use crate::audit::readiness::Readiness;
use crate::audit::report::{ClientReport, OperationReport, Report};

use super::table::{Align, printable, table, thousands};

/// Length of the date in an RFC 3339 time.
const DATE: usize = "2026-11-20".len();

/// The audit as a table, a summary line, and what to do next.
pub(crate) fn audit(report: &Report, out: &mut String) {
    if report.clients.is_empty() {
        out.push_str("no calls in these records\n");
        return;
    }
    let mut rows = Vec::new();
    for client in &report.clients {
        let name = client_name(client);
        rows.extend(
            client
                .operations
                .iter()
                .map(|operation| row(&name, operation)),
        );
        if client.unknown_path_calls > 0 {
            rows.push(vec![
                name,
                "(no such V1 path)".to_owned(),
                thousands(client.unknown_path_calls),
                String::new(),
                Readiness::Covered.word().to_owned(),
                "nothing: V1 answered 404 as well".to_owned(),
            ]);
        }
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
    summary(report, out);
}

fn row(client: &str, operation: &OperationReport) -> Vec<String> {
    let instead = match (&operation.v1, &operation.instead, &operation.advice) {
        (None, ..) if operation.readiness == Readiness::Ready => "-".to_owned(),
        (_, Some(call), _) => call.clone(),
        (_, None, Some(advice)) => advice.clone(),
        (_, None, None) => operation.reasons.first().cloned().unwrap_or_default(),
    };
    vec![
        client.to_owned(),
        printable(&operation.operation),
        thousands(operation.calls),
        printable(
            operation
                .last_seen
                .get(..DATE)
                .unwrap_or(&operation.last_seen),
        ),
        operation.readiness.word().to_owned(),
        instead,
    ]
}

/// Names that were sent and that V2 spells otherwise, and reasons, once per operation.
fn changes(report: &Report, out: &mut String) {
    let mut lines = std::collections::BTreeSet::new();
    for operation in report.clients.iter().flat_map(|client| &client.operations) {
        let sent: Vec<&str> = operation
            .v1_parameters
            .iter()
            .chain(&operation.v1_fields)
            .map(String::as_str)
            .collect();
        if !sent.is_empty() {
            lines.insert(format!(
                "{}: V1 names sent: {}",
                printable(&operation.operation),
                printable(&sent.join(", "))
            ));
        }
        if operation.instead.is_some() {
            lines.extend(
                operation
                    .reasons
                    .iter()
                    .map(|reason| format!("{}: loses: {reason}", printable(&operation.operation))),
            );
        }
    }
    if lines.is_empty() {
        return;
    }
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
}

fn summary(report: &Report, out: &mut String) {
    let summary = &report.summary;
    let plural = |count: u64, one: &str, many: &str| {
        format!(
            "{} {}",
            thousands(count),
            if count == 1 { one } else { many }
        )
    };
    let _ = write!(
        out,
        "{}, {}, {} ({} of them V1).",
        plural(summary.clients as u64, "client", "clients"),
        plural(
            summary.v1_operations as u64,
            "V1 operation",
            "V1 operations"
        ),
        plural(summary.calls, "call", "calls"),
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
    let v1_use = report
        .clients
        .iter()
        .flat_map(|client| &client.operations)
        .find(|operation| operation.v1.is_some());
    if let Some(operation) = v1_use {
        let _ = writeln!(
            out,
            "Run `windlass explain {}` for the V2 call and each renamed name.",
            printable(&operation.operation)
        );
    }
}

/// `user` via `user agent`, for another account where one was named.
fn client_name(client: &ClientReport) -> String {
    let user = client.user.as_deref().unwrap_or("(no user)");
    let agent = client.user_agent.as_deref().unwrap_or("(no user agent)");
    let account = client
        .account
        .as_ref()
        .map(|account| format!(" for {account}"))
        .unwrap_or_default();
    printable(&format!("{user}{account} via {agent}"))
}

/// One operation, from request line to losses, and the command to call V2 with.
pub(crate) fn explanation(explained: &Explanation, curl: Option<&str>, out: &mut String) {
    let _ = write!(out, "{explained}");
    if let Some(curl) = curl {
        let _ = writeln!(out, "\n{curl}");
    }
}
