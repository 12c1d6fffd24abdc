//! Times as logs write them, and days.
//!
//! Parsed by hand: a time is read from every line of a log.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Moment(i64);

/// A day in UTC, counted from 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Day(pub(crate) i32);

impl Moment {
    /// From milliseconds since 1970; `None` outside the years 1970 to 9999.
    pub(crate) fn from_millis(millis: i64) -> Option<Self> {
        (0..253_402_300_800_000)
            .contains(&millis)
            .then_some(Self(millis))
    }

    /// From seconds since 1970, with a fraction.
    pub(crate) fn from_seconds(seconds: f64) -> Option<Self> {
        // Beyond the range of years the cast saturates, and `from_millis` refuses.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a saturated value is refused"
        )]
        let millis = (seconds * 1000.0).round() as i64;
        seconds
            .is_finite()
            .then(|| Self::from_millis(millis))
            .flatten()
    }

    /// Now.
    pub(crate) fn now() -> Self {
        Self(chrono::Utc::now().timestamp_millis())
    }

    /// Reads RFC 3339 (`2026-11-20T10:00:00.000Z`, an offset, a blank in place of the `T`).
    pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<Self> {
        let date = parse_date(text.get(..10)?)?;
        if !matches!(text.get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let clock = parse_clock(text.get(11..19)?)?;
        let rest = text.get(19..)?;
        let (fraction, rest) = match rest.split_first() {
            Some((b'.' | b',', digits)) => {
                let end = digits
                    .iter()
                    .position(|byte| !byte.is_ascii_digit())
                    .unwrap_or(digits.len());
                (&digits[..end], &digits[end..])
            }
            _ => (&rest[..0], rest),
        };
        let mut millis = 0;
        for place in 0..3 {
            millis = millis * 10 + fraction.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        }
        let offset = match rest {
            b"Z" | b"z" | b"" => 0,
            [sign @ (b'+' | b'-'), hour @ .., b':', m1, m2] => offset(*sign, hour, &[*m1, *m2])?,
            [sign @ (b'+' | b'-'), h1, h2, m1, m2] => offset(*sign, &[*h1, *h2], &[*m1, *m2])?,
            _ => return None,
        };
        Self::from_millis(i64::from(date) * DAY_MS + clock + millis - offset)
    }

    /// Reads the time of a common log (`23/Nov/2026:17:00:35 +0000`); without an offset it is UTC.
    pub(crate) fn parse_common(text: &[u8]) -> Option<Self> {
        let [d1, d2, b'/', m @ .., b'/', y1, y2, y3, y4] = text.get(..11)? else {
            return None;
        };
        let month = month(m)?;
        let date = days(number(&[*y1, *y2, *y3, *y4])?, month, number(&[*d1, *d2])?)?;
        if text.get(11) != Some(&b':') {
            return None;
        }
        let clock = parse_clock(text.get(12..20)?)?;
        let offset = match text.get(20..)? {
            [b' ', sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
                offset(*sign, &[*h1, *h2], &[*m1, *m2])?
            }
            _ => 0,
        };
        Self::from_millis(i64::from(date) * DAY_MS + clock - offset)
    }

    /// The day it is in.
    pub(crate) fn day(self) -> Day {
        Day(i32::try_from(self.0 / DAY_MS).expect("moments lie between 1970 and 9999"))
    }

    /// The hour of its day.
    pub(crate) fn hour(self) -> u32 {
        u32::try_from(self.0 % DAY_MS / 3_600_000).expect("a day has 24 hours")
    }

    /// As many days earlier; not before 1970.
    pub(crate) fn days_earlier(self, days: u32) -> Self {
        Self((self.0 - i64::from(days) * DAY_MS).max(0))
    }

    /// Whole days from `earlier` to this.
    pub(crate) fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / DAY_MS
    }

    /// As people read it: `2026-11-20 10:00 UTC`.
    pub(crate) fn minute(self) -> String {
        let text = self.to_string();
        format!("{} {} UTC", &text[..10], &text[11..16])
    }
}

fn parse_date(text: &[u8]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    days(
        number(&[*y1, *y2, *y3, *y4])?,
        number(&[*m1, *m2])?,
        number(&[*d1, *d2])?,
    )
}

/// `17:00:35` in milliseconds. A leap second counts as the second before.
fn parse_clock(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else {
        return None;
    };
    let (hour, minute, second) = (
        number(&[*h1, *h2])?,
        number(&[*m1, *m2])?,
        number(&[*s1, *s2])?,
    );
    (hour < 24 && minute < 60 && second < 61)
        .then(|| i64::from(hour * 3600 + minute * 60 + second.min(59)) * 1000)
}

fn offset(sign: u8, hours: &[u8], minutes: &[u8]) -> Option<i64> {
    let offset = i64::from(number(hours)? * 60 + number(minutes)?) * 60_000;
    Some(if sign == b'-' { -offset } else { offset })
}

fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

fn month(name: &[u8]) -> Option<i32> {
    const NAMES: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let at = NAMES.iter().position(|known| *known == name)?;
    i32::try_from(at + 1).ok()
}

/// Days since 1970 in the Gregorian calendar, after Howard Hinnant's `days_from_civil`.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_day = self.0 % DAY_MS;
        let seconds = in_day / 1000;
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{:03}Z",
            self.day(),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            in_day % 1000
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shifted = self.0 + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted - era * 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse_rfc3339(text.as_bytes()).ok_or("expected a time such as 2026-11-20T10:00:00Z")
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_date(text.as_bytes())
            .map(Self)
            .ok_or("expected a day such as 2026-11-20")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc(text: &str) -> Option<String> {
        Moment::parse_rfc3339(text.as_bytes()).map(|moment| moment.to_string())
    }

    fn common(text: &str) -> Option<String> {
        Moment::parse_common(text.as_bytes()).map(|moment| moment.to_string())
    }

    #[test]
    fn every_form_of_rfc_3339_is_read_to_the_millisecond() {
        let same = Some("2026-11-23T17:00:35.120Z".to_owned());
        for text in [
            "2026-11-23T17:00:35.120Z",
            "2026-11-23T17:00:35.12Z",
            "2026-11-23T17:00:35.120999Z",
            "2026-11-23 17:00:35.120Z",
            "2026-11-23T18:30:35.120+01:30",
            "2026-11-23T12:00:35.120-0500",
        ] {
            assert_eq!(rfc(text), same, "{text}");
        }
        for text in [
            "",
            "2026-11-23",
            "2026-13-23T17:00:35Z",
            "2026-11-23T25:00:35Z",
            "2026-11-23T17:00:35ZZ",
            "1969-12-31T23:59:59Z",
            "x026-11-23T17:00:35Z",
        ] {
            assert_eq!(rfc(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_common_logs_are_read_with_their_offset() {
        assert_eq!(
            common("23/Nov/2026:17:00:35 +0000").unwrap(),
            "2026-11-23T17:00:35.000Z"
        );
        assert_eq!(
            common("01/Mar/2024:00:30:00 +0100").unwrap(),
            "2024-02-29T23:30:00.000Z"
        );
        assert_eq!(
            common("06/Feb/2009:12:14:14.655").unwrap(),
            "2009-02-06T12:14:14.000Z"
        );
        assert_eq!(common("23/Foo/2026:17:00:35 +0000"), None);
        assert_eq!(common("23/Nov/2026"), None);
    }

    #[test]
    fn days_print_as_the_calendar_has_them() {
        for day in [0, 59, 789, 11_016, 20_780, 2_932_896] {
            let text = Day(day).to_string();
            assert_eq!(Day::try_from(text.clone()).unwrap(), Day(day), "{text}");
        }
        assert_eq!(Day(20_780).to_string(), "2026-11-23");
    }
}
