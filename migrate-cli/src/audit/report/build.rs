//! Joins what was counted with what the plans say.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use windlass_transforms::Mappings;

use super::levers::levers;
use super::model::{
    ClientReport, DayReport, Evidence, FORMAT, Gap, OperationReport, Report, Summary, V2Use,
};
use super::operation::{catalogued, used};
use crate::audit::identity::ClientKey;
use crate::audit::known;
use crate::audit::moment::{Day, Moment};
use crate::audit::readiness::Readiness;
use crate::audit::tally::{Called, ClientTally, DayUse, MAX_CLIENTS, Tally, earliest};
use crate::read::source::Source;

/// The shortest gap that is reported, in hours.
const GAP_HOURS: u64 = 24;

/// The report of everything counted.
pub(crate) fn build(tally: Tally, mappings: &Mappings) -> Report {
    let has_rest = tally.rest.is_some();
    let rest = tally.rest.map(|rest| {
        let key = ClientKey {
            name: Some(format!("all others, beyond the first {MAX_CLIENTS}")),
            ..ClientKey::default()
        };
        (key, rest)
    });
    let mut clients: Vec<ClientReport> = tally
        .clients
        .into_iter()
        .chain(rest)
        .map(|(key, tally)| client(key, tally, mappings))
        .collect();
    clients.sort_by(|a, b| {
        (Reverse(a.readiness), Reverse(a.v1_calls), &a.name).cmp(&(
            Reverse(b.readiness),
            Reverse(b.v1_calls),
            &b.name,
        ))
    });
    name_apart(&mut clients);
    let operations = operations(&clients, mappings);
    let mut summary = summarise(&clients, &operations);
    summary.other_calls = tally.other_calls;
    summary.outside_calls = tally.outside_calls;
    summary.first_seen = tally.first;
    summary.last_seen = tally.last;
    let mut limits = limits(&tally.sources);
    if has_rest {
        limits.push(format!(
            "more than {MAX_CLIENTS} clients called: those beyond are counted together; merge some with `--clients`"
        ));
    }
    Report {
        format: FORMAT,
        windlass: env!("CARGO_PKG_VERSION").to_owned(),
        levers: levers(&clients, &operations, &summary),
        days: days(clients.iter().map(|client| client.days.as_slice())),
        gaps: gaps(&tally.hours),
        limits,
        sources: tally.sources,
        summary,
        clients,
        operations,
    }
}

impl Report {
    /// Leaves one client, with the totals and operations of that client.
    pub(crate) fn keep_only(&mut self, client: ClientReport) {
        let clients = vec![client];
        self.narrow(clients);
    }

    /// Leaves these clients, with their totals and operations. What was read stays as it was.
    pub(crate) fn narrow(&mut self, clients: Vec<ClientReport>) {
        for operation in &mut self.operations {
            let used = clients
                .iter()
                .flat_map(|client| &client.operations)
                .filter(|used| used.operation == operation.operation);
            (operation.calls, operation.clients) = (0, 0);
            operation.readiness = Readiness::Ready;
            operation.last_seen = None;
            for used in used {
                operation.calls += used.calls;
                operation.clients += 1;
                operation.readiness = operation.readiness.max(used.readiness);
                operation.last_seen = operation.last_seen.max(used.last_seen);
            }
        }
        self.operations.retain(|operation| operation.clients > 0);
        let whole = std::mem::replace(&mut self.summary, summarise(&clients, &self.operations));
        self.summary.first_seen = whole.first_seen;
        self.summary.last_seen = whole.last_seen;
        self.summary.outside_calls = whole.outside_calls;
        self.summary.other_calls = whole.other_calls;
        self.levers = levers(&clients, &self.operations, &self.summary);
        self.days = days(clients.iter().map(|client| client.days.as_slice()));
        self.clients = clients;
    }
}

/// Two clients may look alike in one line (an account may be named `a via b`).
fn name_apart(clients: &mut [ClientReport]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for client in clients {
        let count = seen.entry(client.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            client.name = format!("{} ({count})", client.name);
        }
    }
}

fn client(key: ClientKey, tally: ClientTally, mappings: &Mappings) -> ClientReport {
    let mut operations = Vec::new();
    let mut v2_operations = Vec::new();
    let (mut unknown_path_calls, mut both_calls) = (0, 0);
    let (mut first_seen, mut last_seen, mut last_v1, mut v2_since) = (None, None, None, None);
    for (called, seen) in &tally.operations {
        first_seen = earliest(first_seen, seen.first);
        last_seen = last_seen.max(seen.last);
        match called {
            Called::V1(id) => {
                let operation = mappings.operation(id).map(AsRef::as_ref);
                operations.push(used(id, operation, seen));
                last_v1 = last_v1.max(seen.last);
            }
            Called::UnknownV1 => {
                unknown_path_calls += seen.calls;
                last_v1 = last_v1.max(seen.last);
            }
            Called::V2(call) => {
                v2_since = earliest(v2_since, seen.first);
                v2_operations.push(V2Use {
                    call: call.clone(),
                    calls: seen.calls,
                    first_seen: seen.first,
                    last_seen: seen.last,
                });
            }
            Called::Both(id) => {
                both_calls += seen.calls;
                let path = mappings
                    .operation(id)
                    .map_or_else(|| id.clone(), |operation| operation.v1.to_string());
                v2_operations.push(V2Use {
                    call: format!("{path} (both versions)"),
                    calls: seen.calls,
                    first_seen: seen.first,
                    last_seen: seen.last,
                });
            }
            Called::Other => {}
        }
    }
    operations.sort_by(|a, b| {
        (Reverse(a.readiness), Reverse(a.calls), &a.operation).cmp(&(
            Reverse(b.readiness),
            Reverse(b.calls),
            &b.operation,
        ))
    });
    v2_operations.sort_by(|a, b| (Reverse(a.calls), &a.call).cmp(&(Reverse(b.calls), &b.call)));
    let worst = operations.iter().map(|operation| operation.readiness).max();
    // Probing unknown V1 paths is V1 use too, though nothing needs to change for an answer of 404.
    let unknown = (unknown_path_calls > 0).then_some(Readiness::Covered);
    let evidence = operations
        .iter()
        .flat_map(|operation| {
            let plain = format!(
                "calls {}",
                operation.v1.as_deref().unwrap_or(&operation.operation)
            );
            let reasons = if operation.reasons.is_empty() {
                vec![plain]
            } else {
                operation.reasons.clone()
            };
            reasons.into_iter().map(|reason| Evidence {
                operation: operation.operation.clone(),
                readiness: operation.readiness,
                reason,
                calls: operation.calls,
                last_seen: operation.last_seen,
            })
        })
        .collect();
    let v1_calls = operations.iter().map(|o| o.calls).sum::<u64>() + unknown_path_calls;
    let v2_calls = v2_operations.iter().map(|o| o.calls).sum::<u64>() - both_calls;
    let called: Vec<&str> = operations.iter().map(|o| o.operation.as_str()).collect();
    ClientReport {
        name: key.display(),
        known: known::recognise(key.user_agent.as_deref(), &called),
        readiness: worst.max(unknown).unwrap_or(Readiness::Ready),
        evidence,
        calls: v1_calls + v2_calls + both_calls,
        v1_calls,
        v2_calls,
        both_calls,
        versionless_calls: operations.iter().map(|o| o.versionless_calls).sum(),
        unknown_path_calls,
        gone_calls: operations.iter().map(|o| o.gone_calls).sum(),
        first_seen,
        last_seen,
        last_v1,
        v2_since,
        days: tally
            .days
            .into_iter()
            .map(|(day, DayUse { v1, v2 })| DayReport {
                day,
                v1,
                v2,
                v1_clients: u64::from(v1 > 0),
            })
            .collect(),
        addresses: tally.addresses.into_iter().collect(),
        more_addresses: tally.more_addresses,
        key,
        operations,
        v2_operations,
    }
}

fn operations(clients: &[ClientReport], mappings: &Mappings) -> Vec<OperationReport> {
    let mut found: BTreeMap<&str, OperationReport> = BTreeMap::new();
    for used in clients.iter().flat_map(|client| &client.operations) {
        let Some(operation) = mappings.operation(&used.operation) else {
            continue;
        };
        let report = found
            .entry(&used.operation)
            .or_insert_with(|| catalogued(operation));
        report.readiness = report.readiness.max(used.readiness);
        report.calls += used.calls;
        report.clients += 1;
        report.last_seen = report.last_seen.max(used.last_seen);
    }
    let mut operations: Vec<OperationReport> = found.into_values().collect();
    operations.sort_by(|a, b| {
        (Reverse(a.readiness), Reverse(a.calls), &a.operation).cmp(&(
            Reverse(b.readiness),
            Reverse(b.calls),
            &b.operation,
        ))
    });
    operations
}

fn summarise(clients: &[ClientReport], operations: &[OperationReport]) -> Summary {
    let mut summary = Summary {
        clients: clients.len() as u64,
        v1_operations: operations.len() as u64,
        ..Summary::default()
    };
    for client in clients {
        let count = match client.readiness {
            Readiness::Ready => &mut summary.ready,
            Readiness::Covered => &mut summary.covered,
            Readiness::AtRisk => &mut summary.at_risk,
            Readiness::Blocked => &mut summary.blocked,
        };
        *count += 1;
        summary.v1_clients += u64::from(client.v1_calls > 0);
        summary.calls += client.calls;
        summary.v1_calls += client.v1_calls;
        summary.v2_calls += client.v2_calls;
        summary.versionless_calls += client.versionless_calls;
        summary.gone_calls += client.gone_calls;
        summary.last_v1 = summary.last_v1.max(client.last_v1);
        let switch = &mut summary.could_switch;
        switch.clients += u64::from(client.readiness.could_switch());
        switch.calls += client.calls - client.v1_calls + client.unknown_path_calls;
        switch.calls += client
            .operations
            .iter()
            .filter(|operation| operation.readiness.could_switch())
            .map(|operation| operation.calls)
            .sum::<u64>();
    }
    summary.could_switch.v1_operations = operations
        .iter()
        .filter(|operation| operation.readiness.could_switch())
        .count() as u64;
    summary
}

fn days<'d>(all: impl Iterator<Item = &'d [DayReport]>) -> Vec<DayReport> {
    let mut days: BTreeMap<Day, DayReport> = BTreeMap::new();
    for day in all.flatten() {
        let sum = days.entry(day.day).or_insert(DayReport {
            day: day.day,
            v1: 0,
            v2: 0,
            v1_clients: 0,
        });
        sum.v1 += day.v1;
        sum.v2 += day.v2;
        sum.v1_clients += day.v1_clients;
    }
    days.into_values().collect()
}

/// Stretches without a call between the first and the last.
fn gaps(hours: &BTreeMap<Day, u32>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last: Option<i64> = None;
    for (day, bits) in hours {
        for hour in (0..24).filter(|hour| bits & (1 << hour) != 0) {
            let now = i64::from(day.0) * 24 + hour;
            if let Some(last) = last {
                let length = u64::try_from(now - last - 1).unwrap_or(0);
                if length >= GAP_HOURS {
                    gaps.push(Gap {
                        from: hour_start(last + 1),
                        to: hour_start(now),
                        hours: length,
                    });
                }
            }
            last = Some(now);
        }
    }
    gaps
}

fn hour_start(hour: i64) -> Moment {
    Moment::from_millis(hour * 3_600_000).expect("it lies between two days that exist")
}

/// What the sources cannot show, once each, and what that means for this report.
fn limits(sources: &[Source]) -> Vec<String> {
    let mut limits = vec![
        "what a client sent is certain; which fields of an answer it reads is unknown, so renamed fields of answers are possible findings".to_owned(),
    ];
    let mut kinds: Vec<_> = sources.iter().map(|source| source.kind).collect();
    kinds.sort();
    kinds.dedup();
    for kind in kinds {
        let blind = kind.blind_spots();
        if !blind.is_empty() {
            limits.push(format!(
                "{}: does not show {}",
                kind.title(),
                blind.join("; ")
            ));
        }
    }
    limits
}
