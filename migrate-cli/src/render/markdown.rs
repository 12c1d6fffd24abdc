//! The audit for tickets and wikis.

use std::fmt::Write as _;

use super::table::{printable, thousands};
use super::words::{counted, day, instead, percent};
use crate::audit::readiness::Readiness;
use crate::audit::report::{ClientReport, Report};

/// The audit as Markdown: a summary, what to do first, and a section per client.
pub(crate) fn audit(report: &Report, out: &mut String) {
    let summary = &report.summary;
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "# Readiness for the end of V1\n\n{}, {} ({} of them V1), {} to {}.\n",
        counted(summary.clients, "client", "clients"),
        counted(summary.calls, "call", "calls"),
        thousands(summary.v1_calls),
        day(summary.first_seen),
        day(summary.last_seen),
    );
    out.push_str("| readiness | clients | meaning |\n| --- | ---: | --- |\n");
    for readiness in Readiness::ALL {
        let count = match readiness {
            Readiness::Blocked => summary.blocked,
            Readiness::AtRisk => summary.at_risk,
            Readiness::Covered => summary.covered,
            Readiness::Ready => summary.ready,
        };
        let _ = writeln!(
            out,
            "| {} | {count} | {} |",
            readiness.word(),
            readiness.meaning()
        );
    }
    let _ = writeln!(
        out,
        "\nCould switch today: {} of the clients, {} of the calls, {} of the V1 operations.",
        percent(summary.could_switch.clients, summary.clients),
        percent(summary.could_switch.calls, summary.calls),
        percent(summary.could_switch.v1_operations, summary.v1_operations),
    );
    if !report.levers.is_empty() {
        out.push_str(
            "\n## What moves the date most\n\n| do | V1 calls | clients |\n| --- | ---: | ---: |\n",
        );
        for lever in &report.levers {
            let _ = writeln!(
                out,
                "| {} | {} ({}) | {} |",
                text(&lever.action),
                thousands(lever.v1_calls),
                percent(lever.v1_calls, summary.v1_calls),
                lever.clients.len()
            );
        }
    }
    out.push_str("\n## Clients\n");
    for client in &report.clients {
        section(client, report, out);
    }
    out.push_str("\n## What this report rests on\n\n");
    for source in &report.sources {
        let _ = writeln!(
            out,
            "- {}: {}, {} counted, {} unreadable{}",
            code(&source.name),
            source.kind.title(),
            counted(source.calls, "call", "calls"),
            thousands(source.unreadable),
            source
                .cut_short
                .as_ref()
                .map(|reason| format!("; {reason}"))
                .unwrap_or_default()
        );
    }
    for gap in &report.gaps {
        let _ = writeln!(
            out,
            "- No call at all for {} hours from {}",
            gap.hours,
            gap.from.minute()
        );
    }
    for limit in &report.limits {
        let _ = writeln!(out, "- {}", text(limit));
    }
}

fn section(client: &ClientReport, report: &Report, out: &mut String) {
    let _ = writeln!(
        out,
        "\n### {}: {}\n\n{} of V1, {} of V2; last V1 call {}.",
        text(&client.name),
        client.readiness.word(),
        counted(client.v1_calls, "call", "calls"),
        counted(client.v2_calls, "call", "calls"),
        match client.last_v1 {
            Some(_) => day(client.last_v1),
            None => "never".to_owned(),
        }
    );
    if let Some(known) = &client.known {
        let _ = writeln!(out, "\n{}: {}", text(&known.name), text(&known.advice));
    }
    if !client.operations.is_empty() {
        out.push_str("\n| V1 call | calls | last seen | readiness | call instead |\n| --- | ---: | --- | --- | --- |\n");
    }
    for used in &client.operations {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(used.v1.as_deref().unwrap_or(&used.operation)),
            thousands(used.calls),
            day(used.last_seen),
            used.readiness.word(),
            if used.instead.is_some() {
                code(&instead(used))
            } else {
                text(&instead(used))
            }
        );
    }
    for used in &client.operations {
        for reason in &used.reasons {
            let _ = writeln!(out, "\n- {}: {}", code(&used.operation), text(reason));
        }
        for sent in &used.sent {
            let _ = writeln!(
                out,
                "\n- {}: certain: sends {} {} in {}, in V2 {}",
                code(&used.operation),
                sent.kind,
                code(&sent.v1),
                counted(sent.calls, "call", "calls"),
                sent.v2
                    .as_deref()
                    .map_or_else(|| "nothing like it".to_owned(), code),
            );
        }
    }
    let commands: Vec<&str> = client
        .operations
        .iter()
        .filter_map(|used| report.operation(&used.operation)?.curl.as_deref())
        .collect();
    if !commands.is_empty() {
        let _ = writeln!(out, "\n```sh\n{}\n```", commands.join("\n"));
    }
}

/// Text from outside as it may stand in Markdown: nothing in it is markup.
fn text(raw: &str) -> String {
    let mut safe = String::new();
    for character in printable(raw).chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => {
                safe.push('\\');
                safe.push(character);
            }
            // Bare addresses become links.
            ':' => safe.push_str("&#58;"),
            other => safe.push(other),
        }
    }
    safe.replace("&#58; ", ": ")
}

/// The same as code. A backtick cannot stand in it, a bar would end a cell.
fn code(raw: &str) -> String {
    format!("`{}`", printable(raw).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(
            text("a|b <img src=x> [x](http://y) `c`"),
            "a\\|b &lt;img src=x&gt; \\[x\\](http&#58;//y) \\`c\\`"
        );
        assert_eq!(code("a`b|c"), "`a'b\\|c`");
    }
}
