//! HAProxy with `option httplog`, with or without a syslog header.
//!
//! ```text
//! haproxy[143]: 10.0.0.7:33317 [23/Nov/2026:17:00:35.655] http-in api/s1 10/0/30/69/109 200 2750 - - ----
//! 1/1/1/1/0 0/0 "GET /v1/images HTTP/1.1" (one line)
//! ```

use memchr::{memchr, memrchr};

use super::quoted::{quoted, request, status};
use crate::audit::call::{Call, present};
use crate::audit::moment::Moment;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// HAProxy lines.
pub(super) struct Haproxy;

impl LineFormat for Haproxy {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        // `haproxy[143]` has a bracket too: the time is the one that can be read as such.
        let mut start = 0;
        let (time, at) = loop {
            let open = memchr(b'[', &line[start..]).ok_or("no time in brackets")? + start;
            let close = memchr(b']', &line[open..]).ok_or("no time in brackets")? + open;
            let text = &line[open + 1..close];
            match Moment::parse_common(text) {
                // Common logs have an offset in place of the fraction.
                Some(time) if text.get(20) == Some(&b'.') => break (time, (open, close)),
                _ => start = open + 1,
            }
        };
        let front = line[..at.0].trim_ascii_end();
        let address = &front[memrchr(b' ', front).map_or(0, |at| at + 1)..];
        let rest = &line[at.1 + 1..];
        let open = memchr(b'"', rest).ok_or("no request in quotes")?;
        let fields: Vec<&[u8]> = rest[..open]
            .trim_ascii()
            .split(|byte| *byte == b' ')
            .collect();
        let [_frontend, _backend, _timers, code, ..] = fields.as_slice() else {
            return Err("too few fields before the request".into());
        };
        let (line, _) = quoted(&rest[open + 1..]).ok_or("the request has no closing quote")?;
        let (method, target) = request(line);
        Ok(take(Observed::Call(Call {
            time: Some(time),
            address: present(address),
            method,
            target,
            status: status(code),
            ..Call::default()
        })))
    }
}
