//! What is new since an earlier report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::readiness::Readiness;
use super::report::Report;

/// What is needed of an earlier report.
#[derive(Debug, Deserialize)]
struct Earlier {
    format: u32,
    clients: Vec<EarlierClient>,
}

#[derive(Debug, Deserialize)]
struct EarlierClient {
    name: String,
    operations: Vec<EarlierUse>,
}

#[derive(Debug, Deserialize)]
struct EarlierUse {
    operation: String,
    readiness: Readiness,
    #[serde(default)]
    sent: Vec<EarlierSent>,
}

#[derive(Debug, Deserialize)]
struct EarlierSent {
    v1: String,
}

/// What an earlier report knew already.
#[derive(Debug)]
pub(crate) struct Baseline(BTreeMap<(String, String), (Readiness, BTreeSet<String>)>);

impl Baseline {
    /// Reads a report written with `--format json`.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read the baseline `{name}`"))?;
        let earlier: Earlier = serde_json::from_str(&text).with_context(|| {
            format!("failed to read the baseline `{name}`: expected a report of `--format json`")
        })?;
        if earlier.format != super::report::FORMAT {
            bail!(
                "the baseline `{name}` has format {}, expected {}",
                earlier.format,
                super::report::FORMAT
            );
        }
        let mut known = BTreeMap::new();
        for client in earlier.clients {
            for used in client.operations {
                let sent = used.sent.into_iter().map(|sent| sent.v1).collect();
                known.insert(
                    (client.name.clone(), used.operation),
                    (used.readiness, sent),
                );
            }
        }
        Ok(Self(known))
    }

    /// Leaves what is new: operations that a client did not use before, or uses with a worse
    /// readiness or with names it did not send before.
    pub(crate) fn keep_new(&self, report: &mut Report) {
        let mut clients = std::mem::take(&mut report.clients);
        for client in &mut clients {
            client.operations.retain(|used| {
                let key = (client.name.clone(), used.operation.clone());
                self.0.get(&key).is_none_or(|(readiness, sent)| {
                    used.readiness > *readiness || used.sent.iter().any(|s| !sent.contains(&s.v1))
                })
            });
            let left: BTreeSet<&str> = client
                .operations
                .iter()
                .map(|used| used.operation.as_str())
                .collect();
            client
                .evidence
                .retain(|evidence| left.contains(evidence.operation.as_str()));
            client.v1_calls = client.operations.iter().map(|used| used.calls).sum();
            client.unknown_path_calls = 0;
            client.v2_calls = 0;
            client.both_calls = 0;
            client.v2_operations.clear();
            client.calls = client.v1_calls;
            let worst = client.operations.iter().map(|used| used.readiness).max();
            client.readiness = worst.unwrap_or(Readiness::Ready);
        }
        clients.retain(|client| !client.operations.is_empty());
        report.narrow(clients);
        report
            .limits
            .push("only what is new since the baseline is shown; days still count all calls of the clients shown".to_owned());
    }
}
