//! The gates: for each one, its entry in the catalogue and the checks that it runs.
//!
//! To add a trigger, add its entry to the gate's table and a check that implements
//! [`Check`](super::engine::Check); validation and the policy specification follow by themselves. Message texts are
//! part of the contract: allowlists name most findings by an id that is made from them.

mod always;
mod ancestry;
mod distro;
mod dockerfile;
mod drift;
mod files;
mod licenses;
mod malware;
mod metadata;
mod packages;
mod passwd_file;
mod retired;
mod retrieved_files;
mod secret_scans;
mod stig;
mod vulnerabilities;

use super::catalogue::Gate;

pub(super) use retired::RETIRED;

/// The gates in use, in the order in which clients are told of them.
pub(super) const ACTIVE: [&Gate; 16] = [
    &always::GATE,
    &ancestry::GATE,
    &distro::GATE,
    &dockerfile::GATE,
    &files::GATE,
    &drift::IMAGE_SOURCE_DRIFT,
    &licenses::GATE,
    &malware::GATE,
    &metadata::GATE,
    &packages::GATE,
    &passwd_file::GATE,
    &retrieved_files::GATE,
    &secret_scans::GATE,
    &stig::GATE,
    &drift::TAG_DRIFT,
    &vulnerabilities::GATE,
];

/// How a check compares two values, as rules write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

impl Comparison {
    /// The words that [`Comparison::named`] knows.
    const WORDS: &[&str] = &["=", "!=", "<", ">", "<=", ">="];

    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            ">" => Self::Greater,
            "<=" => Self::LessOrEqual,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::Greater => left > right,
            Self::LessOrEqual => left <= right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// Whether a list names what may be there or what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListType {
    Allow,
    Deny,
}

impl ListType {
    /// The words that [`ListType::named`] knows.
    const WORDS: &[&str] = &["allowlist", "denylist"];

    fn named(word: &str) -> Self {
        if word == "allowlist" {
            Self::Allow
        } else {
            Self::Deny
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Comparison;

    #[test]
    fn every_comparison_word_compares() {
        let holding = |left: i32, right: i32| {
            Comparison::WORDS
                .iter()
                .filter(|word| Comparison::named(word).unwrap().holds(&left, &right))
                .copied()
                .collect::<Vec<_>>()
        };
        assert_eq!(holding(1, 2), ["!=", "<", "<="]);
        assert_eq!(holding(2, 2), ["=", "<=", ">="]);
        assert_eq!(holding(3, 2), ["!=", ">", ">="]);
        assert_eq!(Comparison::named("=="), None);
    }
}
