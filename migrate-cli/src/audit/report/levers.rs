//! What moves the date of the end of V1 most.

use std::collections::BTreeMap;

use super::model::{ClientReport, Lever, OperationReport, Summary};
use crate::audit::readiness::Readiness;

/// How many are named.
const MOST: usize = 8;

/// Things to do, best first: what is in the way of most, then what removes most V1 calls.
pub(super) fn levers(
    clients: &[ClientReport],
    operations: &[OperationReport],
    summary: &Summary,
) -> Vec<Lever> {
    let mut levers = Vec::new();
    blocking(clients, operations, &mut levers);
    upgrades(clients, &mut levers);
    for client in clients
        .iter()
        .filter(|c| c.known.is_none() && c.v1_calls > 0)
    {
        // One client among many calls is worth naming; a twentieth of all calls at least.
        if client.v1_calls * 20 < summary.v1_calls && summary.v1_clients > 5 {
            continue;
        }
        levers.push(Lever {
            action: format!("move `{}` to V2", client.name),
            v1_calls: client.v1_calls,
            clients: vec![client.name.clone()],
            removes_calls: true,
        });
    }
    versionless(clients, &mut levers);
    levers.sort_by(|a, b| {
        (b.v1_calls, b.clients.len(), &a.action).cmp(&(a.v1_calls, a.clients.len(), &b.action))
    });
    levers.truncate(MOST);
    levers
}

/// Operations that V2 lacks or that lose something: what hangs on each.
fn blocking(clients: &[ClientReport], operations: &[OperationReport], levers: &mut Vec<Lever>) {
    for operation in operations {
        let is_mapped = operation.v2.is_some() || operation.advice.is_some();
        let action = match operation.readiness {
            Readiness::Blocked if !is_mapped => {
                format!("map `{}`, or do without it", operation.operation)
            }
            Readiness::Blocked => format!("find a way without `{}`", operation.operation),
            Readiness::AtRisk => format!("settle what `{}` loses", operation.operation),
            Readiness::Covered | Readiness::Ready => continue,
        };
        // All the calls of a client wait until its last operation is settled.
        let waiting: Vec<&ClientReport> = clients
            .iter()
            .filter(|client| {
                client.operations.iter().any(|used| {
                    used.operation == operation.operation && used.readiness == operation.readiness
                })
            })
            .collect();
        levers.push(Lever {
            action,
            v1_calls: waiting.iter().map(|client| client.v1_calls).sum(),
            clients: waiting.iter().map(|client| client.name.clone()).collect(),
            removes_calls: false,
        });
    }
}

/// Known programs: one update moves all their users.
fn upgrades(clients: &[ClientReport], levers: &mut Vec<Lever>) {
    let mut programs: BTreeMap<&str, Vec<&ClientReport>> = BTreeMap::new();
    for client in clients.iter().filter(|client| client.v1_calls > 0) {
        if let Some(known) = &client.known {
            programs.entry(&known.name).or_default().push(client);
        }
    }
    for (program, users) in programs {
        levers.push(Lever {
            action: format!("update or replace {program}"),
            v1_calls: users.iter().map(|client| client.v1_calls).sum(),
            clients: users.iter().map(|client| client.name.clone()).collect(),
            removes_calls: true,
        });
    }
}

/// Paths without a version cannot be told from V2's own in a log; writing `/v1` is one edit.
fn versionless(clients: &[ClientReport], levers: &mut Vec<Lever>) {
    let users: Vec<&ClientReport> = clients
        .iter()
        .filter(|client| client.versionless_calls > 0)
        .collect();
    let calls = users.iter().map(|client| client.versionless_calls).sum();
    if calls > 0 {
        levers.push(Lever {
            action: "give paths a version: `/images` is a 404 on V2 servers".to_owned(),
            v1_calls: calls,
            clients: users.iter().map(|client| client.name.clone()).collect(),
            removes_calls: false,
        });
    }
}
