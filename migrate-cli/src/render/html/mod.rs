//! The audit as one page: no scripts, no network, nothing from outside that is not escaped.
//!
//! The page forbids itself everything but its own style, so that even a mistake in escaping
//! could not run anything.

mod client;
mod heat;
mod plot;

use std::fmt::Write as _;

use super::table::{printable, thousands};
use super::words::{counted, day, percent};
use crate::audit::readiness::Readiness;
use crate::audit::report::{Report, Summary};

/// The page.
pub(crate) fn audit(report: &Report, out: &mut String) {
    let single = (report.clients.len() == 1).then(|| &report.clients[0]);
    let title = match single {
        Some(client) => format!("What {} changes to leave V1", client.name),
        None => "Who still needs V1".to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{0}</title>\n<style>\n{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
        escape(&title),
        style(),
    );
    head(report, out);
    tiles(report, out);
    if single.is_none() {
        readiness(&report.summary, out);
    }
    plot::burn_down(report, out);
    if single.is_none() {
        levers(report, out);
        heat::map(report, out);
    }
    client::sections(report, out);
    sources(report, out);
    let _ = write!(
        out,
        "<footer>windlass {} · times in UTC · a client is its user, account and user agent; credentials are never kept</footer>\n</main>\n</body>\n</html>\n",
        escape(&report.windlass)
    );
}

fn head(report: &Report, out: &mut String) {
    let summary = &report.summary;
    let span = match (summary.first_seen, summary.last_seen) {
        (Some(first), Some(last)) => format!(
            "{} to {} ({})",
            first.day(),
            last.day(),
            counted(
                u64::try_from(last.day().0 - first.day().0).unwrap_or(0) + 1,
                "day",
                "days"
            )
        ),
        _ => "no times in these sources".to_owned(),
    };
    let _ = writeln!(
        out,
        "<p class=\"soft\">{span} · {} read</p>",
        counted(report.sources.len() as u64, "source", "sources")
    );
}

fn tiles(report: &Report, out: &mut String) {
    let summary = &report.summary;
    let second = match report.clients.as_slice() {
        [client] => (
            thousands(summary.v1_operations),
            format!(
                "V1 operations; this client is <b class=\"word is-{0}\">{0}</b>",
                client.readiness.word()
            ),
        ),
        _ => (
            thousands(summary.v1_clients),
            format!(
                "of {} used V1",
                counted(summary.clients, "client", "clients")
            ),
        ),
    };
    let tiles = [
        (
            thousands(summary.v1_calls),
            format!(
                "V1 calls, {} of all",
                percent(summary.v1_calls, summary.calls)
            ),
        ),
        second,
        (
            percent(summary.could_switch.calls, summary.calls),
            "of the calls need no V1, or could do without today".to_owned(),
        ),
        (
            summary
                .last_v1
                .map_or_else(|| "never".to_owned(), |_| day(summary.last_v1)),
            "last V1 call".to_owned(),
        ),
    ];
    out.push_str("<div class=\"tiles\">\n");
    for (number, text) in tiles {
        let _ = writeln!(
            out,
            "<div class=\"tile\"><b>{number}</b><span>{text}</span></div>"
        );
    }
    out.push_str("</div>\n");
}

fn counts(summary: &Summary) -> [(Readiness, u64); 4] {
    Readiness::ALL.map(|readiness| {
        let count = match readiness {
            Readiness::Blocked => summary.blocked,
            Readiness::AtRisk => summary.at_risk,
            Readiness::Covered => summary.covered,
            Readiness::Ready => summary.ready,
        };
        (readiness, count)
    })
}

fn readiness(summary: &Summary, out: &mut String) {
    out.push_str("<div class=\"bar\">");
    for (readiness, count) in counts(summary).into_iter().filter(|(_, count)| *count > 0) {
        let _ = write!(
            out,
            "<i class=\"fill-{0}\" style=\"flex:{count}\" title=\"{count} {0}\"></i>",
            readiness.word()
        );
    }
    out.push_str("</div>\n<ul class=\"legend\">\n");
    for (readiness, count) in counts(summary) {
        let _ = writeln!(
            out,
            "<li><i class=\"dot fill-{0}\"></i><span><b>{count} {0}</b><br><span class=\"soft\">{1}</span></span></li>",
            readiness.word(),
            readiness.meaning()
        );
    }
    out.push_str("</ul>\n");
}

fn levers(report: &Report, out: &mut String) {
    if report.levers.is_empty() {
        return;
    }
    out.push_str(
        "<h2>What moves the date most</h2>\n<p class=\"note\">The share is that of the V1 calls that go away with it, or that wait for it. Shares overlap.</p>\n<ol class=\"levers\">\n",
    );
    for lever in &report.levers {
        let fill = if lever.removes_calls {
            "covered"
        } else {
            "at-risk"
        };
        let share = percent(lever.v1_calls, report.summary.v1_calls);
        let width = lever.v1_calls * 100 / report.summary.v1_calls.max(1);
        let _ = writeln!(
            out,
            "<li><span>{}<small>{}, {}</small></span><span class=\"track\"><i class=\"fill-{fill}\" style=\"width:{}%\"></i></span><span class=\"share\">{share}</span></li>",
            code_spans(&lever.action),
            counted(lever.clients.len() as u64, "client", "clients"),
            counted(lever.v1_calls, "V1 call", "V1 calls"),
            width.clamp(1, 100),
        );
    }
    out.push_str("</ol>\n");
}

fn sources(report: &Report, out: &mut String) {
    out.push_str("<h2>What this rests on</h2>\n<div class=\"scroll\"><table>\n<tr><th>source</th><th>kind</th><th class=\"n\">lines</th><th class=\"n\">calls</th><th class=\"n\">unreadable</th></tr>\n");
    for source in &report.sources {
        let short = source
            .cut_short
            .as_ref()
            .map(|reason| format!("<br><span class=\"is-at-risk\">{}</span>", escape(reason)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code>{short}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(&source.name),
            escape(source.kind.title()),
            thousands(source.lines),
            thousands(source.calls),
            thousands(source.unreadable)
        );
    }
    out.push_str("</table></div>\n<ul class=\"plain note\">\n");
    for gap in &report.gaps {
        let _ = writeln!(
            out,
            "<li>No call at all for {} hours, from {} to {}</li>",
            gap.hours,
            gap.from.minute(),
            gap.to.minute()
        );
    }
    if report.summary.other_calls > 0 {
        let _ = writeln!(
            out,
            "<li>{} in the same logs belong to no version of the API and are not part of this report</li>",
            counted(report.summary.other_calls, "call", "calls")
        );
    }
    for limit in &report.limits {
        let _ = writeln!(out, "<li>{}</li>", code_spans(limit));
    }
    out.push_str("</ul>\n");
}

/// The style sheet, with a step of colour for each readiness and magnitude.
fn style() -> String {
    let mut heat = String::new();
    for readiness in Readiness::ALL {
        for step in 1..=heat::STEPS {
            let _ = writeln!(
                heat,
                "td.h-{0}-{step} {{ background: rgba(var(--{0}-rgb), {1:.2}); }}",
                readiness.word(),
                0.10 + 0.14 * f64::from(step)
            );
        }
        // On the strongest steps dark text would not be legible.
        let _ = writeln!(
            heat,
            "td.h-{0}-5, td.h-{0}-6 {{ color: #fff; }}",
            readiness.word()
        );
    }
    include_str!("style.css").replace("HEAT\n", &heat)
}

/// Text as it may stand in HTML, attributes included. Control characters are spelt out.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Text in which backticks mark code.
fn code_spans(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(html, "<code>{}</code>", escape(part));
        } else {
            html.push_str(&escape(part));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_outside_is_text() {
        assert_eq!(
            escape("<script>alert('x')</script>&\"\u{1b}[2J"),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\\u{1b}[2J"
        );
        assert_eq!(
            code_spans("move `<b>` now"),
            "move <code>&lt;b&gt;</code> now"
        );
    }
}
