//! Flow dumps of mitmproxy: one tnetstring per flow (`mitmdump -w`).
//!
//! A tnetstring is `length:payload` and one character for the type: `,` bytes, `;` text, `#`
//! integer, `^` float, `!` boolean, `~` null, `]` list, `}` dictionary.

use std::io::{BufRead, BufReader, Read};

use anyhow::bail;

use super::har::basic_user;
use crate::audit::call::Call;
use crate::audit::counter::Counter;
use crate::audit::moment::Moment;
use crate::read::source::Source;

/// The largest flow that is read; larger ones are counted as unreadable.
const MAX_FLOW: usize = 64 << 20;

/// A value, borrowed from its flow.
#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    Bytes(&'a [u8]),
    Number(f64),
    Other,
    List(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
}

impl<'a> Value<'a> {
    fn get(&self, name: &str) -> Option<&Value<'a>> {
        let Self::Map(members) = self else {
            return None;
        };
        members
            .iter()
            .find(|(key, _)| *key == Value::Bytes(name.as_bytes()))
            .map(|(_, value)| value)
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Counts every flow.
pub(super) fn read(
    bytes: &mut dyn Read,
    source: &mut Source,
    counter: &mut Counter<'_>,
) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(64 << 10, bytes);
    let mut flow = Vec::new();
    while let Some(length) = length(&mut input)? {
        source.lines += 1;
        flow.clear();
        // The payload and the character of its type.
        let wanted = length as u64 + 1;
        if length > MAX_FLOW {
            if std::io::copy(&mut (&mut input).take(wanted), &mut std::io::sink())? < wanted {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            source.unreadable(source.lines, "a flow larger than 64 MiB");
            continue;
        }
        if ((&mut input).take(wanted).read_to_end(&mut flow)? as u64) < wanted {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let (payload, kind) = flow.split_at(length);
        let Some(value) = value(payload, kind[0], 0) else {
            source.unreadable(source.lines, "not a flow of mitmproxy");
            continue;
        };
        // What is none is a flow of TCP, UDP or DNS, or one without a request.
        if let Some(counted) = call(&value, counter) {
            source.calls += u64::from(counted);
        }
    }
    Ok(())
}

/// The length in front of the next flow; `None` at the end.
fn length(input: &mut impl BufRead) -> anyhow::Result<Option<usize>> {
    let mut digits = Vec::new();
    let taken = input.take(13).read_until(b':', &mut digits)?;
    if taken == 0 {
        return Ok(None);
    }
    let text = digits.strip_suffix(b":").unwrap_or_default();
    match std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
    {
        Some(length) => Ok(Some(length)),
        None => bail!(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "expected the length of a flow"
        )),
    }
}

fn call(flow: &Value<'_>, counter: &mut Counter<'_>) -> Option<bool> {
    let request = flow.get("request")?;
    let headers = match request.get("headers") {
        Some(Value::List(headers)) => headers.as_slice(),
        _ => &[],
    };
    let header = |name: &str| {
        headers.iter().find_map(|pair| match pair {
            Value::List(pair) => match pair.as_slice() {
                [Value::Bytes(key), Value::Bytes(value)]
                    if key.eq_ignore_ascii_case(name.as_bytes()) =>
                {
                    Some(*value)
                }
                _ => None,
            },
            _ => None,
        })
    };
    let user = header("authorization").and_then(basic_user);
    let address = match flow
        .get("client_conn")
        .and_then(|c| c.get("peername").or_else(|| c.get("address")))
    {
        Some(Value::List(parts)) => parts.first().and_then(Value::bytes),
        _ => None,
    };
    let status = flow
        .get("response")
        .and_then(|response| response.get("status_code"))
        .and_then(Value::number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "anything that is no status saturates, and counts as none"
    )]
    let status = status.map(|status| status as u16);
    Some(
        counter.call(&Call {
            time: request
                .get("timestamp_start")
                .and_then(Value::number)
                .and_then(Moment::from_seconds),
            user: user.as_deref(),
            account: header("x-anchore-account"),
            user_agent: header("user-agent"),
            address,
            method: request.get("method").and_then(Value::bytes)?,
            target: request.get("path").and_then(Value::bytes)?,
            status,
            body: request
                .get("content")
                .and_then(Value::bytes)
                .filter(|body| !body.is_empty()),
        }),
    )
}

/// Reads a payload of this type; `None` when it is damaged.
fn value(payload: &[u8], kind: u8, depth: usize) -> Option<Value<'_>> {
    if depth > 32 {
        return None;
    }
    Some(match kind {
        b',' | b';' => Value::Bytes(payload),
        b'#' | b'^' => Value::Number(std::str::from_utf8(payload).ok()?.parse().ok()?),
        b'!' | b'~' => Value::Other,
        b']' => Value::List(values(payload, depth)?),
        b'}' => {
            let mut values = values(payload, depth)?.into_iter();
            let mut members = Vec::new();
            while let Some(key) = values.next() {
                members.push((key, values.next()?));
            }
            Value::Map(members)
        }
        _ => return None,
    })
}

fn values(mut payload: &[u8], depth: usize) -> Option<Vec<Value<'_>>> {
    let mut values = Vec::new();
    while !payload.is_empty() {
        let colon = payload.iter().take(13).position(|byte| *byte == b':')?;
        let length: usize = std::str::from_utf8(&payload[..colon]).ok()?.parse().ok()?;
        let rest = &payload[colon + 1..];
        let kind = *rest.get(length)?;
        values.push(value(&rest[..length], kind, depth + 1)?);
        payload = &rest[length + 1..];
    }
    Some(values)
}
