//! What became of recorded exchanges, by client and operation.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::redact;
use crate::read::source::Source;

/// Version of the JSON form.
const FORMAT: u32 = 1;
/// How many reasons are kept of one client and operation.
const MAX_REASONS: usize = 8;

/// What would become of an exchange, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Request and answer come through as they were.
    Right,
    /// The V2 service answered as was recorded.
    Same,
    /// The request comes through; the answer cannot be told from the recording: it is one of an
    /// error, is not JSON, or was not recorded. Against a V2 service: there is nothing to compare.
    Unchecked,
    /// Something in the request or the answer is lost or changed, or the V2 service answered
    /// otherwise.
    Differs,
    /// The V2 request does not fit the V2 document, or the answer that of V1.
    Misfit,
    /// The proxy would refuse the request.
    Refused,
    /// V2 lacks the operation, or it is not mapped.
    NotServed,
    /// The V2 service gave no answer.
    Unreachable,
}

impl Verdict {
    /// Whether a client would miss something.
    pub(crate) fn is_wrong(self) -> bool {
        self > Self::Unchecked
    }
}

/// What would become of everything recorded.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Replayed {
    pub(crate) format: u32,
    /// What there is to say besides when requests were sent to a V2 service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<Live>,
    /// V1 exchanges.
    pub(crate) exchanges: u64,
    /// Other exchanges: V2, or no API at all.
    pub(crate) others: u64,
    /// Entries that could not be read.
    pub(crate) unreadable: u64,
    /// By client, by name.
    pub(crate) clients: Vec<Share>,
    /// By client and operation, worst first.
    pub(crate) rows: Vec<Row>,
    /// What was read.
    pub(crate) sources: Vec<Source>,
}

/// How requests were sent to a V2 service.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Live {
    /// The V2 service.
    pub(crate) against: String,
    /// Requests that change something, which were not sent.
    pub(crate) writes_left_out: u64,
    /// Whether it was stopped before the end of the recording.
    pub(crate) interrupted: bool,
}

/// What share of a client's exchanges would be served right.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Share {
    pub(crate) client: String,
    /// V1 exchanges.
    pub(crate) exchanges: u64,
    /// Of them, those that come through as they were, or were answered as was recorded.
    pub(crate) right: u64,
    /// Of them, those whose answers cannot be told from the recording.
    pub(crate) unchecked: u64,
}

/// One operation of one client.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    pub(crate) client: String,
    pub(crate) operation: String,
    /// The worst of its exchanges.
    pub(crate) verdict: Verdict,
    /// How many of each.
    pub(crate) exchanges: BTreeMap<Verdict, u64>,
    /// What is lost, refused or does not fit, or why it is not told: names only.
    pub(crate) reasons: Vec<String>,
}

/// Verdicts as they come.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    others: u64,
    rows: BTreeMap<(String, String), Row>,
}

impl Rows {
    /// Counts an exchange that is none of V1.
    pub(crate) fn other(&mut self) {
        self.others += 1;
    }

    /// Counts what became of an exchange.
    pub(crate) fn add(
        &mut self,
        client: String,
        operation: String,
        verdict: Verdict,
        reasons: Vec<String>,
    ) {
        let row = self
            .rows
            .entry((client.clone(), operation.clone()))
            .or_insert_with(|| Row {
                client,
                operation,
                verdict,
                exchanges: BTreeMap::new(),
                reasons: Vec::new(),
            });
        row.verdict = row.verdict.max(verdict);
        *row.exchanges.entry(verdict).or_default() += 1;
        for reason in reasons {
            // An error of a step may repeat a value: the filter of everything from outside.
            let reason = redact::text(reason.as_bytes());
            if row.reasons.len() < MAX_REASONS && !row.reasons.contains(&reason) {
                row.reasons.push(reason);
            }
        }
    }

    /// The report on all of them.
    pub(crate) fn finish(self, sources: Vec<Source>, live: Option<Live>) -> Replayed {
        let mut clients: BTreeMap<&str, Share> = BTreeMap::new();
        for row in self.rows.values() {
            let share = clients.entry(&row.client).or_default();
            share.client.clone_from(&row.client);
            for (verdict, count) in &row.exchanges {
                share.exchanges += count;
                match verdict {
                    Verdict::Right | Verdict::Same => share.right += count,
                    Verdict::Unchecked => share.unchecked += count,
                    _ => {}
                }
            }
        }
        let clients: Vec<Share> = clients.into_values().collect();
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by(|a, b| {
            (b.verdict, &a.client, &a.operation).cmp(&(a.verdict, &b.client, &b.operation))
        });
        Replayed {
            format: FORMAT,
            live,
            exchanges: clients.iter().map(|share| share.exchanges).sum(),
            others: self.others,
            unreadable: sources.iter().map(|source| source.unreadable).sum(),
            clients,
            rows,
            sources,
        }
    }
}
