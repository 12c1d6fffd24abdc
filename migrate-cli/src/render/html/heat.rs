//! Clients × operations: who uses what, how much, and how ready that is.

use std::fmt::Write as _;

use super::super::table::thousands;
use super::client::anchor;
use super::escape;
use crate::audit::report::Report;

/// Steps of colour.
pub(super) const STEPS: u32 = 6;
/// Operations shown; the most used and all that are blocked or at risk come first.
const OPERATIONS: usize = 20;
/// Clients shown.
const CLIENTS: usize = 60;

/// The table.
pub(super) fn map(report: &Report, out: &mut String) {
    let mut operations: Vec<_> = report.operations.iter().collect();
    operations.truncate(OPERATIONS);
    let clients: Vec<_> = report
        .clients
        .iter()
        .filter(|client| client.v1_calls > 0)
        .take(CLIENTS)
        .collect();
    if operations.is_empty() || clients.is_empty() {
        return;
    }
    out.push_str("<h2>Clients and V1 operations</h2>\n<p class=\"note\">Numbers are calls. The colour says how ready that use is (red blocked, amber at risk, blue covered, green ready), its strength how often it happens.</p>\n<div class=\"scroll\"><table class=\"heat\">\n<tr><th class=\"who\">client</th>");
    for operation in &operations {
        let _ = write!(
            out,
            "<th class=\"op\" title=\"{}\"><a>{}</a></th>",
            escape(operation.v1.as_deref().unwrap_or_default()),
            escape(&operation.operation)
        );
    }
    out.push_str("<th class=\"n\">all V1</th></tr>\n");
    for client in clients {
        let _ = write!(
            out,
            "<tr><th class=\"who\" title=\"{0}\"><a href=\"#{1}\">{0}</a></th>",
            escape(&client.name),
            anchor(report, client)
        );
        for operation in &operations {
            let used = client
                .operations
                .iter()
                .find(|used| used.operation == operation.operation);
            match used {
                Some(used) => {
                    let _ = write!(
                        out,
                        "<td class=\"h-{}-{}\" title=\"{}: {} calls, {}\">{}</td>",
                        used.readiness.word(),
                        step(used.calls),
                        escape(&used.operation),
                        thousands(used.calls),
                        used.readiness.word(),
                        compact(used.calls)
                    );
                }
                None => out.push_str("<td></td>"),
            }
        }
        let _ = writeln!(
            out,
            "<td class=\"total\">{}</td></tr>",
            thousands(client.v1_calls)
        );
    }
    out.push_str("</table></div>\n");
    let hidden = report.operations.len().saturating_sub(OPERATIONS);
    if hidden > 0 {
        let _ = writeln!(
            out,
            "<p class=\"note\">{hidden} more operations are in the sections of the clients.</p>"
        );
    }
}

/// A step for each power of ten.
fn step(calls: u64) -> u32 {
    (calls.checked_ilog10().unwrap_or(0) + 1).min(STEPS)
}

/// `1.2k`, `34k`, `5M`.
pub(super) fn compact(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 if number % 1_000 >= 100 => {
            format!("{}.{}k", number / 1_000, number % 1_000 / 100)
        }
        1_000..1_000_000 => format!("{}k", number / 1_000),
        1_000_000..10_000_000 if number % 1_000_000 >= 100_000 => {
            format!("{}.{}M", number / 1_000_000, number % 1_000_000 / 100_000)
        }
        _ => format!("{}M", number / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_fit_a_cell() {
        assert_eq!(
            [7, 999, 2_000, 1_240, 34_999, 999_999, 5_400_000, 70_000_000].map(compact),
            ["7", "999", "2k", "1.2k", "34k", "999k", "5.4M", "70M"]
        );
    }
}
