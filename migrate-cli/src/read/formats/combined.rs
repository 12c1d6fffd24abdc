//! nginx and Apache, common and combined; also Apache's `vhost_combined` and Traefik's text.
//!
//! ```text
//! 10.0.0.7 - admin [23/Nov/2026:17:00:35 +0000] "GET /v1/images HTTP/1.1" 200 123 "-" "curl/8.1"
//! ```
//!
//! The hot path of the audit: no regular expression, nothing is copied.

use memchr::memchr;
use memchr::memmem;

use super::quoted::{quoted, request, status, word};
use crate::audit::call::{Call, present};
use crate::audit::moment::Moment;
use crate::read::lines::{LineFormat, Observed, Read, Unreadable};

/// Common and combined lines.
pub(super) struct Combined;

impl LineFormat for Combined {
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable> {
        Ok(take(Observed::Call(parse(line)?)))
    }
}

fn parse(line: &[u8]) -> Result<Call<'_>, &'static str> {
    // User names may hold blanks, even brackets: the time is what stands before `] "`.
    let end = memmem::find(line, b"] \"").ok_or("no time in brackets and request in quotes")?;
    let start = memchr::memrchr(b'[', &line[..end]).ok_or("no time in brackets")?;
    let time = &line[start + 1..end];
    let time = Moment::parse_common(time)
        .filter(|_| time.len() > 20 && time[20] == b' ')
        .or_else(|| Moment::parse_rfc3339(time))
        .ok_or("expected a time such as [23/Nov/2026:17:00:35 +0000]")?;
    let (address, user) = client(line[..start].trim_ascii_end());
    let (request_line, rest) =
        quoted(&line[end + 3..]).ok_or("the request has no closing quote")?;
    let (method, target) = request(request_line);
    let (code, rest) = word(rest.strip_prefix(b" ").unwrap_or(rest));
    let status = status(code).ok_or("no status behind the request")?;
    let (_bytes, rest) = word(rest);
    let user_agent = rest
        .strip_prefix(b"\"")
        .and_then(quoted)
        .and_then(|(_referer, rest)| rest.strip_prefix(b" \""))
        .and_then(quoted)
        .and_then(|(agent, _)| present(agent));
    Ok(Call {
        time: Some(time),
        user,
        user_agent,
        address,
        method,
        target,
        status: Some(status),
        ..Call::default()
    })
}

/// Address and user in front of the time: `address ident user`, or with a virtual host first.
fn client(front: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let (first, rest) = word(front);
    let (second, third) = word(rest);
    let (address, user) = if second != b"-" && memchr(b' ', third).is_some() && is_address(second) {
        (second, word(third).1)
    } else {
        (first, third)
    };
    (present(address), present(user.trim_ascii()))
}

fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}
