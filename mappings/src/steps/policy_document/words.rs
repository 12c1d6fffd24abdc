//! The words of the policy language that V2 changed: names of triggers, and values of
//! parameters. Everything else in a rule is the same.
//!
//! The V2 names of the `npms` and `passwd_file` triggers follow the rule of the others; no
//! public V2 document shows them.

use serde_json::{Map, Value};

use super::super::Direction;

/// Gate, V1 trigger, V2 trigger.
const TRIGGERS: &[(&str, &str, &str)] = &[
    ("licenses", "blacklist_exact_match", "denylist_exact_match"),
    (
        "licenses",
        "blacklist_partial_match",
        "denylist_partial_match",
    ),
    (
        "npms",
        "blacklisted_name_version",
        "denylisted_name_version",
    ),
    ("packages", "blacklist", "denylist"),
    ("passwd_file", "blacklist_full_entry", "denylist_full_entry"),
    ("passwd_file", "blacklist_groupids", "denylist_groupids"),
    ("passwd_file", "blacklist_shells", "denylist_shells"),
    ("passwd_file", "blacklist_userids", "denylist_userids"),
    ("passwd_file", "blacklist_usernames", "denylist_usernames"),
    ("ruby_gems", "blacklist", "denylist"),
    ("vulnerabilities", "blacklist", "denylist"),
];

/// Gate, trigger and parameter whose value is one of [`VALUES`].
const LISTS: &[(&str, &str, &str)] = &[
    ("dockerfile", "effective_user", "type"),
    ("dockerfile", "exposed_ports", "type"),
];

/// V1 value, V2 value.
const VALUES: &[(&str, &str)] = &[("whitelist", "allowlist"), ("blacklist", "denylist")];

/// The other generation's name of a trigger, where it has another. Gates and triggers are
/// matched in any case, as servers of both generations do.
pub(in crate::steps) fn trigger(
    gate: &str,
    trigger: &str,
    direction: Direction,
) -> Option<&'static str> {
    TRIGGERS
        .iter()
        .map(|(of, v1, v2)| (of, direction.pair(*v1, *v2)))
        .find(|(of, (from, _))| of.eq_ignore_ascii_case(gate) && from.eq_ignore_ascii_case(trigger))
        .map(|(_, (_, to))| to)
}

/// Whether a parameter says how a list is meant: allowed or denied.
fn names_a_list(gate: &str, trigger: &str, parameter: &str) -> bool {
    LISTS.iter().any(|(g, t, p)| {
        g.eq_ignore_ascii_case(gate)
            && t.eq_ignore_ascii_case(trigger)
            && p.eq_ignore_ascii_case(parameter)
    })
}

/// The other generation's word for such a value.
fn value(word: &str, direction: Direction) -> Option<&'static str> {
    VALUES
        .iter()
        .map(|(v1, v2)| direction.pair(*v1, *v2))
        .find(|(from, _)| *from == word)
        .map(|(_, to)| to)
}

/// Exchanges the words of one rule.
pub(super) fn rule(rule: &mut Map<String, Value>, direction: Direction) {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(gate), Some(old)) = (text("gate"), text("trigger")) else {
        return;
    };
    if let Some(new) = trigger(&gate, &old, direction) {
        rule.insert("trigger".to_owned(), Value::from(new));
    }
    let Some(Value::Array(parameters)) = rule.get_mut("params") else {
        return;
    };
    for parameter in parameters {
        let listed = parameter["name"]
            .as_str()
            .is_some_and(|name| names_a_list(&gate, &old, name));
        if listed
            && let Some(new) = parameter["value"]
                .as_str()
                .and_then(|v| value(v, direction))
        {
            parameter["value"] = Value::from(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rewritten(value: &Value, direction: Direction) -> Value {
        let mut map = value.as_object().expect("a rule is an object").clone();
        rule(&mut map, direction);
        Value::Object(map)
    }

    #[test]
    fn a_trigger_is_renamed_by_its_gate_only() {
        let denied = json!({"gate": "packages", "trigger": "blacklist", "params": []});
        let kept = json!({"gate": "files", "trigger": "blacklist", "params": []});
        assert_eq!(
            rewritten(&denied, Direction::ToV2)["trigger"],
            json!("denylist")
        );
        assert_eq!(rewritten(&kept, Direction::ToV2), kept);
    }

    #[test]
    fn every_trigger_comes_back() {
        for (gate, v1, v2) in TRIGGERS {
            assert_eq!(trigger(gate, v1, Direction::ToV2), Some(*v2));
            assert_eq!(trigger(gate, v2, Direction::ToV1), Some(*v1));
            assert_eq!(trigger(gate, v2, Direction::ToV2), None);
        }
    }

    #[test]
    fn case_does_not_hide_a_trigger() {
        assert_eq!(
            trigger("Packages", "BLACKLIST", Direction::ToV2),
            Some("denylist")
        );
    }

    #[test]
    fn list_values_change_only_where_they_mean_lists() {
        let ports = json!({"gate": "dockerfile", "trigger": "exposed_ports", "params": [
            {"name": "ports", "value": "22"}, {"name": "type", "value": "blacklist"}]});
        let v2 = rewritten(&ports, Direction::ToV2);
        assert_eq!(v2["params"][1]["value"], json!("denylist"));
        assert_eq!(rewritten(&v2, Direction::ToV1), ports);

        let label = json!({"gate": "dockerfile", "trigger": "instruction", "params": [
            {"name": "value", "value": "blacklist"}]});
        assert_eq!(rewritten(&label, Direction::ToV2), label);
    }

    #[test]
    fn odd_rules_are_left_for_v2_to_judge() {
        for odd in [
            json!({"gate": 1, "trigger": "blacklist"}),
            json!({"gate": "packages", "trigger": null, "params": 3}),
            json!({"gate": "dockerfile", "trigger": "exposed_ports", "params": [1, {"name": "type", "value": 2}]}),
        ] {
            assert_eq!(rewritten(&odd, Direction::ToV2), odd);
        }
    }
}
