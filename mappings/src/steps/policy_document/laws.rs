//! The laws of the rewrite, for any document.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use windlass_transforms::step::StepContext;

use super::documents::bundle;
use super::{v1_to_v2, v2_to_v1};

/// V2 schemas: members that may be there, and how many of the first must be.
const POLICY: (&[&str], usize) = (
    &[
        "id",
        "name",
        "version",
        "rule_sets",
        "mappings",
        "description",
        "allowlists",
        "source_mappings",
        "allowlisted_images",
        "denylisted_images",
        "last_updated",
    ],
    5,
);
const RULE_SET: (&[&str], usize) = (
    &[
        "id",
        "name",
        "rules",
        "version",
        "description",
        "artifact_type",
    ],
    4,
);
const RULE: (&[&str], usize) = (
    &[
        "action",
        "gate",
        "id",
        "params",
        "trigger",
        "description",
        "recommendation",
    ],
    5,
);
const PARAMETER: (&[&str], usize) = (&["name", "value"], 2);
const ALLOWLIST: (&[&str], usize) = (&["id", "items", "name", "version", "description"], 4);
const ITEM: (&[&str], usize) = (
    &["gate", "id", "trigger_id", "expires_on", "description"],
    3,
);
const MAPPING: (&[&str], usize) = (
    &[
        "allowlist_ids",
        "id",
        "image",
        "name",
        "registry",
        "repository",
        "rule_set_ids",
        "description",
    ],
    7,
);
const SOURCE_MAPPING: (&[&str], usize) = (
    &[
        "allowlist_ids",
        "host",
        "id",
        "name",
        "repository",
        "rule_set_ids",
        "description",
    ],
    6,
);
const IMAGE_RULE: (&[&str], usize) = (
    &[
        "id",
        "image",
        "name",
        "registry",
        "repository",
        "description",
    ],
    5,
);
const IMAGE_REF: (&[&str], usize) = (&["type", "value"], 2);

fn check(value: &Value, (known, required): (&[&str], usize)) {
    let members = value.as_object().expect("an object of the document");
    for name in members.keys() {
        assert!(known.contains(&name.as_str()), "V2 does not know `{name}`");
    }
    for name in &known[..required] {
        assert!(members.contains_key(*name), "V2 requires `{name}`: {value}");
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn check_ids(elements: &[Value]) {
    let ids: HashSet<_> = elements.iter().map(|e| e["id"].as_str()).collect();
    assert_eq!(ids.len(), elements.len(), "ids beside each other differ");
    assert!(!ids.contains(&None) && !ids.contains(&Some("")));
}

/// Everything that the closed V2 schemas ask for.
pub(super) fn check_policy(policy: &Value) {
    check(policy, POLICY);
    assert_ne!(policy["name"], "");
    assert_eq!(policy["version"], "2");
    let text = policy.to_string();
    assert!(!text.contains("blacklist") && !text.contains("whitelist"));
    for set in list(policy, "rule_sets") {
        check(set, RULE_SET);
        check_ids(list(set, "rules"));
        for rule in list(set, "rules") {
            check(rule, RULE);
            for parameter in list(rule, "params") {
                check(parameter, PARAMETER);
            }
        }
    }
    for allowlist in list(policy, "allowlists") {
        check(allowlist, ALLOWLIST);
        check_ids(list(allowlist, "items"));
        for item in list(allowlist, "items") {
            check(item, ITEM);
        }
    }
    for (name, schema) in [
        ("mappings", MAPPING),
        ("source_mappings", SOURCE_MAPPING),
        ("allowlisted_images", IMAGE_RULE),
        ("denylisted_images", IMAGE_RULE),
    ] {
        check_ids(list(policy, name));
        for rule in list(policy, name) {
            check(rule, schema);
            if name != "source_mappings" {
                check(&rule["image"], IMAGE_REF);
            }
        }
    }
}

pub(super) fn to_v2(v1: &Value) -> Value {
    v1_to_v2(v1.clone(), &StepContext::default()).expect("a V1 document is rewritten")
}

pub(super) fn to_v1(v2: &Value) -> Value {
    v2_to_v1(v2.clone()).expect("a V2 document is rewritten")
}

/// Every member of `kept` is in `found`, with the same value; lists have the same length.
fn check_kept(kept: &Value, found: &Value) {
    match (kept, found) {
        (Value::Object(kept), Value::Object(found)) => {
            for (name, value) in kept {
                let found = found
                    .get(name)
                    .unwrap_or_else(|| panic!("`{name}` is lost"));
                check_kept(value, found);
            }
        }
        (Value::Array(kept), Value::Array(found)) => {
            assert_eq!(kept.len(), found.len());
            kept.iter().zip(found).for_each(|(k, f)| check_kept(k, f));
        }
        (kept, found) => assert_eq!(kept, found),
    }
}

/// Adds a member that V1 does not define to every object.
fn litter(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(litter),
        Value::Object(members) => {
            members.values_mut().for_each(litter);
            members.insert("x_note".to_owned(), json!({"deep": [1]}));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn v2_gets_what_its_closed_schemas_ask_for(v1 in bundle()) {
        check_policy(&to_v2(&v1));
    }

    #[test]
    fn v1_gets_back_everything_it_sent(v1 in bundle()) {
        check_kept(&v1, &to_v1(&to_v2(&v1)));
    }

    #[test]
    fn reading_and_putting_back_changes_nothing(v1 in bundle()) {
        let v2 = to_v2(&v1);
        prop_assert_eq!(to_v2(&to_v1(&v2)), v2);
    }

    #[test]
    fn unknown_members_are_dropped_and_noted(v1 in bundle()) {
        let mut littered = v1.clone();
        litter(&mut littered);
        let context = StepContext::default();
        let v2 = v1_to_v2(littered, &context).unwrap();
        prop_assert_eq!(v2, to_v2(&v1));
        prop_assert!(context.touched.names().contains(&"PolicyBundle.x_note".to_owned()));
    }
}
