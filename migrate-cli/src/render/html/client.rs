//! One section per client: what it calls, what it calls instead, and what it spells otherwise.

use std::fmt::Write as _;

use super::super::table::thousands;
use super::super::words::{counted, day, instead};
use super::{code_spans, escape, plot};
use crate::audit::known::Certainty;
use crate::audit::report::{ClientReport, OperationUse, Rename, Report};

/// Possible findings shown of one operation.
const FIELDS: usize = 60;

/// The id of a client's section: its place in the report, as names are not ids.
pub(super) fn anchor(report: &Report, client: &ClientReport) -> String {
    let at = report
        .clients
        .iter()
        .position(|other| other.name == client.name)
        .unwrap_or(0);
    format!("client-{}", at + 1)
}

/// All sections.
pub(super) fn sections(report: &Report, out: &mut String) {
    if report.clients.is_empty() {
        out.push_str("<h2>Clients</h2>\n<p>No calls of the API in what was read.</p>\n");
        return;
    }
    let order = if report.clients.len() > 1 {
        "<h2>Clients</h2>\n<p class=\"note\">Worst readiness first. "
    } else {
        "<h2>What to change</h2>\n<p class=\"note\">"
    };
    out.push_str(order);
    out.push_str("What a client <b>sent</b> is certain. Which fields of an answer it <b>reads</b> is unknown: the lists of renamed fields say what to look for in its code.</p>\n");
    let open = if report.clients.len() <= 3 {
        " open"
    } else {
        ""
    };
    for client in &report.clients {
        section(report, client, open, out);
    }
}

fn section(report: &Report, client: &ClientReport, open: &str, out: &mut String) {
    let last = client
        .last_v1
        .map(|_| format!(" · last V1 call {}", day(client.last_v1)))
        .unwrap_or_default();
    let begun = client
        .v2_since
        .map(|_| format!(" · on V2 since {}", day(client.v2_since)))
        .unwrap_or_default();
    let versionless = if client.versionless_calls > 0 {
        format!(
            " · {} without a version",
            thousands(client.versionless_calls)
        )
    } else {
        String::new()
    };
    let _ = write!(
        out,
        "<details class=\"client\" id=\"{}\"{open}>\n<summary><span class=\"who\">{}</span><span class=\"badge is-{2}\">{2}</span><span class=\"facts\">{3}, {4}{last}{begun}{versionless}</span></summary>\n<div class=\"inside\">\n",
        anchor(report, client),
        escape(&client.name),
        client.readiness.word(),
        counted(client.v1_calls, "V1 call", "V1 calls"),
        counted(client.v2_calls, "V2 call", "V2 calls"),
    );
    if report.clients.len() > 1
        && let (Some(first), Some(last)) = (report.days.first(), report.days.last())
    {
        plot::small(&client.days, first.day, last.day, out);
    }
    if let Some(known) = &client.known {
        let sure = match known.certainty {
            Certainty::Certain => "",
            Certainty::Likely => "Likely ",
        };
        let v2 = known
            .v2
            .as_ref()
            .map(|version| format!(" It speaks V2 in {}.", escape(version)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<p class=\"advice\">{sure}<b>{}</b>.{v2} {}</p>",
            escape(&known.name),
            code_spans(&known.advice)
        );
    }
    facts(client, out);
    for used in &client.operations {
        operation(report, used, out);
    }
    if !client.v2_operations.is_empty() {
        out.push_str("<h3>Already on V2</h3>\n<ul class=\"plain\">\n");
        for used in &client.v2_operations {
            let _ = writeln!(
                out,
                "<li><code>{}</code> <span class=\"soft\">{}, last {}</span></li>",
                escape(&used.call),
                counted(used.calls, "call", "calls"),
                day(used.last_seen)
            );
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</div>\n</details>\n");
}

fn facts(client: &ClientReport, out: &mut String) {
    let mut facts = Vec::new();
    if client.gone_calls > 0 {
        facts.push(format!(
            "broken already: {}, answered as only a server without V1 answers them",
            counted(client.gone_calls, "V1 call", "V1 calls")
        ));
    }
    if client.unknown_path_calls > 0 {
        facts.push(format!(
            "{} to paths that V1 never had; they were 404 before, too",
            counted(client.unknown_path_calls, "call", "calls")
        ));
    }
    if !client.addresses.is_empty() {
        let more = if client.more_addresses {
            " and more"
        } else {
            ""
        };
        facts.push(format!("called from {}{more}", client.addresses.join(", ")));
    }
    if !facts.is_empty() {
        out.push_str("<ul class=\"plain note\">\n");
        for fact in facts {
            let _ = writeln!(out, "<li>{}</li>", escape(&fact));
        }
        out.push_str("</ul>\n");
    }
}

fn operation(report: &Report, used: &OperationUse, out: &mut String) {
    let _ = write!(
        out,
        "<div class=\"op-block\">\n<div class=\"line\"><span><code>{}</code> <span class=\"arrow\">→</span> {}</span><span class=\"badge is-{2}\">{2}</span></div>\n<div class=\"calls\">{3}{4}{5}, last {6}</div>\n",
        escape(used.v1.as_deref().unwrap_or(&used.operation)),
        match &used.instead {
            Some(call) => format!("<code>{}</code>", escape(call)),
            None => code_spans(&instead(used)),
        },
        used.readiness.word(),
        counted(used.calls, "call", "calls"),
        errors(used.client_errors, "answered 4xx"),
        errors(used.server_errors, "answered 5xx"),
        day(used.last_seen),
    );
    let known = report.operation(&used.operation);
    if let Some(known) = known {
        let _ = writeln!(out, "<p>{}</p>", code_spans(&known.summary));
    }
    if !used.reasons.is_empty() && used.instead.is_some() {
        out.push_str("<ul class=\"plain\">\n");
        for reason in &used.reasons {
            let _ = writeln!(
                out,
                "<li><span class=\"is-{}\">{}</span></li>",
                used.readiness.word(),
                code_spans(reason)
            );
        }
        out.push_str("</ul>\n");
    }
    if !used.sent.is_empty() {
        out.push_str("<ul class=\"plain\">\n");
        for sent in &used.sent {
            let v2 = sent.v2.as_ref().map_or_else(
                || "nothing like it in V2".to_owned(),
                |v2| format!("<code>{}</code> in V2", escape(v2)),
            );
            let note = sent
                .note
                .as_ref()
                .map(|note| format!(" <span class=\"soft\">({})</span>", code_spans(note)))
                .unwrap_or_default();
            let _ = writeln!(
                out,
                "<li>sends {} <code>{}</code> in {}: {v2}{note}</li>",
                escape(&sent.kind),
                escape(&sent.v1),
                counted(sent.calls, "call", "calls"),
            );
        }
        out.push_str("</ul>\n");
    }
    if let Some(known) = known {
        if let Some(curl) = &known.curl {
            let _ = writeln!(out, "<pre>{}</pre>", escape(curl));
        }
        // The page of one owner is read from top to bottom.
        let open = if report.clients.len() == 1 {
            " open"
        } else {
            ""
        };
        renames(&known.parameters, &known.fields, open, out);
    }
    out.push_str("</div>\n");
}

fn errors(count: u64, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!(", {} {what}", thousands(count))
    }
}

/// Possible findings, folded away.
fn renames(parameters: &[Rename], fields: &[Rename], open: &str, out: &mut String) {
    let all: Vec<&Rename> = parameters.iter().chain(fields).collect();
    if all.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details class=\"more\"{open}><summary>{} with another name or form in V2</summary>\n<ul class=\"renames\">\n",
        counted(
            all.len() as u64,
            "parameter or field",
            "parameters and fields"
        )
    );
    for rename in all.iter().take(FIELDS) {
        let text = match (&rename.v1, &rename.v2) {
            (Some(v1), Some(v2)) => format!(
                "<code>{}</code> <span class=\"arrow\">→</span> <code>{}</code>",
                escape(v1),
                escape(v2)
            ),
            (Some(v1), None) => format!("<code>{}</code> only in V1", escape(v1)),
            (None, Some(v2)) => format!("<code>{}</code> only in V2", escape(v2)),
            (None, None) => continue,
        };
        let note = rename
            .note
            .as_ref()
            .map(|note| format!(" title=\"{}\"", escape(note)))
            .unwrap_or_default();
        let _ = writeln!(out, "<li{note}>{text}</li>");
    }
    out.push_str("</ul>\n");
    if all.len() > FIELDS {
        let _ = writeln!(out, "<p class=\"note\">and {} more</p>", all.len() - FIELDS);
    }
    out.push_str("</details>\n");
}
