//! Allowlists: findings that do not count.

use crate::time::Timestamp;

use super::finding::PolicyEvaluationFindingAllowlistMatch;
use super::{Action, Pattern, PatternError, PolicyEvaluationFinding};
use crate::resources::policies::document::{Allowlist, AllowlistItem};

/// An allowlist, ready to be applied.
#[derive(Debug)]
pub(super) struct CompiledAllowlist {
    id: String,
    name: String,
    items: Vec<CompiledItem>,
}

#[derive(Debug)]
struct CompiledItem {
    id: String,
    gate: String,
    trigger_id: Pattern,
    expires_on: Option<Timestamp>,
}

impl CompiledAllowlist {
    /// Compiles every item; those that cannot be compiled are handed to `report` and left out.
    pub(super) fn compile(
        list: &Allowlist,
        mut report: impl FnMut(&AllowlistItem, PatternError),
    ) -> Self {
        let mut items = Vec::with_capacity(list.items.len());
        for item in &list.items {
            match Pattern::compile(&item.trigger_id) {
                Ok(trigger_id) => items.push(CompiledItem {
                    id: item.id.clone(),
                    gate: item.gate.clone(),
                    trigger_id,
                    expires_on: item.expires_on,
                }),
                Err(error) => report(item, error),
            }
        }
        Self {
            id: list.id.clone(),
            name: list.name.clone(),
            items,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn find(
        &self,
        finding: &PolicyEvaluationFinding,
        now: Timestamp,
    ) -> Result<Option<&CompiledItem>, PatternError> {
        for item in &self.items {
            let counts = item.expires_on.is_none_or(|end| now < end);
            if counts
                && item.gate.eq_ignore_ascii_case(&finding.gate)
                && item.trigger_id.matches(&finding.trigger_id)?
            {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

/// Turns the finding into `go` when one of the allowlists names it; the first that does is noted on it.
pub(super) fn apply<'a>(
    lists: impl IntoIterator<Item = &'a CompiledAllowlist>,
    finding: &mut PolicyEvaluationFinding,
    now: Timestamp,
) -> Result<(), PatternError> {
    for list in lists {
        if let Some(item) = list.find(finding, now)? {
            finding.action = Action::Go;
            finding.allowlisted = true;
            finding.allowlist_match = Some(PolicyEvaluationFindingAllowlistMatch {
                id: list.id.clone(),
                name: list.name.clone(),
                matched_rule_id: item.id.clone(),
            });
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Match;
    use super::super::finding::Origin;
    use super::*;

    fn finding() -> PolicyEvaluationFinding {
        Origin {
            gate: "vulnerabilities",
            trigger: "package",
            rule_set_id: "rs",
            rule_id: "r",
            recommendation: "",
            action: Action::Stop,
        }
        .finding(Match::with_id("CVE-2021-3449+libcrypto1.1", "m"))
    }

    fn list(id: &str, items: &[(&str, &str, &str, Option<&str>)]) -> CompiledAllowlist {
        let list = Allowlist {
            id: id.to_owned(),
            name: format!("list {id}"),
            version: "2".to_owned(),
            description: None,
            items: items
                .iter()
                .map(|(id, gate, trigger_id, expires_on)| AllowlistItem {
                    id: (*id).to_owned(),
                    gate: (*gate).to_owned(),
                    trigger_id: (*trigger_id).to_owned(),
                    expires_on: expires_on.map(|time| time.parse().unwrap()),
                    description: None,
                })
                .collect(),
        };
        CompiledAllowlist::compile(&list, |item, error| panic!("{}: {error}", item.id))
    }

    fn matched(lists: &[CompiledAllowlist], now: &str) -> Option<String> {
        let mut finding = finding();
        apply(lists, &mut finding, now.parse().unwrap()).unwrap();
        assert_eq!(finding.allowlisted, finding.action == Action::Go);
        finding
            .allowlist_match
            .map(|found| format!("{}/{}", found.id, found.matched_rule_id))
    }

    const NOW: &str = "2026-06-01T00:00:00Z";

    #[test]
    fn gate_and_trigger_id_must_both_fit() {
        let one = |gate, trigger_id| matched(&[list("a", &[("i", gate, trigger_id, None)])], NOW);
        assert!(one("vulnerabilities", "CVE-2021-3449+libcrypto1.1").is_some());
        assert!(one("Vulnerabilities", "CVE-2021-3449+*").is_some());
        assert!(one("vulnerabilities", "regexp:CVE-\\d+-3449\\+").is_some());
        assert!(one("vulnerabilities", "CVE-2021-3449").is_none());
        assert!(one("packages", "*").is_none());
    }

    #[test]
    fn the_first_list_and_item_that_match_are_noted() {
        let lists = [
            list("a", &[("other", "vulnerabilities", "CVE-1+*", None)]),
            list(
                "b",
                &[
                    ("first", "vulnerabilities", "CVE-2021-*", None),
                    ("second", "vulnerabilities", "*", None),
                ],
            ),
        ];
        assert_eq!(matched(&lists, NOW).as_deref(), Some("b/first"));
    }

    #[test]
    fn an_item_ends_exactly_when_it_says() {
        let lists = [list(
            "a",
            &[("i", "vulnerabilities", "*", Some("2026-06-01T00:00:00Z"))],
        )];
        assert!(matched(&lists, "2026-05-31T23:59:59Z").is_some());
        assert!(matched(&lists, "2026-06-01T00:00:00Z").is_none());
    }
}
