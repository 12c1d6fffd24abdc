//! The answer of the gate for people.

use std::fmt::Write as _;

use super::table::{Align, printable, table, thousands};
use super::words::day;
use crate::audit::gate::Evidence;

/// The answer, why, and who used V1 when.
pub(crate) fn text(evidence: &Evidence, out: &mut String) {
    let span = match (evidence.from, evidence.to) {
        (Some(from), Some(to)) => format!(" ({} to {})", from.minute(), to.minute()),
        _ => String::new(),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{}: {} days without V1{span}",
        if evidence.passed {
            "passed"
        } else {
            "not passed"
        },
        evidence.quiet_days
    );
    for reason in &evidence.reasons {
        let _ = writeln!(out, "  {}", printable(reason));
    }
    if evidence.clients.is_empty() {
        return;
    }
    out.push('\n');
    let rows: Vec<Vec<String>> = evidence
        .clients
        .iter()
        .map(|client| {
            vec![
                printable(&client.name),
                thousands(client.v1_calls),
                day(client.last_v1),
                match (client.used_v1, client.waived) {
                    (true, true) => "waived",
                    (true, false) => "uses V1",
                    (false, _) => "quiet",
                }
                .to_owned(),
            ]
        })
        .collect();
    table(
        &[
            ("CLIENT", Align::Left),
            ("V1 CALLS", Align::Right),
            ("LAST V1", Align::Left),
            ("STATE", Align::Left),
        ],
        &rows,
        out,
    );
}
