//! HTTP Archives of browsers, one entry in memory at a time.

use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::audit::call::Call;
use crate::audit::counter::Counter;
use crate::audit::moment::Moment;
use crate::read::exchanges::Recorded;
use crate::read::source::Source;

/// Why an entry cannot be read.
pub(crate) const NOT_AN_ENTRY: &str = "not an entry of an HTTP Archive";

/// What is read of an entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    #[serde(default)]
    started_date_time: Option<String>,
    request: Request,
    #[serde(default)]
    response: Option<Response>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    post_data: Option<Body>,
    /// -1 where it is not known.
    #[serde(default)]
    body_size: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Response {
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    content: Option<Body>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

impl Body {
    fn bytes(&self) -> Option<Vec<u8>> {
        let text = self.text.as_deref().filter(|text| !text.is_empty())?;
        match self.encoding.as_deref() {
            Some("base64") => STANDARD.decode(text).ok(),
            _ => Some(text.as_bytes().to_vec()),
        }
    }
}

impl Entry {
    /// Hands the exchange to `take`.
    pub(crate) fn with_exchange<T>(&self, take: impl FnOnce(&Recorded<'_>) -> T) -> T {
        let content = self.response.as_ref().and_then(|r| r.content.as_ref());
        let answer = content.and_then(Body::bytes);
        let had_body =
            self.request.body_size.is_some_and(|size| size > 0) || self.request.post_data.is_some();
        self.with_call(|call| {
            take(&Recorded {
                call: *call,
                content_type: self.header("content-type"),
                accept: self.header("accept"),
                lacks_body: had_body && call.body.is_none(),
                answer: answer.as_deref(),
            })
        })
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let headers = &self.request.headers;
        let found = headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_bytes())
    }

    /// Hands the call to `take`.
    fn with_call<T>(&self, take: impl FnOnce(&Call<'_>) -> T) -> T {
        let header = |name| self.header(name);
        let user = header("authorization").and_then(basic_user);
        let body = self.request.post_data.as_ref().and_then(Body::bytes);
        let status = self.response.as_ref().and_then(|response| response.status);
        take(&Call {
            time: self
                .started_date_time
                .as_deref()
                .and_then(|time| Moment::parse_rfc3339(time.as_bytes())),
            user: user.as_deref(),
            account: header("x-anchore-account"),
            user_agent: header("user-agent"),
            address: None,
            method: self.request.method.as_bytes(),
            target: self.request.url.as_bytes(),
            // 0 stands for an answer that never came.
            status: status
                .filter(|status| *status != 0)
                .and_then(|status| u16::try_from(status).ok()),
            body: body.as_deref(),
        })
    }
}

/// The user name of Basic credentials, in front of the first colon. Without a colon there is
/// no telling whether it is a name or a secret.
pub(super) fn basic_user(value: &[u8]) -> Option<Vec<u8>> {
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut decoded = STANDARD.decode(encoded.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    decoded.truncate(colon);
    Some(decoded)
}

/// Counts every entry.
pub(super) fn read(
    bytes: &mut dyn Read,
    source: &mut Source,
    counter: &mut Counter<'_>,
) -> anyhow::Result<()> {
    entries(bytes, &mut |entry| {
        source.lines += 1;
        match entry {
            Some(entry) => {
                source.calls += u64::from(entry.with_call(|call| counter.call(call)));
            }
            None => source.unreadable(source.lines, NOT_AN_ENTRY),
        }
        ControlFlow::Continue(())
    })
}

/// Hands every entry to `take`, until it wants no more; `None` is one that is none.
pub(crate) fn entries(
    bytes: &mut dyn Read,
    take: &mut dyn FnMut(Option<Entry>) -> ControlFlow<()>,
) -> anyhow::Result<()> {
    let mut bytes = std::io::BufReader::with_capacity(64 << 10, bytes);
    let mut json = serde_json::Deserializer::from_reader(&mut bytes);
    let mut ended = false;
    let mut until = |entry| {
        let next = take(entry);
        ended |= next.is_break();
        next
    };
    let walked = Walk(&["log", "entries"], &mut until).deserialize(&mut json);
    // What was not wanted is left unread, which a document in JSON does not forgive.
    if !ended {
        walked?;
    }
    Ok(())
}

/// What takes an entry.
type Take<'w> = &'w mut dyn FnMut(Option<Entry>) -> ControlFlow<()>;

/// Walks down members to the list of entries; all others are skipped.
struct Walk<'w>(&'w [&'w str], Take<'w>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() {
            deserializer.deserialize_seq(self)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HTTP Archive")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.0[0] {
                map.next_value_seed(Walk(&self.0[1..], &mut *self.1))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<Box<RawValue>>()? {
            if (self.1)(serde_json::from_str(entry.get()).ok()).is_break() {
                break;
            }
        }
        Ok(())
    }
}
