//! Whether V1 can be switched off, with the evidence.

use schemars::JsonSchema;
use serde::Serialize;

use super::moment::Moment;
use super::readiness::Readiness;
use super::report::{Gap, Report};
use crate::read::source::Source;

/// Version of the JSON form.
const FORMAT: u32 = 1;
/// Sources that end earlier than this many days ago say nothing about now.
const STALE_DAYS: i64 = 2;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Days that must be free of V1.
    pub(crate) quiet_days: u32,
    /// The end of these days; `None`: the last call in the sources.
    pub(crate) until: Option<Moment>,
    /// Names of clients that may go on.
    pub(crate) waived: Vec<String>,
    /// Whether gaps are fine.
    pub(crate) allow_gaps: bool,
    /// Whether lines that cannot be read are fine.
    pub(crate) allow_unreadable: bool,
    /// Now.
    pub(crate) now: Moment,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "windlass gate")]
pub(crate) struct Evidence {
    /// Version of this form.
    pub(crate) format: u32,
    /// Version of the program.
    pub(crate) windlass: String,
    /// When this was judged.
    pub(crate) judged_at: Moment,
    /// Whether V1 can be switched off.
    pub(crate) passed: bool,
    /// Why not; empty when it can.
    pub(crate) reasons: Vec<String>,
    /// Days that must be free of V1.
    pub(crate) quiet_days: u32,
    /// The beginning of these days; absent when nothing was read.
    pub(crate) from: Option<Moment>,
    /// Their end.
    pub(crate) to: Option<Moment>,
    /// The first call in the sources, of any kind.
    pub(crate) covered_from: Option<Moment>,
    /// The last one.
    pub(crate) covered_to: Option<Moment>,
    /// Stretches of a day or more in these days without any call at all.
    pub(crate) gaps: Vec<Gap>,
    /// Everybody who ever used V1 in these sources, the latest first.
    pub(crate) clients: Vec<ClientEvidence>,
    /// What was read.
    pub(crate) sources: Vec<Source>,
    /// What these sources cannot show.
    pub(crate) limits: Vec<String>,
}

/// A client that used V1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClientEvidence {
    /// Its name.
    pub(crate) name: String,
    /// V1 calls in these sources.
    pub(crate) v1_calls: u64,
    /// The last one; absent where the source has no times.
    pub(crate) last_v1: Option<Moment>,
    /// Whether it used V1 in the days that must be free of it.
    pub(crate) used_v1: bool,
    /// Whether it may.
    pub(crate) waived: bool,
}

/// Judges a report.
pub(crate) fn judge(report: Report, question: &Question) -> Evidence {
    let mut reasons = Vec::new();
    let summary = &report.summary;
    let to = question.until.or(summary.last_seen);
    let from = to.map(|to| to.days_earlier(question.quiet_days));
    coverage(&report, question, from, to, &mut reasons);
    let mut clients: Vec<ClientEvidence> = report
        .clients
        .iter()
        .filter(|client| client.readiness != Readiness::Ready)
        .map(|client| ClientEvidence {
            name: client.name.clone(),
            v1_calls: client.v1_calls,
            last_v1: client.last_v1,
            // Without a time it may have been now.
            used_v1: client
                .last_v1
                .is_none_or(|last| from.is_none_or(|from| last >= from)),
            waived: question.waived.contains(&client.name),
        })
        .collect();
    clients.sort_by(|a, b| (b.last_v1, &a.name).cmp(&(a.last_v1, &b.name)));
    for client in clients
        .iter()
        .filter(|client| client.used_v1 && !client.waived)
    {
        reasons.push(match client.last_v1 {
            Some(last) => format!("`{}` used V1, last on {}", client.name, last.minute()),
            None => format!(
                "`{}` used V1, at a time that its source does not show",
                client.name
            ),
        });
    }
    for name in &question.waived {
        if !report.clients.iter().any(|client| client.name == *name) {
            reasons.push(format!(
                "no client is called `{name}`, so nobody is waived by that"
            ));
        }
    }
    let gaps = match from {
        Some(from) => report
            .gaps
            .into_iter()
            .filter(|gap| gap.to > from)
            .collect(),
        None => Vec::new(),
    };
    Evidence {
        format: FORMAT,
        windlass: report.windlass,
        judged_at: question.now,
        passed: reasons.is_empty(),
        reasons,
        quiet_days: question.quiet_days,
        from,
        to,
        covered_from: report.summary.first_seen,
        covered_to: report.summary.last_seen,
        gaps,
        clients,
        sources: report.sources,
        limits: report.limits,
    }
}

/// Whether the sources can tell at all.
fn coverage(
    report: &Report,
    question: &Question,
    from: Option<Moment>,
    to: Option<Moment>,
    reasons: &mut Vec<String>,
) {
    let (Some(from), Some(to), Some(first), Some(last)) = (
        from,
        to,
        report.summary.first_seen,
        report.summary.last_seen,
    ) else {
        reasons.push("the sources have no call with a time: nothing is covered".to_owned());
        return;
    };
    if first > from {
        reasons.push(format!(
            "the sources begin on {}, {} days before the end; {} are asked for",
            first.minute(),
            to.days_since(first),
            question.quiet_days
        ));
    }
    if question.until.is_none() && question.now.days_since(last) >= STALE_DAYS {
        reasons.push(format!(
            "the sources end on {}, {} days ago; `--until` judges a time in the past on purpose",
            last.minute(),
            question.now.days_since(last)
        ));
    }
    if to.days_since(last) >= 1 {
        reasons.push(format!(
            "the sources end on {}, before `--until`",
            last.minute()
        ));
    }
    for source in &report.sources {
        if let Some(reason) = &source.cut_short {
            reasons.push(format!("`{}`: {reason}", source.name));
        }
        if source.unreadable > 0 && !question.allow_unreadable {
            reasons.push(format!(
                "`{}`: {} of {} lines could not be read, and any of them may be V1; `--allow-unreadable` if they are none",
                source.name, source.unreadable, source.lines
            ));
        }
    }
    if !question.allow_gaps {
        for gap in report.gaps.iter().filter(|gap| gap.to > from) {
            reasons.push(format!(
                "no call at all for {} hours from {}; `--allow-gaps` if that is as it should be",
                gap.hours,
                gap.from.minute()
            ));
        }
    }
}
