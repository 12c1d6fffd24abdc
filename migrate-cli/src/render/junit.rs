//! JUnit XML for CI servers: one test per client, one suite per audit.
//!
//! Readers differ in what they ask for, so it has all that any of them does, and no more.

use std::fmt::Write as _;

use super::words::counted;
use crate::args::FailOn;
use crate::audit::report::{ClientReport, Report};

/// When there was no call with a time.
const NEVER: &str = "1970-01-01T00:00:00";

/// The audit as JUnit XML. A client that `limit` fails is a failed test; without a limit that is
/// any that is blocked.
pub(crate) fn audit(report: &Report, limit: Option<FailOn>, out: &mut String) {
    let limit = limit.unwrap_or(FailOn::Blocked);
    let fails = |client: &&ClientReport| limit.fails(client.readiness);
    let failures = report.clients.iter().filter(fails).count();
    // The form wants to know when the tests ran, without a zone: what is judged ends with the
    // last call, and the same sources make the same report whenever they are read.
    let ended = report.summary.last_seen.map(|last| last.to_string());
    let ended = ended.as_deref().and_then(|text| text.get(..19));
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"clients\" package=\"windlass.audit\" id=\"0\" hostname=\"localhost\" timestamp=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"0\">\n    <properties/>",
        ended.unwrap_or(NEVER),
        report.clients.len(),
    );
    for client in &report.clients {
        let _ = write!(
            out,
            "    <testcase classname=\"windlass.audit\" name=\"{}\" time=\"0\"",
            escape(&client.name)
        );
        if !fails(&client) {
            out.push_str("/>\n");
            continue;
        }
        let message = format!(
            "{}: {} of V1",
            client.readiness.word(),
            counted(client.v1_calls, "call", "calls")
        );
        let _ = write!(
            out,
            ">\n      <failure message=\"{}\" type=\"{}\">",
            escape(&message),
            client.readiness.word()
        );
        for evidence in &client.evidence {
            let _ = writeln!(
                out,
                "{}: {}: {} ({})",
                escape(&evidence.operation),
                evidence.readiness.word(),
                escape(&evidence.reason),
                counted(evidence.calls, "call", "calls")
            );
        }
        out.push_str("</failure>\n    </testcase>\n");
    }
    out.push_str("    <system-out/>\n    <system-err/>\n  </testsuite>\n</testsuites>\n");
}

/// Text as it may stand in XML, attributes included.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            // XML 1.0 has no way to write them.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                safe.extend(c.escape_unicode());
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_markup_cannot_break_the_document() {
        assert_eq!(
            escape("a<b>&\"'\u{1b}[2J"),
            "a&lt;b&gt;&amp;&quot;&apos;\\u{1b}[2J"
        );
    }
}
