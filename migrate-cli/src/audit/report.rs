//! The report: one model that every format renders.

use serde::Serialize;
use windlass_transforms::Mappings;
use windlass_transforms::plan::operation::{Kind, Operation};

use super::observation::{Called, ClientKey, ClientUse, Observations, Use};
use super::readiness::{Readiness, judge};
use crate::read::records::Source;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// What an audit found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) format: u32,
    /// What was read, and what could not be.
    pub(crate) sources: Vec<Source>,
    /// What this kind of source cannot show.
    pub(crate) limits: Vec<&'static str>,
    pub(crate) summary: Summary,
    /// Worst readiness first, then most V1 calls.
    pub(crate) clients: Vec<ClientReport>,
}

/// Totals over all clients.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) clients: usize,
    pub(crate) calls: u64,
    pub(crate) v1_calls: u64,
    /// Distinct V1 operations.
    pub(crate) v1_operations: usize,
    pub(crate) first_seen: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) ready: usize,
    pub(crate) covered: usize,
    pub(crate) at_risk: usize,
    pub(crate) blocked: usize,
}

/// One client.
#[derive(Debug, Serialize)]
pub(crate) struct ClientReport {
    pub(crate) user: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) readiness: Readiness,
    /// Calls to paths that are no operation of V1 (it would have answered 404).
    pub(crate) unknown_path_calls: u64,
    pub(crate) operations: Vec<OperationReport>,
}

/// One operation as used by one client.
#[derive(Debug, Serialize)]
pub(crate) struct OperationReport {
    /// V1 operation id; for V2 traffic the V2 call.
    pub(crate) operation: String,
    /// `METHOD /v1/…` template; absent for V2 traffic.
    pub(crate) v1: Option<String>,
    /// `METHOD /v2/…` template to call instead; absent where V2 has none.
    pub(crate) instead: Option<String>,
    /// Where there is no single call: what to do instead, in words.
    pub(crate) advice: Option<String>,
    pub(crate) readiness: Readiness,
    /// Why it is at risk or blocked.
    pub(crate) reasons: Vec<String>,
    pub(crate) calls: u64,
    pub(crate) versionless_calls: u64,
    pub(crate) refused_calls: u64,
    pub(crate) failed_calls: u64,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    /// V1 parameter names sent that have another name, or none, in V2.
    pub(crate) v1_parameters: Vec<String>,
    /// V1 body fields sent that have another name, form, or none, in V2.
    pub(crate) v1_fields: Vec<String>,
}

impl Report {
    /// Joins what was observed with what the plans say.
    pub(crate) fn build(
        observations: Observations,
        mappings: &Mappings,
        sources: Vec<Source>,
    ) -> Self {
        let mut clients: Vec<ClientReport> = observations
            .clients
            .into_iter()
            .map(|(key, used)| client_report(key, used, mappings))
            .collect();
        // Stable, so equal clients stay in the order of their names.
        clients.sort_by_key(|client| {
            (
                std::cmp::Reverse(client.readiness),
                std::cmp::Reverse(client.v1_calls()),
            )
        });
        let limits = vec![
            "records name operations, parameters and fields, never values; which fields of an answer a client reads is unknown",
        ];
        Self {
            format: FORMAT,
            summary: summarise(&clients),
            sources,
            limits,
            clients,
        }
    }

    /// The worst readiness of any client; `Ready` when there is none.
    pub(crate) fn worst(&self) -> Readiness {
        self.clients
            .iter()
            .map(|client| client.readiness)
            .max()
            .unwrap_or(Readiness::Ready)
    }
}

impl ClientReport {
    fn v1_calls(&self) -> u64 {
        let known: u64 = self
            .operations
            .iter()
            .filter(|o| o.v1.is_some())
            .map(|o| o.calls)
            .sum();
        known + self.unknown_path_calls
    }
}

fn client_report(key: ClientKey, used: ClientUse, mappings: &Mappings) -> ClientReport {
    let mut unknown_path_calls = 0;
    let mut operations = Vec::new();
    for (called, seen) in used.operations {
        match called {
            Called::UnknownV1 => unknown_path_calls += seen.calls,
            Called::V2(call) => operations.push(v2_report(format!("V2 {call}"), seen)),
            Called::V1(id) => operations.push(v1_report(
                mappings.operation(&id).map(AsRef::as_ref),
                id,
                seen,
            )),
        }
    }
    operations.sort_by(|a, b| {
        (b.readiness, b.calls, &a.operation).cmp(&(a.readiness, a.calls, &b.operation))
    });
    let worst = operations.iter().map(|operation| operation.readiness).max();
    // Probing unknown V1 paths is V1 use too, though nothing needs to change for an answer of 404.
    let unknown = (unknown_path_calls > 0).then_some(Readiness::Covered);
    ClientReport {
        user: key.user,
        account: key.account,
        user_agent: key.user_agent,
        addresses: used.addresses.into_iter().collect(),
        readiness: worst.max(unknown).unwrap_or(Readiness::Ready),
        unknown_path_calls,
        operations,
    }
}

fn v2_report(call: String, seen: Use) -> OperationReport {
    report_of(call, seen, Readiness::Ready)
}

fn v1_report(operation: Option<&Operation>, id: String, seen: Use) -> OperationReport {
    let Some(operation) = operation else {
        let mut report = report_of(id, seen, Readiness::Blocked);
        report.reasons =
            vec!["the records name an operation that these mappings do not have".to_owned()];
        return report;
    };
    let (readiness, reasons) = judge(operation);
    let mut report = report_of(id, seen, readiness);
    report.reasons = reasons;
    report.v1 = Some(format!(
        "{} /v1{}",
        operation.v1.method, operation.v1.template
    ));
    match &operation.kind {
        Kind::Call(call) => {
            report.instead = Some(format!("{} /v2{}", call.v2().method, call.v2().template));
        }
        Kind::Composed(composed) => {
            let calls = composed
                .parts()
                .iter()
                .map(|part| format!("{} /v2{}", part.v2().method, part.v2().template));
            report.instead = Some(calls.collect::<Vec<_>>().join(", "));
        }
        Kind::None { instead, .. } => report.advice = Some(instead.clone()),
        Kind::Answer(_) => {
            report.advice = Some("nothing: the proxy answers this itself".to_owned());
        }
        Kind::Unmapped => {}
    }
    report
}

fn report_of(operation: String, seen: Use, readiness: Readiness) -> OperationReport {
    OperationReport {
        operation,
        v1: None,
        instead: None,
        advice: None,
        readiness,
        reasons: Vec::new(),
        calls: seen.calls,
        versionless_calls: seen.versionless,
        refused_calls: seen.refused,
        failed_calls: seen.failed,
        first_seen: seen.first_seen,
        last_seen: seen.last_seen,
        v1_parameters: seen.v1_parameters.into_iter().collect(),
        v1_fields: seen.v1_fields.into_iter().collect(),
    }
}

fn summarise(clients: &[ClientReport]) -> Summary {
    let mut summary = Summary {
        clients: clients.len(),
        ..Summary::default()
    };
    let mut operations = std::collections::BTreeSet::new();
    for client in clients {
        match client.readiness {
            Readiness::Ready => summary.ready += 1,
            Readiness::Covered => summary.covered += 1,
            Readiness::AtRisk => summary.at_risk += 1,
            Readiness::Blocked => summary.blocked += 1,
        }
        summary.calls += client.unknown_path_calls;
        summary.v1_calls += client.v1_calls();
        for operation in &client.operations {
            summary.calls += operation.calls;
            if operation.v1.is_some() {
                operations.insert(operation.operation.as_str());
            }
            let first = summary
                .first_seen
                .get_or_insert_with(|| operation.first_seen.clone());
            if operation.first_seen < *first {
                first.clone_from(&operation.first_seen);
            }
            let last = summary
                .last_seen
                .get_or_insert_with(|| operation.last_seen.clone());
            if operation.last_seen > *last {
                last.clone_from(&operation.last_seen);
            }
        }
    }
    summary.v1_operations = operations.len();
    summary
}
