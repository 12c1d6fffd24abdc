//! AWS Application Load Balancer.
//!
//! ```text
//! https 2026-11-23T17:00:35.186641Z app/lb/50dc 10.0.0.7:2817 10.1.0.1:80 0.0 0.1 0.0 200 200 34 366
//! "GET https://host:443/v1/images HTTP/1.1" "curl/8.1" … (one line)
//! ```

use memchr::memchr;

use super::quoted::{quoted, request, status, word};
use crate::audit::call::{Call, present};
use crate::audit::moment::Moment;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// The types of requests that ALB writes first.
const TYPES: [&[u8]; 6] = [b"http", b"https", b"h2", b"grpcs", b"ws", b"wss"];

/// ALB lines.
pub(super) struct Alb;

impl LineFormat for Alb {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        let (kind, rest) = word(line);
        if !TYPES.contains(&kind) {
            return Err("expected a type such as `https` first".into());
        }
        let at = memchr(b'"', rest).ok_or("no request in quotes")?;
        let fields: Vec<&[u8]> = rest[..at]
            .trim_ascii()
            .split(|byte| *byte == b' ')
            .collect();
        let [time, _lb, client, _target, _t1, _t2, _t3, code, ..] = fields.as_slice() else {
            return Err("too few fields before the request".into());
        };
        let time =
            Moment::parse_rfc3339(time).ok_or("expected a time such as 2026-11-23T17:00:35.1Z")?;
        let (line, rest) = quoted(&rest[at + 1..]).ok_or("the request has no closing quote")?;
        let (method, target) = request(line);
        let user_agent = rest
            .strip_prefix(b" \"")
            .and_then(quoted)
            .and_then(|(agent, _)| present(agent));
        Ok(take(Observed::Call(Call {
            time: Some(time),
            user_agent,
            address: present(client),
            method,
            target,
            status: status(code),
            ..Call::default()
        })))
    }
}
