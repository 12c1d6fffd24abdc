//! Counts calls into a tally, fast.
//!
//! Most lines of a log repeat: the same clients, the same request lines. Clients and request
//! lines are looked at once and remembered by number; a line then costs one addition to the
//! slot of its client, request line and day. Slots are emptied into the tally when there are
//! too many, which bounds memory.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use windlass_transforms::exchange::{Exchange, Generation, Outcome};

use super::call::Call;
use super::classify::{Classified, Classifier};
use super::identity::{ClientKey, Identity};
use super::known;
use super::moment::{Day, Moment};
use super::tally::{Called, Tally, Use, earliest};

/// How many clients, request lines or slots are remembered before all are emptied.
const MAX_REMEMBERED: usize = 1 << 14;
/// How many bytes of them.
const MAX_REMEMBERED_BYTES: usize = 4 << 20;

/// Which calls count.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    /// No earlier ones.
    pub(crate) since: Option<Moment>,
    /// Only earlier ones.
    pub(crate) until: Option<Moment>,
}

impl Window {
    fn holds(self, time: Option<Moment>) -> bool {
        match time {
            // Without a time there is no telling; leaving it out would hide it.
            None => true,
            Some(time) => {
                self.since.is_none_or(|since| time >= since)
                    && self.until.is_none_or(|until| time < until)
            }
        }
    }
}

/// How calls are counted; shared by all threads.
#[derive(Debug)]
pub(crate) struct Counting<'m> {
    pub(crate) classifier: Classifier<'m>,
    pub(crate) identity: Identity,
    pub(crate) window: Window,
}

/// Counts calls.
#[derive(Debug)]
pub(crate) struct Counter<'c> {
    counting: &'c Counting<'c>,
    tally: Tally,
    clients: Remembered<ClientKey>,
    lines: Remembered<Classified>,
    slots: HashMap<(u32, u32, i32), Slot>,
    key: Vec<u8>,
}

/// Things told apart by bytes, each with a number.
#[derive(Debug)]
struct Remembered<T> {
    numbers: HashMap<Box<[u8]>, u32>,
    things: Vec<T>,
    bytes: usize,
}

/// Calls of one client, request line and day.
#[derive(Debug, Default)]
struct Slot {
    calls: u64,
    client_errors: u64,
    server_errors: u64,
    gone: u64,
    hours: u32,
    first: Option<Moment>,
    last: Option<Moment>,
}

/// The day of calls without a time.
const NO_DAY: i32 = i32::MIN;

impl<T> Remembered<T> {
    fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            things: Vec::new(),
            bytes: 0,
        }
    }

    fn number(&mut self, key: &[u8], thing: impl FnOnce() -> T) -> u32 {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = u32::try_from(self.things.len()).expect("few are remembered");
        self.things.push(thing());
        self.bytes += key.len();
        self.numbers.insert(key.into(), number);
        number
    }

    fn is_full(&self) -> bool {
        self.things.len() >= MAX_REMEMBERED || self.bytes >= MAX_REMEMBERED_BYTES
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.things.clear();
        self.bytes = 0;
    }
}

impl<'c> Counter<'c> {
    /// A counter with nothing counted.
    pub(crate) fn new(counting: &'c Counting<'c>) -> Self {
        Self::into_tally(counting, Tally::default())
    }

    fn into_tally(counting: &'c Counting<'c>, tally: Tally) -> Self {
        Self {
            counting,
            tally,
            clients: Remembered::new(),
            lines: Remembered::new(),
            slots: HashMap::new(),
            key: Vec::new(),
        }
    }

    /// Counts one call. `false`: it lies outside of the time asked for.
    pub(crate) fn call(&mut self, call: &Call<'_>) -> bool {
        if !self.counting.window.holds(call.time) {
            self.tally.outside_calls += 1;
            return false;
        }
        if self.clients.is_full() || self.lines.is_full() || self.slots.len() >= MAX_REMEMBERED {
            self.empty();
        }
        let counting = self.counting;
        self.key.clear();
        self.key.extend_from_slice(call.method);
        self.key.push(b' ');
        self.key.extend_from_slice(call.target);
        let line = self.lines.number(&self.key, || {
            counting.classifier.classify(call.method, call.target)
        });
        let classified = &self.lines.things[line as usize];
        let client = if classified.called == Called::Other {
            // Other sites' clients are nobody's business here.
            u32::MAX
        } else {
            self.key.clear();
            for part in [call.user, call.account, call.user_agent, call.address] {
                match part {
                    Some(part) => {
                        self.key.push(1);
                        self.key.extend_from_slice(part);
                    }
                    None => self.key.push(0),
                }
                self.key.push(0xff);
            }
            let tally = &mut self.tally;
            self.clients.number(&self.key, || {
                let (client, address) = counting.identity.client(call);
                if let Some(address) = address {
                    tally.client(&client).address(address);
                }
                client
            })
        };
        let never_missing = classified.never_missing;
        let day = call.time.map_or(NO_DAY, |time| time.day().0);
        let slot = self.slots.entry((client, line, day)).or_default();
        slot.calls += 1;
        if let Some(time) = call.time {
            slot.hours |= 1 << time.hour();
            slot.first = earliest(slot.first, Some(time));
            slot.last = slot.last.max(Some(time));
        }
        match call.status {
            Some(status @ 400..500) => {
                slot.client_errors += 1;
                slot.gone += u64::from(status == 410 || (status == 404 && never_missing));
            }
            Some(status @ 500..) => {
                slot.server_errors += 1;
                slot.gone += u64::from(status == 501);
            }
            _ => {}
        }
        if let Some(body) = call.body {
            self.body(call, body, client, line);
        }
        true
    }

    /// Counts what the body of a V1 request names.
    fn body(&mut self, call: &Call<'_>, body: &[u8], client: u32, line: u32) {
        let Called::V1(id) = self.lines.things[line as usize].called.clone() else {
            return;
        };
        let names = self
            .counting
            .classifier
            .body(&id, call.method, call.target, body);
        let client = self.clients.things[client as usize].clone();
        let operations = &mut self.tally.client(&client).operations;
        let seen = operations.entry(Called::V1(id)).or_default();
        seen.bodies += 1;
        for name in &names.fields {
            seen.field(name, 1);
        }
        for name in &names.parameters {
            seen.parameter(name, 1);
        }
    }

    /// Counts one record of the proxy. `false`: it lies outside of the time asked for.
    pub(crate) fn exchange(&mut self, exchange: &Exchange) -> bool {
        let time = Moment::parse_rfc3339(exchange.time.as_bytes());
        if !self.counting.window.holds(time) {
            self.tally.outside_calls += 1;
            return false;
        }
        let called = self.called(exchange);
        if let Some(time) = time {
            self.tally.cover(time, time, time.day(), 1 << time.hour());
        }
        if called == Called::Other {
            self.tally.other_calls += 1;
            return true;
        }
        let who = &exchange.client;
        let (key, address) = self.counting.identity.client(&Call {
            user: who.user.as_deref().map(str::as_bytes),
            account: who.account.as_deref().map(str::as_bytes),
            user_agent: who.user_agent.as_deref().map(str::as_bytes),
            address: who.address.as_deref().map(str::as_bytes),
            ..Call::default()
        });
        let status = exchange.downstream_status.unwrap_or(0);
        let mut seen = Use {
            calls: 1,
            versionless: u64::from(exchange.versionless && called.is_v1()),
            client_errors: u64::from((400..500).contains(&status)),
            server_errors: u64::from(status >= 500 || exchange.outcome == Outcome::Failed),
            gone: u64::from(
                exchange.outcome == Outcome::Refused && matches!(status, 404 | 410 | 501),
            ),
            first: time,
            last: time,
            // The proxy sees every body.
            bodies: 1,
            ..Use::default()
        };
        let classifier = &self.counting.classifier;
        let names = |all: &[String]| -> BTreeSet<String> {
            let known = all.iter().filter(|name| name.len() <= 128);
            known.map(|name| classifier.mask(name)).collect()
        };
        for name in names(&exchange.v1_parameters) {
            seen.parameter(&name, 1);
        }
        for name in names(&exchange.v1_fields) {
            seen.field(&name, 1);
        }
        let client = self.tally.client(&key);
        if let Some(address) = address {
            client.address(address);
        }
        if let Some(time) = time {
            client.day(time.day(), &called, 1);
        }
        client.operations.entry(called).or_default().merge(&seen);
        true
    }

    fn called(&self, exchange: &Exchange) -> Called {
        match (exchange.generation, &exchange.v1_operation) {
            (Generation::V1, Some(id)) => {
                if exchange.versionless && known::is_probe(id) {
                    return Called::Both(id.clone());
                }
                let known = self.counting.classifier.mappings().operation(id);
                Called::V1(known.map_or_else(
                    || "(an operation that these mappings do not have)".to_owned(),
                    |operation| operation.id.clone(),
                ))
            }
            (Generation::V1, None) if exchange.versionless => Called::Other,
            (Generation::V1, None) => Called::UnknownV1,
            (Generation::V2, _) => Called::V2(match exchange.method.as_str() {
                method @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => {
                    method.to_owned()
                }
                _ => "other".to_owned(),
            }),
        }
    }

    /// Adds what another machine or run counted.
    pub(crate) fn partial(&mut self, partial: Tally) {
        self.tally.merge(partial);
    }

    /// Moves all slots to the tally.
    fn empty(&mut self) {
        for ((client, line, day), slot) in self.slots.drain() {
            let Classified {
                called,
                versionless,
                parameters,
                ..
            } = &self.lines.things[line as usize];
            let day = (day != NO_DAY).then_some(Day(day));
            if let (Some(day), Some(first), Some(last)) = (day, slot.first, slot.last) {
                self.tally.cover(first, last, day, slot.hours);
            }
            if *called == Called::Other {
                self.tally.other_calls += slot.calls;
                continue;
            }
            let client = self.tally.client(&self.clients.things[client as usize]);
            if let Some(day) = day {
                client.day(day, called, slot.calls);
            }
            let seen = client.operations.entry(called.clone()).or_default();
            seen.calls += slot.calls;
            seen.versionless += if *versionless { slot.calls } else { 0 };
            seen.client_errors += slot.client_errors;
            seen.server_errors += slot.server_errors;
            seen.gone += slot.gone;
            seen.first = earliest(seen.first, slot.first);
            seen.last = seen.last.max(slot.last);
            for name in parameters {
                seen.parameter(name, slot.calls);
            }
        }
        self.clients.clear();
        self.lines.clear();
    }

    /// Everything counted.
    pub(crate) fn finish(mut self) -> Tally {
        self.empty();
        self.tally
    }
}

#[cfg(test)]
mod tests;
