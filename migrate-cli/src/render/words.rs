//! Numbers and facts in words, the same in every format.

use super::table::{printable, thousands};
use crate::audit::moment::Moment;
use crate::audit::report::OperationUse;

/// `1 client`, `1,200 clients`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(count),
        if count == 1 { one } else { many }
    )
}

/// A share in percent, whole; only nothing is `0 %` and only everything is `100 %`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) | (_, 0) => "0 %".to_owned(),
        (part, whole) if part >= whole => "100 %".to_owned(),
        (part, whole) => match u128::from(part) * 100 / u128::from(whole) {
            0 => "under 1 %".to_owned(),
            share => format!("{share} %"),
        },
    }
}

/// The day of a moment; empty when there is none.
pub(crate) fn day(moment: Option<Moment>) -> String {
    moment
        .map(|moment| moment.day().to_string())
        .unwrap_or_default()
}

/// What to call instead, or why there is nothing.
pub(crate) fn instead(operation: &OperationUse) -> String {
    operation
        .instead
        .clone()
        .or_else(|| operation.advice.clone())
        .or_else(|| operation.reasons.first().cloned())
        .unwrap_or_default()
}

/// `fulltag → full_tag` for each name that was sent.
pub(crate) fn sent_names(operation: &OperationUse) -> Vec<String> {
    operation
        .sent
        .iter()
        .map(|sent| match &sent.v2 {
            Some(v2) => format!("{} → {v2}", printable(&sent.v1)),
            None => printable(&sent.v1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_is_zero_and_only_everything_is_a_hundred_percent() {
        for (part, whole, text) in [
            (0, 10, "0 %"),
            (1, 1000, "under 1 %"),
            (999, 1000, "99 %"),
            (10, 10, "100 %"),
            (0, 0, "0 %"),
        ] {
            assert_eq!(percent(part, whole), text);
        }
    }
}
