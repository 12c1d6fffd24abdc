//! Flow dumps of mitmproxy: one tnetstring per flow (`mitmdump -w`).
//!
//! A tnetstring is `length:payload` and one character for the type: `,` bytes, `;` text, `#`
//! integer, `^` float, `!` boolean, `~` null, `]` list, `}` dictionary.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use anyhow::bail;

use super::har::basic_user;
use crate::audit::call::Call;
use crate::audit::counter::Counter;
use crate::audit::moment::Moment;
use crate::read::exchanges::{Recorded, decoded};
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

/// One flow, borrowed from what was read. It has a request; others are none of HTTP.
pub(crate) struct Flow<'a> {
    whole: &'a Value<'a>,
    request: &'a Value<'a>,
    method: &'a [u8],
    target: &'a [u8],
}

impl<'a> Flow<'a> {
    fn of(flow: &'a Value<'a>) -> Option<Self> {
        let request = flow.get("request")?;
        Some(Self {
            whole: flow,
            request,
            method: request.get("method").and_then(Value::bytes)?,
            target: request.get("path").and_then(Value::bytes)?,
        })
    }

    /// Hands the exchange to `take`.
    pub(crate) fn with_exchange<T>(&self, take: impl FnOnce(&Recorded<'_>) -> T) -> T {
        let response = self.whole.get("response");
        let answer = response.and_then(body);
        let sent = self.request.get("content").and_then(Value::bytes);
        let has_body = sent.is_some_and(|sent| !sent.is_empty());
        self.with_call(|call| {
            take(&Recorded {
                call: *call,
                content_type: header(self.request, "content-type"),
                accept: header(self.request, "accept"),
                lacks_body: has_body && call.body.is_none(),
                answer: answer.as_deref(),
            })
        })
    }

    /// Hands the call to `take`.
    fn with_call<T>(&self, take: impl FnOnce(&Call<'_>) -> T) -> T {
        let request = self.request;
        let user = header(request, "authorization").and_then(basic_user);
        let client = self.whole.get("client_conn");
        let peer = client.and_then(|c| c.get("peername").or_else(|| c.get("address")));
        let address = match peer {
            Some(Value::List(parts)) => parts.first().and_then(Value::bytes),
            _ => None,
        };
        let response = self.whole.get("response");
        let status = response.and_then(|response| response.get("status_code"));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "anything that is no status saturates, and counts as none"
        )]
        let status = status.and_then(Value::number).map(|status| status as u16);
        let body = body(request);
        take(&Call {
            time: request
                .get("timestamp_start")
                .and_then(Value::number)
                .and_then(Moment::from_seconds),
            user: user.as_deref(),
            account: header(request, "x-anchore-account"),
            user_agent: header(request, "user-agent"),
            address,
            method: self.method,
            target: self.target,
            status,
            body: body.as_deref(),
        })
    }
}

/// A header of a request or an answer.
fn header<'a>(message: &Value<'a>, name: &str) -> Option<&'a [u8]> {
    let Some(Value::List(headers)) = message.get("headers") else {
        return None;
    };
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
}

/// The body of a request or an answer, as its coding was before it was sent.
fn body<'a>(message: &Value<'a>) -> Option<Cow<'a, [u8]>> {
    let stored = message.get("content").and_then(Value::bytes)?;
    let body = decoded(stored, header(message, "content-encoding"))?;
    (!body.is_empty()).then_some(body)
}

/// Counts every flow.
pub(super) fn read(
    bytes: &mut dyn Read,
    source: &mut Source,
    counter: &mut Counter<'_>,
) -> anyhow::Result<()> {
    flows(bytes, &mut |flow| {
        source.lines += 1;
        match flow {
            Ok(Some(flow)) => {
                source.calls += u64::from(flow.with_call(|call| counter.call(call)));
            }
            Ok(None) => {}
            Err(reason) => source.unreadable(source.lines, reason),
        }
        ControlFlow::Continue(())
    })
}

/// The next flow. `None` is one of TCP, UDP or DNS, or one without a request; an error says what
/// was expected.
pub(crate) type Next<'f> = Result<Option<Flow<'f>>, &'static str>;

/// Hands every flow to `take`, until it wants no more.
pub(crate) fn flows(
    bytes: &mut dyn Read,
    take: &mut dyn FnMut(Next<'_>) -> ControlFlow<()>,
) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(64 << 10, bytes);
    let mut flow = Vec::new();
    while let Some(length) = length(&mut input)? {
        flow.clear();
        // The payload and the character of its type.
        let wanted = length as u64 + 1;
        let next = if length > MAX_FLOW {
            if std::io::copy(&mut (&mut input).take(wanted), &mut std::io::sink())? < wanted {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            take(Err("a flow larger than 64 MiB"))
        } else {
            if ((&mut input).take(wanted).read_to_end(&mut flow)? as u64) < wanted {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            let (payload, kind) = flow.split_at(length);
            match value(payload, kind[0], 0) {
                Some(value) => take(Ok(Flow::of(&value))),
                None => take(Err("not a flow of mitmproxy")),
            }
        };
        if next.is_break() {
            break;
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
