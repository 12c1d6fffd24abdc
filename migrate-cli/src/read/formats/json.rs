//! JSON log lines: parsing, and values by member names.

use serde_json::Value;

use crate::audit::moment::Moment;
use crate::read::lines::Unreadable;

/// A line as a JSON object.
pub(super) fn object(line: &[u8]) -> Result<Value, Unreadable> {
    match serde_json::from_slice(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("JSON, but not an object".into()),
        Err(_) => Err("not JSON".into()),
    }
}

/// A text member that is there and not empty or `-`.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a [u8]> {
    let found = path
        .iter()
        .try_fold(value, |value, name| value.get(*name))?;
    crate::audit::call::present(found.as_str()?.as_bytes())
}

/// A status.
pub(super) fn status(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|n| u16::try_from(n).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// RFC 3339, or seconds or milliseconds since 1970.
pub(super) fn time(value: &Value) -> Option<Moment> {
    match value {
        Value::String(text) => self::moment(text.as_bytes()),
        Value::Number(number) => epoch(number.as_f64()?),
        _ => None,
    }
}

/// A time in any of the forms that logs use.
pub(super) fn moment(text: &[u8]) -> Option<Moment> {
    Moment::parse_rfc3339(text)
        .or_else(|| Moment::parse_common(text))
        .or_else(|| std::str::from_utf8(text).ok()?.parse().ok().and_then(epoch))
}

fn epoch(number: f64) -> Option<Moment> {
    // In seconds this is the year 5138: whoever writes so large a number means milliseconds.
    Moment::from_seconds(if number > 1e11 {
        number / 1000.0
    } else {
        number
    })
}

/// The first value of a header, whatever its case, from an object of lists or of texts.
pub(super) fn header<'a>(headers: &'a Value, name: &str) -> Option<&'a [u8]> {
    let (_, value) = headers
        .as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let text = match value {
        Value::Array(values) => values.first()?.as_str()?,
        other => other.as_str()?,
    };
    crate::audit::call::present(text.as_bytes())
}
