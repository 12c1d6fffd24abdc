//! Envoy's default text, Istio's text, and Istio's JSON.
//!
//! ```text
//! [2026-11-23T17:00:35.120Z] "GET /v1/images HTTP/1.1" 200 - 0 135 4 4 "10.0.0.7" "curl/8.1" "id" "host" "up"
//! ```

use super::json::{object, status as json_status, text, time as json_time};
use super::quoted::{all_quoted, quoted, request, status, word};
use crate::audit::call::{Call, present};
use crate::audit::moment::Moment;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Envoy lines.
pub(super) struct Envoy;

impl LineFormat for Envoy {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        if line.first() == Some(&b'{') {
            return read_json(line, take);
        }
        let expected = "expected a time such as [2026-11-23T17:00:35.120Z] first";
        let rest = line.strip_prefix(b"[").ok_or(expected)?;
        let end = memchr::memchr(b']', rest).ok_or(expected)?;
        let time = Moment::parse_rfc3339(&rest[..end]).ok_or(expected)?;
        let rest = rest[end + 1..]
            .strip_prefix(b" \"")
            .ok_or("no request in quotes behind the time")?;
        let (line, rest) = quoted(rest).ok_or("the request has no closing quote")?;
        let (method, target) = request(line);
        let (code, rest) = word(rest.trim_ascii_start());
        // The last five: forwarded addresses, user agent, request id, authority, upstream. Istio
        // has another one in front.
        let texts = all_quoted(rest);
        let last = texts.len().checked_sub(5).map(|at| &texts[at..]);
        let (forwarded, user_agent) =
            last.map_or((None, None), |last| (present(last[0]), present(last[1])));
        Ok(take(Observed::Call(Call {
            time: Some(time),
            user_agent,
            address: forwarded.and_then(first_address),
            method,
            target,
            status: status(code),
            ..Call::default()
        })))
    }
}

fn read_json(line: &[u8], take: &mut dyn FnMut(Observed<'_>) -> Read) -> Result<Read, Unreadable> {
    let value = object(line)?;
    let path = text(&value, &["path"]).or_else(|| text(&value, &["x-envoy-origin-path"]));
    let (Some(method), Some(target), Some(started), Some(code)) = (
        text(&value, &["method"]),
        path,
        value.get("start_time"),
        value.get("response_code"),
    ) else {
        return Err(
            "JSON, but without the `method`, `path`, `start_time` and `response_code` of Envoy"
                .into(),
        );
    };
    Ok(take(Observed::Call(Call {
        time: json_time(started),
        user_agent: text(&value, &["user_agent"]),
        address: text(&value, &["x_forwarded_for"])
            .and_then(first_address)
            .or_else(|| text(&value, &["downstream_remote_address"])),
        method,
        target,
        status: json_status(code),
        ..Call::default()
    })))
}

/// The client of a list of forwarded addresses.
fn first_address(list: &[u8]) -> Option<&[u8]> {
    let first = list.split(|byte| *byte == b',').next()?;
    present(first.trim_ascii())
}
