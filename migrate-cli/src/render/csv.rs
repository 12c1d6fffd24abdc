//! One line per client and operation, for spreadsheets.

use super::words::{instead, sent_names};
use crate::audit::moment::Moment;
use crate::audit::report::Report;

/// The columns.
const HEADER: &str = "client,user,account,user_agent,generation,operation,v1,call_instead,readiness,reasons,calls,versionless_calls,client_errors,server_errors,gone_calls,first_seen,last_seen,v1_names_sent";

/// The audit as RFC 4180 text.
pub(crate) fn audit(report: &Report, out: &mut String) {
    out.push_str(HEADER);
    out.push_str("\r\n");
    for client in &report.clients {
        let key = &client.key;
        let who = [
            client.name.as_str(),
            key.user.as_deref().unwrap_or_default(),
            key.account.as_deref().unwrap_or_default(),
            key.user_agent.as_deref().unwrap_or_default(),
        ];
        for used in &client.operations {
            let rest = [
                "v1".to_owned(),
                used.operation.clone(),
                used.v1.clone().unwrap_or_default(),
                instead(used),
                used.readiness.word().to_owned(),
                used.reasons.join("; "),
                used.calls.to_string(),
                used.versionless_calls.to_string(),
                used.client_errors.to_string(),
                used.server_errors.to_string(),
                used.gone_calls.to_string(),
                time(used.first_seen),
                time(used.last_seen),
                sent_names(used).join("; "),
            ];
            row(who, &rest, out);
        }
        if client.unknown_path_calls > 0 {
            let calls = client.unknown_path_calls;
            row(
                who,
                &plain(["v1", "(no such V1 path)", "covered"], calls, None, None),
                out,
            );
        }
        for used in &client.v2_operations {
            let words = ["v2", &used.call, "ready"];
            let cells = plain(words, used.calls, used.first_seen, used.last_seen);
            row(who, &cells, out);
        }
    }
}

/// Cells of what is no V1 operation: generation, name and readiness, calls, first and last.
fn plain(
    [generation, name, readiness]: [&str; 3],
    calls: u64,
    first: Option<Moment>,
    last: Option<Moment>,
) -> [String; 14] {
    let mut cells: [String; 14] = Default::default();
    generation.clone_into(&mut cells[0]);
    name.clone_into(&mut cells[1]);
    readiness.clone_into(&mut cells[4]);
    cells[6] = calls.to_string();
    cells[11] = time(first);
    cells[12] = time(last);
    cells
}

fn time(moment: Option<Moment>) -> String {
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn row(who: [&str; 4], rest: &[String; 14], out: &mut String) {
    let cells = who.into_iter().chain(rest.iter().map(String::as_str));
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&quoted(cell));
    }
    out.push_str("\r\n");
}

/// A cell. Spreadsheets run what begins like a formula: an apostrophe in front keeps it text.
fn quoted(cell: &str) -> String {
    let safe: String = cell.chars().filter(|c| !c.is_control()).collect();
    let formula = safe.starts_with(['=', '+', '-', '@', '\t', '\r']) && safe.len() > 1;
    let text = if formula { format!("'{safe}") } else { safe };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(quoted("-"), "-");
        assert_eq!(quoted("a\u{1b}[2J\n"), "a[2J");
    }
}
