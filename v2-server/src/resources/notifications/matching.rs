//! Which events a selector wants, and the selectors clients are offered.

use super::types::{Level, NotificationEventSelector, NotificationSelector, Scope};
use crate::http::Problem;

/// What selectors look at in an event.
pub(crate) struct Facts<'a> {
    pub(crate) level: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) kind: &'a str,
}

impl NotificationEventSelector {
    /// Whether an event is wanted.
    pub(crate) fn wants(&self, event: &Facts<'_>) -> bool {
        (self.level == Level::Any || self.level.as_str() == event.level)
            && (self.resource_type == "*" || self.resource_type == event.resource_type)
            && fits(&self.kind, event.kind)
    }

    /// Checks what its type cannot say.
    ///
    /// # Errors
    /// 400 that names the place, what was expected and what came.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let is_allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.*".contains(c);
        if self.kind.is_empty() || !self.kind.chars().all(is_allowed) {
            return Err(Problem::bad_request(format!(
                "Request body, `event.type`: expected small letters, digits and `-_.*`, got `{}`",
                self.kind
            )));
        }
        if self.resource_type.trim().is_empty() {
            return Err(Problem::bad_request(format!(
                "Request body, `event.resource_type`: expected `*` or a kind of thing, got `{}`",
                self.resource_type
            )));
        }
        Ok(())
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // Each part as early as possible leaves the most for those that follow.
    for part in parts {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// The selectors that are offered to an account.
pub(crate) fn offered(is_admin_account: bool) -> Vec<NotificationSelector> {
    const OFFERED: &[(Scope, Level, &str)] = &[
        (Scope::Account, Level::Any, "user.checks.*"),
        (Scope::Account, Level::Error, "user.*"),
        (Scope::Account, Level::Info, "user.*"),
        (Scope::Account, Level::Any, "user.*"),
        (Scope::Account, Level::Error, "system.*"),
        (Scope::Account, Level::Info, "system.*"),
        (Scope::Account, Level::Any, "system.*"),
        (Scope::Account, Level::Any, "*"),
        (Scope::Global, Level::Any, "*"),
    ];
    OFFERED
        .iter()
        .filter(|(scope, ..)| is_admin_account || *scope == Scope::Account)
        .map(|(scope, level, kind)| NotificationSelector {
            uuid: None,
            configuration_uuid: None,
            scope: *scope,
            event: NotificationEventSelector {
                level: *level,
                resource_type: "*".to_owned(),
                kind: (*kind).to_owned(),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "user.image.analysis.failed", true),
            ("user.*", "user.image.analysis.failed", true),
            ("user.*", "system.feeds.sync.failed", false),
            ("user.*", "user", false),
            ("*.failed", "user.image.analysis.failed", true),
            ("*.failed", "user.image.analysis.failed.twice", false),
            ("*.sync.*_failed", "system.feeds.sync.group_failed", true),
            ("*.sync.*_failed", "system.feeds.sync.failed", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-c-b", false),
            ("a**b", "ab", true),
            ("user.image", "user.image.analysis", false),
            ("user.image", "user.image", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn all_three_must_fit() {
        let selector = |level, resource_type: &str, kind: &str| NotificationEventSelector {
            level,
            resource_type: resource_type.to_owned(),
            kind: kind.to_owned(),
        };
        let event = Facts {
            level: "error",
            resource_type: "image_tag",
            kind: "user.image.analysis.failed",
        };
        assert!(selector(Level::Any, "*", "*").wants(&event));
        assert!(selector(Level::Error, "image_tag", "user.*").wants(&event));
        assert!(!selector(Level::Info, "image_tag", "user.*").wants(&event));
        assert!(!selector(Level::Error, "image_digest", "user.*").wants(&event));
        assert!(!selector(Level::Error, "image_tag", "system.*").wants(&event));
    }
}
