//! Counts: who called what, how often, when. The only thing that grows while reading, and
//! bounded: what does not fit is counted together, never forgotten.
//!
//! Tallies merge: the tally of a whole is the merged tally of its parts, in any order and any
//! grouping. That is why what is kept of too many is always the smallest by some fixed order,
//! never what came first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::identity::ClientKey;
use super::moment::{Day, Moment};
use crate::read::source::Source;

/// Version of the partial form.
const FORMAT: u32 = 1;
/// How many clients are told apart.
pub(crate) const MAX_CLIENTS: usize = 5_000;
/// How many addresses of a client are kept.
const MAX_ADDRESSES: usize = 8;
/// How many names of parameters and fields are kept of one use.
const MAX_NAMES: usize = 128;
/// How many days of a client are kept apart; the latest.
const MAX_DAYS: usize = 800;

/// What was called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Called {
    /// A V1 operation, by its id.
    V1(String),
    /// A `/v1` path without any operation in V1.
    UnknownV1,
    /// A request without a version that servers of both versions answer, by its V1 operation id.
    Both(String),
    /// V2 traffic, by method and path template where they are known, else by method.
    V2(String),
    /// Neither: another site's traffic.
    Other,
}

/// Everything counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    /// Marks the file as what it is.
    pub(crate) windlass_partial: u32,
    /// What was read.
    pub(crate) sources: Vec<Source>,
    /// Clients in the order of their keys.
    #[serde(with = "pairs")]
    pub(crate) clients: BTreeMap<ClientKey, ClientTally>,
    /// All clients beyond [`MAX_CLIENTS`], together.
    pub(crate) rest: Option<ClientTally>,
    /// By day, the hours (bit 0 is 00:00 to 00:59) in which there was any call at all: shows
    /// gaps in what was read.
    pub(crate) hours: BTreeMap<Day, u32>,
    /// Calls that belong to no Anchore API.
    pub(crate) other_calls: u64,
    /// Calls outside `--since` and `--until`.
    pub(crate) outside_calls: u64,
    /// The first and last call of any kind.
    pub(crate) first: Option<Moment>,
    /// See `first`.
    pub(crate) last: Option<Moment>,
    #[serde(skip, default = "max_clients")]
    max_clients: usize,
    /// The largest rank of a client that is told apart, once there are too many.
    #[serde(skip)]
    worst_rank: Option<u64>,
}

/// All use by one client.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTally {
    /// The first addresses by name.
    pub(crate) addresses: BTreeSet<String>,
    /// Whether there are more.
    pub(crate) more_addresses: bool,
    /// By what was called.
    pub(crate) operations: BTreeMap<Called, Use>,
    /// By day, V1 and V2 calls.
    pub(crate) days: BTreeMap<Day, DayUse>,
}

/// Calls of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayUse {
    /// V1 calls.
    pub(crate) v1: u64,
    /// V2 calls.
    pub(crate) v2: u64,
}

/// Counted use of one operation by one client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Use {
    /// Calls.
    pub(crate) calls: u64,
    /// Calls whose path carried no version.
    pub(crate) versionless: u64,
    /// Calls answered with a status of 400 to 499.
    pub(crate) client_errors: u64,
    /// Calls answered with a status of 500 or more, or not at all.
    pub(crate) server_errors: u64,
    /// Calls answered as only a server without V1 answers them: 410, 501, or 404 where
    /// nothing is named that could be missing.
    pub(crate) gone: u64,
    /// First call with a time.
    pub(crate) first: Option<Moment>,
    /// Last call with a time.
    pub(crate) last: Option<Moment>,
    /// V1 parameters sent, with the number of calls.
    pub(crate) parameters: BTreeMap<String, u64>,
    /// V1 body fields sent, with the number of calls.
    pub(crate) fields: BTreeMap<String, u64>,
    /// Calls whose body was seen.
    pub(crate) bodies: u64,
}

impl Called {
    fn generation(&self, calls: u64) -> DayUse {
        match self {
            Self::V1(_) | Self::UnknownV1 => DayUse { v1: calls, v2: 0 },
            Self::V2(_) => DayUse { v1: 0, v2: calls },
            Self::Both(_) | Self::Other => DayUse::default(),
        }
    }

    /// Whether it is use of V1.
    pub(crate) fn is_v1(&self) -> bool {
        matches!(self, Self::V1(_) | Self::UnknownV1)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            windlass_partial: FORMAT,
            sources: Vec::new(),
            clients: BTreeMap::new(),
            rest: None,
            hours: BTreeMap::new(),
            other_calls: 0,
            outside_calls: 0,
            first: None,
            last: None,
            max_clients: MAX_CLIENTS,
            worst_rank: None,
        }
    }
}

impl Tally {
    /// One that tells only so many clients apart.
    #[cfg(test)]
    pub(crate) fn with_max_clients(max_clients: usize) -> Self {
        Self {
            max_clients,
            ..Self::default()
        }
    }

    /// Whether a file with this version can be read.
    pub(crate) fn is_readable(&self) -> bool {
        self.windlass_partial == FORMAT
    }

    /// The counts of a client; those of the rest when it does not fit.
    pub(crate) fn client(&mut self, key: &ClientKey) -> &mut ClientTally {
        if !self.clients.contains_key(key) {
            let rank = key.rank();
            if self.worst_rank.is_some_and(|worst| rank > worst) {
                return self.rest.get_or_insert_default();
            }
            self.clients.insert(key.clone(), ClientTally::default());
            self.shrink();
            if !self.clients.contains_key(key) {
                return self.rest.get_or_insert_default();
            }
        }
        self.clients.entry(key.clone()).or_default()
    }

    /// Moves the clients of the largest rank to the rest until the others fit.
    fn shrink(&mut self) {
        while self.clients.len() > self.max_clients {
            let worst = self
                .clients
                .keys()
                .max_by_key(|key| (key.rank(), (*key).clone()))
                .cloned()
                .expect("there are more clients than fit");
            let tally = self.clients.remove(&worst).expect("it was just found");
            if tally != ClientTally::default() {
                self.rest.get_or_insert_default().merge(tally);
            }
            self.worst_rank = self.clients.keys().map(ClientKey::rank).max();
        }
    }

    /// Notes that there was a call then, of any kind.
    pub(crate) fn cover(&mut self, first: Moment, last: Moment, day: Day, hours: u32) {
        *self.hours.entry(day).or_default() |= hours;
        self.first = earliest(self.first, Some(first));
        self.last = self.last.max(Some(last));
    }

    /// Adds what another part counted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.sources.sort();
        if let Some(rest) = other.rest {
            self.rest.get_or_insert_default().merge(rest);
        }
        // A client that was beyond the limit of one part is beyond that of the whole.
        let worst = match (self.worst_rank, other.worst_rank) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.worst_rank = worst;
        for (key, tally) in other.clients {
            self.client(&key).merge(tally);
        }
        self.shrink();
        for (day, hours) in other.hours {
            *self.hours.entry(day).or_default() |= hours;
        }
        self.other_calls += other.other_calls;
        self.outside_calls += other.outside_calls;
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
    }
}

impl ClientTally {
    /// Notes an address it called from.
    pub(crate) fn address(&mut self, address: String) {
        self.addresses.insert(address);
        self.bound();
    }

    /// Adds calls of one day.
    pub(crate) fn day(&mut self, day: Day, called: &Called, calls: u64) {
        let counts = called.generation(calls);
        let kept = self.days.entry(day).or_default();
        kept.v1 += counts.v1;
        kept.v2 += counts.v2;
        self.bound();
    }

    fn bound(&mut self) {
        while self.addresses.len() > MAX_ADDRESSES {
            self.addresses.pop_last();
            self.more_addresses = true;
        }
        while self.days.len() > MAX_DAYS {
            self.days.pop_first();
        }
    }

    /// Adds what another part counted of the same client.
    pub(crate) fn merge(&mut self, other: Self) {
        self.more_addresses |= other.more_addresses;
        self.addresses.extend(other.addresses);
        for (called, seen) in other.operations {
            self.operations.entry(called).or_default().merge(&seen);
        }
        for (day, counts) in other.days {
            let kept = self.days.entry(day).or_default();
            kept.v1 += counts.v1;
            kept.v2 += counts.v2;
        }
        self.bound();
    }
}

impl Use {
    /// Adds what another part counted of the same use.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.versionless += other.versionless;
        self.client_errors += other.client_errors;
        self.server_errors += other.server_errors;
        self.gone += other.gone;
        self.bodies += other.bodies;
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
        for (name, calls) in &other.parameters {
            self.parameter(name, *calls);
        }
        for (name, calls) in &other.fields {
            self.field(name, *calls);
        }
    }

    /// Notes that calls sent this parameter.
    pub(crate) fn parameter(&mut self, name: &str, calls: u64) {
        add(&mut self.parameters, name, calls);
    }

    /// Notes that calls sent this body field.
    pub(crate) fn field(&mut self, name: &str, calls: u64) {
        add(&mut self.fields, name, calls);
    }
}

fn add(names: &mut BTreeMap<String, u64>, name: &str, calls: u64) {
    if let Some(count) = names.get_mut(name) {
        *count += calls;
        return;
    }
    names.insert(name.to_owned(), calls);
    while names.len() > MAX_NAMES {
        names.pop_last();
    }
}

/// The earlier of two, where there are two.
pub(crate) fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn max_clients() -> usize {
    MAX_CLIENTS
}

impl From<Called> for String {
    fn from(called: Called) -> Self {
        match called {
            Called::V1(id) => format!("v1 {id}"),
            Called::UnknownV1 => "unknown v1".to_owned(),
            Called::Both(id) => format!("both {id}"),
            Called::V2(call) => format!("v2 {call}"),
            Called::Other => "other".to_owned(),
        }
    }
}

impl TryFrom<String> for Called {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(match (text.as_str(), text.split_once(' ')) {
            ("unknown v1", _) => Self::UnknownV1,
            ("other", _) => Self::Other,
            (_, Some(("v1", id))) => Self::V1(id.to_owned()),
            (_, Some(("both", id))) => Self::Both(id.to_owned()),
            (_, Some(("v2", call))) => Self::V2(call.to_owned()),
            _ => return Err("expected something such as `v1 get_image`"),
        })
    }
}

/// A map whose keys are objects, as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{ClientKey, ClientTally};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<ClientKey, ClientTally>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<ClientKey, ClientTally>, D::Error> {
        Ok(Vec::<(ClientKey, ClientTally)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
