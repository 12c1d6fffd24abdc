//! Observations: counted use of one operation by one client.

use std::collections::{BTreeMap, BTreeSet};

use windlass_transforms::exchange::{Client, Exchange, Generation, Outcome};

/// Who called, as one line of the report: the same user, account and user agent.
/// Addresses are collected, not told apart: one client often runs on many machines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    pub(crate) user: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// What was called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Called {
    /// A V1 operation, by its id.
    V1(String),
    /// V2 traffic, by method and path template where the record names it, else method only.
    V2(String),
    /// A path without any operation in V1.
    UnknownV1,
}

/// Counted use of one operation by one client.
#[derive(Debug, Default)]
pub(crate) struct Use {
    pub(crate) calls: u64,
    /// Calls whose path carried no version.
    pub(crate) versionless: u64,
    /// Calls that the proxy refused on purpose.
    pub(crate) refused: u64,
    /// Calls on which the upstream or the rewrite failed.
    pub(crate) failed: u64,
    /// RFC 3339; records carry one fixed form, so text order is time order.
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    pub(crate) v1_parameters: BTreeSet<String>,
    pub(crate) v1_fields: BTreeSet<String>,
}

/// All use, by client.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) clients: BTreeMap<ClientKey, ClientUse>,
}

/// All use by one client.
#[derive(Debug, Default)]
pub(crate) struct ClientUse {
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) operations: BTreeMap<Called, Use>,
}

impl Observations {
    /// Counts one exchange.
    pub(crate) fn add(&mut self, exchange: Exchange) {
        let Client {
            user,
            account,
            user_agent,
            address,
        } = exchange.client;
        let client = self
            .clients
            .entry(ClientKey {
                user,
                account,
                user_agent,
            })
            .or_default();
        client.addresses.extend(address);
        let called = match (exchange.generation, exchange.v1_operation) {
            (Generation::V1, Some(operation)) => Called::V1(operation),
            (Generation::V1, None) => Called::UnknownV1,
            (Generation::V2, _) => Called::V2(exchange.v2_operation.unwrap_or(exchange.method)),
        };
        let seen = client.operations.entry(called).or_default();
        seen.calls += 1;
        seen.versionless += u64::from(exchange.versionless);
        seen.refused += u64::from(exchange.outcome == Outcome::Refused);
        seen.failed += u64::from(exchange.outcome == Outcome::Failed);
        if seen.first_seen.is_empty() || exchange.time < seen.first_seen {
            seen.first_seen.clone_from(&exchange.time);
        }
        if exchange.time > seen.last_seen {
            seen.last_seen = exchange.time;
        }
        seen.v1_parameters.extend(exchange.v1_parameters);
        seen.v1_fields.extend(exchange.v1_fields);
    }
}
