//! Values as settings write them.

use std::str::FromStr;
use std::time::Duration;

use crate::routing::Versionless;
use crate::upstream::UpstreamUrl;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it is either `text` or `json`"),
        }
    }
}

impl FromStr for Versionless {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rewrite" => Ok(Self::Rewrite),
            "enforce" => Ok(Self::Enforce),
            _ => Err("it is either `rewrite` or `enforce`"),
        }
    }
}

impl FromStr for UpstreamUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A value, or `off`.
pub(super) struct OrOff<T>(pub(super) Option<T>);

impl<T: FromStr> FromStr for OrOff<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value)))
    }
}

/// A number that is not 0.
pub(super) struct AtLeastOne(pub(super) usize);

impl FromStr for AtLeastOne {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) => Err("it must be at least 1".to_owned()),
            Ok(number) => Ok(Self(number)),
            Err(error) => Err(format!("{error}")),
        }
    }
}

/// A number of bytes, as `65536` or `64KiB`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) usize);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "a size is a number of bytes, or has a unit: 64KiB, 16MiB, 1GiB";
        let (digits, unit) = split_unit(text);
        let shift = match unit {
            "" | "B" => 0,
            "KiB" => 10,
            "MiB" => 20,
            "GiB" => 30,
            _ => return Err(EXPECTED),
        };
        let number: usize = digits.parse().map_err(|_| EXPECTED)?;
        number
            .checked_mul(1 << shift)
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or("it must be at least 1 byte, and fit the memory of a machine")
    }
}

/// A time, as `60` (seconds), `500ms` or `2m`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) Duration);

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "a time is a number of seconds, or has a unit: 500ms, 60s, 2m";
        let (digits, unit) = split_unit(text);
        let number: u64 = digits.parse().map_err(|_| EXPECTED)?;
        let milliseconds = match unit {
            "ms" => Some(number),
            "" | "s" => number.checked_mul(1000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            _ => return Err(EXPECTED),
        };
        // A year is as good as forever, and does not overflow clocks.
        milliseconds
            .filter(|ms| (1..=365 * 86_400_000).contains(ms))
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or("it must be at least 1ms and at most a year")
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (digits, unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!("65536".parse(), Ok(Size(65536)));
        assert_eq!("64KiB".parse(), Ok(Size(65536)));
        assert_eq!("1 GiB".parse(), Ok(Size(1 << 30)));
        for wrong in ["", "KiB", "64kb", "-1", "1.5MiB", "0", "99999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
        assert_eq!("60".parse(), Ok(Time(Duration::from_secs(60))));
        assert_eq!("500ms".parse(), Ok(Time(Duration::from_millis(500))));
        assert_eq!("2m".parse(), Ok(Time(Duration::from_secs(120))));
        for wrong in ["", "s", "1d", "0", "-5s", "99999999999999999999"] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }
}
