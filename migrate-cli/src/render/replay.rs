//! What a replay found, for people.

use std::fmt::Write as _;

use super::table::{Align, printable, table, thousands};
use super::words::{counted, percent};
use crate::replay::{Replayed, Verdict};

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Same => "same",
        Verdict::Unchecked => "not compared",
        Verdict::Differs => "differs",
        Verdict::Misfit => "misfit",
        Verdict::Refused => "refused",
        Verdict::NotServed => "not served",
        Verdict::Unreachable => "unreachable",
    }
}

/// A row for each client and operation, reasons, and the share of each client.
pub(crate) fn text(replayed: &Replayed, out: &mut String) {
    if replayed.rows.is_empty() {
        out.push_str("no V1 exchange in what was read\n");
        live(replayed, out);
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
    if replayed.rows.iter().any(|row| !row.reasons.is_empty()) {
        out.push('\n');
    }
    for row in &replayed.rows {
        for reason in &row.reasons {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}: {}", printable(&row.operation), printable(reason));
        }
    }
    out.push('\n');
    let fared = match replayed.live {
        Some(_) => "were answered as recorded",
        None => "would be served right",
    };
    for share in &replayed.clients {
        let _ = write!(
            out,
            "{}: {} of {} {fared}",
            printable(&share.client),
            percent(share.right, share.exchanges),
            counted(share.exchanges, "exchange", "exchanges")
        );
        if share.unchecked > 0 {
            let _ = write!(
                out,
                ", {} could not be compared",
                percent(share.unchecked, share.exchanges)
            );
        }
        out.push('\n');
    }
    if replayed.unreadable > 0 {
        let _ = writeln!(
            out,
            "{} could not be read",
            counted(replayed.unreadable, "entry", "entries")
        );
    }
    live(replayed, out);
}

/// What was not sent, and why.
fn live(replayed: &Replayed, out: &mut String) {
    let Some(live) = &replayed.live else { return };
    if live.writes_left_out > 0 {
        let left_out = counted(
            live.writes_left_out,
            "request that changes something was",
            "requests that change something were",
        );
        let _ = writeln!(
            out,
            "{left_out} not sent to {}; `--writes` sends them",
            printable(&live.against)
        );
    }
    if live.interrupted {
        out.push_str("stopped before the end: this is what came before\n");
    }
}
