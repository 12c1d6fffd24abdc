//! The parts of a call by name, as custom formats name them.

use crate::audit::call::{Call, present};

use super::json::moment;
use super::quoted;

/// A part of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Name {
    User,
    Account,
    Agent,
    Address,
    Time,
    Method,
    Path,
    Query,
    Request,
    Status,
    Body,
}

/// The names that people may use.
pub(super) const NAMES: &str =
    "client (or user), account, agent, address, time, method, path, query, request, status, body";

impl Name {
    /// By name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "client" | "user" => Self::User,
            "account" => Self::Account,
            "agent" | "user_agent" => Self::Agent,
            "address" => Self::Address,
            "time" => Self::Time,
            "method" => Self::Method,
            "path" | "target" | "url" => Self::Path,
            "query" => Self::Query,
            "request" => Self::Request,
            "status" => Self::Status,
            "body" => Self::Body,
            _ => return None,
        })
    }
}

/// The parts found in one line.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    parts: [Option<&'a [u8]>; 11],
    target: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Notes a part; the first of a name counts.
    pub(super) fn set(&mut self, name: Name, value: &'a [u8]) {
        let place = &mut self.parts[name as usize];
        if place.is_none() {
            *place = present(value);
        }
    }

    fn get(&self, name: Name) -> Option<&'a [u8]> {
        self.parts[name as usize]
    }

    /// The call they make.
    pub(super) fn call(&mut self) -> Result<Call<'_>, &'static str> {
        let request = self.get(Name::Request).map(quoted::request);
        let method = self
            .get(Name::Method)
            .or(request.map(|(method, _)| method))
            // Without one, most calls are this.
            .unwrap_or(b"GET");
        let path = self
            .get(Name::Path)
            .or(request.map(|(_, target)| target))
            .ok_or("no path and no request")?;
        let status = self.get(Name::Status).and_then(quoted::status);
        let time = self.get(Name::Time).and_then(moment);
        if self.get(Name::Time).is_some() && time.is_none() {
            return Err(
                "a time that cannot be read; expected RFC 3339, that of common logs, or seconds since 1970",
            );
        }
        let target = match self.get(Name::Query) {
            Some(query) if !path.contains(&b'?') => {
                self.target.clear();
                self.target.extend_from_slice(path);
                self.target.push(b'?');
                self.target
                    .extend_from_slice(query.strip_prefix(b"?").unwrap_or(query));
                self.target.as_slice()
            }
            _ => path,
        };
        Ok(Call {
            time,
            user: self.parts[Name::User as usize],
            account: self.parts[Name::Account as usize],
            user_agent: self.parts[Name::Agent as usize],
            address: self.parts[Name::Address as usize],
            method,
            target,
            status,
            body: self.parts[Name::Body as usize],
        })
    }
}
