//! What a replay found, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::table::{Align, printable, table, thousands};
use super::words::{counted, percent};
use crate::replay::{Replayed, Verdict};

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Unchecked => "not compared",
        Verdict::Differs => "differs",
        Verdict::Refused => "refused",
        Verdict::NotServed => "not served",
    }
}

/// A row for each client and operation, reasons, and the share of each client.
pub(crate) fn text(replayed: &Replayed, out: &mut String) {
    if replayed.rows.is_empty() {
        out.push_str("no V1 exchange in what was read\n");
        return;
    }
    let rows: Vec<Vec<String>> = replayed
        .rows
        .iter()
        .map(|row| {
            let counts: Vec<String> = row
                .exchanges
                .iter()
                .map(|(verdict, count)| format!("{} {}", thousands(*count), word(*verdict)))
                .collect();
            vec![
                printable(&row.client),
                printable(&row.operation),
                counts.join(", "),
            ]
        })
        .collect();
    table(
        &[
            ("CLIENT", Align::Left),
            ("OPERATION", Align::Left),
            ("EXCHANGES", Align::Left),
        ],
        &rows,
        out,
    );
    out.push('\n');
    for row in &replayed.rows {
        for reason in &row.reasons {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}: {}", printable(&row.operation), printable(reason));
        }
    }
    let mut clients: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in &replayed.rows {
        let (right, all) = clients.entry(&row.client).or_default();
        for (verdict, count) in &row.exchanges {
            *all += count;
            *right += if *verdict <= Verdict::Unchecked {
                *count
            } else {
                0
            };
        }
    }
    out.push('\n');
    for (client, (right, all)) in &clients {
        let _ = writeln!(
            out,
            "{}: {} of {} would be served",
            printable(client),
            percent(*right, *all),
            counted(*all, "exchange", "exchanges")
        );
    }
    if replayed.unreadable > 0 {
        let _ = writeln!(
            out,
            "{} could not be read",
            counted(replayed.unreadable, "entry", "entries")
        );
    }
}
