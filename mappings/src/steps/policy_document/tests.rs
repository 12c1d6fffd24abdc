//! What holds for every document, and the odd ones.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::{collection, option, sample};
use serde_json::{Map, Value, json};
use windlass_transforms::step::{StepContext, StepError};

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
fn check_policy(policy: &Value) {
    check(policy, POLICY);
    assert_ne!(policy["name"], "");
    assert_eq!(policy["version"], "2");
    for set in list(policy, "rule_sets") {
        check(set, RULE_SET);
        check_ids(list(set, "rules"));
        for rule in list(set, "rules") {
            check(rule, RULE);
            list(rule, "params")
                .iter()
                .for_each(|p| check(p, PARAMETER));
        }
    }
    for allowlist in list(policy, "allowlists") {
        check(allowlist, ALLOWLIST);
        check_ids(list(allowlist, "items"));
        list(allowlist, "items").iter().for_each(|i| check(i, ITEM));
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

/// An object of the members that are there.
fn object(members: Vec<(&'static str, Option<Value>)>) -> Value {
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

fn text() -> impl Strategy<Value = Value> {
    "[a-zA-Z0-9*+ ./_-]{1,8}".prop_map(Value::from)
}

fn maybe_text() -> impl Strategy<Value = Option<Value>> {
    option::of(text())
}

fn texts() -> impl Strategy<Value = Value> {
    collection::vec(text(), 0..3).prop_map(Value::from)
}

fn list_of(element: impl Strategy<Value = Value>, most: usize) -> impl Strategy<Value = Value> {
    collection::vec(element, 0..=most).prop_map(|mut elements| {
        // V1 servers refused elements with the same id.
        let mut seen = HashSet::new();
        elements.retain(|e| e.get("id").is_none_or(|id| seen.insert(id.clone())));
        Value::from(elements)
    })
}

/// Gate and trigger, with the parameter that changes where there is one.
fn gate() -> impl Strategy<Value = (Value, Value, Value)> {
    sample::select(vec![
        ("always", "always", None),
        ("packages", "blacklist", None),
        ("packages", "required_package", None),
        ("licenses", "blacklist_exact_match", None),
        ("passwd_file", "blacklist_shells", None),
        ("npms", "blacklisted_name_version", None),
        ("dockerfile", "exposed_ports", Some("whitelist")),
        ("dockerfile", "effective_user", Some("blacklist")),
        ("dockerfile", "instruction", None),
    ])
    .prop_flat_map(|(gate, trigger, word)| {
        let fixed: Vec<Value> = word
            .map(|word| json!({"name": "type", "value": word}))
            .into_iter()
            .collect();
        let parameter = (text(), text()).prop_map(|(n, v)| json!({"name": n, "value": v}));
        collection::vec(parameter, 0..2).prop_map(move |more| {
            let parameters: Vec<Value> = fixed.iter().cloned().chain(more).collect();
            (gate.into(), trigger.into(), parameters.into())
        })
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let action = sample::select(vec!["GO", "WARN", "STOP"]);
    (maybe_text(), gate(), action, maybe_text(), maybe_text()).prop_map(
        |(id, (gate, trigger, parameters), action, recommendation, description)| {
            object(vec![
                ("id", id),
                ("gate", Some(gate)),
                ("trigger", Some(trigger)),
                ("action", Some(action.into())),
                ("params", Some(parameters)),
                ("recommendation", recommendation),
                ("description", description),
            ])
        },
    )
}

fn v1_policy() -> impl Strategy<Value = Value> {
    (
        text(),
        maybe_text(),
        maybe_text(),
        option::of(list_of(rule(), 3)),
        any::<bool>(),
    )
        .prop_map(|(id, name, comment, rules, image)| {
            object(vec![
                ("id", Some(id)),
                ("name", name),
                ("version", Some("1_0".into())),
                ("comment", comment),
                ("artifact_type", image.then(|| "image".into())),
                ("rules", rules),
            ])
        })
}

fn whitelist() -> impl Strategy<Value = Value> {
    let item = (maybe_text(), text(), text(), maybe_text()).prop_map(
        |(id, gate, trigger_id, expires_on)| {
            object(vec![
                ("id", id),
                ("gate", Some(gate)),
                ("trigger_id", Some(trigger_id)),
                ("expires_on", expires_on),
            ])
        },
    );
    (
        text(),
        maybe_text(),
        maybe_text(),
        option::of(list_of(item, 3)),
    )
        .prop_map(|(id, name, comment, items)| {
            object(vec![
                ("id", Some(id)),
                ("name", name),
                ("comment", comment),
                ("version", Some("1_0".into())),
                ("items", items),
            ])
        })
}

/// A mapping without its place; `one` decides between `policy_id` and `policy_ids`.
fn mapping() -> impl Strategy<Value = Value> {
    (
        maybe_text(),
        text(),
        option::of(texts()),
        any::<bool>(),
        text(),
        texts(),
        option::of(text()),
    )
        .prop_map(
            |(id, name, whitelists, one, single, several, description)| {
                object(vec![
                    ("id", id),
                    ("name", Some(name)),
                    ("whitelist_ids", whitelists),
                    ("policy_id", one.then_some(single)),
                    ("policy_ids", (!one).then_some(several)),
                    ("repository", Some("*".into())),
                    ("description", description),
                ])
            },
        )
}

fn with(
    name: &'static str,
    value: impl Strategy<Value = Value>,
    of: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Value> {
    (of, value).prop_map(move |(mut object, value)| {
        object[name] = value;
        object
    })
}

fn image_ref() -> impl Strategy<Value = Value> {
    (sample::select(vec!["tag", "digest", "id"]), text())
        .prop_map(|(kind, value)| json!({"type": kind, "value": value}))
}

fn image_rule() -> impl Strategy<Value = Value> {
    let plain = (maybe_text(), text(), text()).prop_map(|(id, name, registry)| {
        object(vec![
            ("id", id),
            ("name", Some(name)),
            ("registry", Some(registry)),
            ("repository", Some("*".into())),
        ])
    });
    with("image", image_ref(), plain)
}

/// Documents that V1 servers took.
fn bundle() -> impl Strategy<Value = Value> {
    (
        (text(), maybe_text(), maybe_text(), any::<bool>()),
        list_of(v1_policy(), 2),
        option::of(list_of(whitelist(), 2)),
        list_of(
            with("image", image_ref(), with("registry", text(), mapping())),
            3,
        ),
        option::of(list_of(with("host", text(), mapping()), 2)),
        option::of(list_of(image_rule(), 2)),
        option::of(list_of(image_rule(), 2)),
        option::of(0_u32..2_000_000_000),
    )
        .prop_map(
            |(
                (id, name, description, old),
                policies,
                whitelists,
                mappings,
                sources,
                white,
                black,
                updated,
            )| {
                let (comment, description) = if old {
                    (description, None)
                } else {
                    (None, description)
                };
                object(vec![
                    ("id", Some(id)),
                    ("name", name),
                    ("comment", comment),
                    ("description", description),
                    ("version", Some("1_0".into())),
                    ("policies", Some(policies)),
                    ("whitelists", whitelists),
                    ("mappings", Some(mappings)),
                    ("source_mappings", sources),
                    ("whitelisted_images", white),
                    ("blacklisted_images", black),
                    ("last_updated", updated.map(Value::from)),
                ])
            },
        )
}

fn to_v2(v1: &Value) -> Value {
    v1_to_v2(v1.clone(), &StepContext::default()).expect("a V1 document is rewritten")
}

fn to_v1(v2: &Value) -> Value {
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

/// The smallest document, with more members.
fn small(more: Value) -> Value {
    let mut bundle = json!({"id": "b1", "version": "1_0", "policies": [], "mappings": []});
    let more = more.as_object().expect("members").clone();
    bundle.as_object_mut().expect("an object").extend(more);
    bundle
}

fn mapping_with(policies: Value) -> Value {
    let mut mapping = json!({"id": "m1", "name": "all", "registry": "*", "repository": "*",
        "image": {"type": "tag", "value": "*"}});
    let policies = policies.as_object().expect("members").clone();
    mapping.as_object_mut().expect("an object").extend(policies);
    small(json!({"mappings": [mapping]}))
}

fn refusal(v1: Value) -> String {
    match v1_to_v2(v1, &StepContext::default()) {
        Err(StepError::Refused {
            status: 400,
            message,
            ..
        }) => message,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn made_ids_depend_on_content_and_not_on_order() {
    let a = json!({"gate": "always", "trigger": "always", "action": "STOP"});
    let b = json!({"action": "GO", "gate": "files", "trigger": "suid_or_guid_set", "params": []});
    let turned =
        json!({"trigger": "suid_or_guid_set", "params": [], "gate": "files", "action": "GO"});
    let with = |rules: Value| {
        let set = json!({"id": "rs", "version": "1_0", "rules": rules});
        to_v2(&small(json!({"policies": [set]})))["rule_sets"][0]["rules"].clone()
    };
    let (one, other) = (with(json!([a, b])), with(json!([turned, a])));
    assert_eq!(one[0]["id"], other[1]["id"]);
    assert_eq!(one[1]["id"], other[0]["id"]);
    assert_ne!(one[0]["id"], one[1]["id"]);
}

#[test]
fn equal_elements_get_different_ids_that_stay() {
    let rule = json!({"gate": "always", "trigger": "always", "action": "STOP"});
    let bundle = small(json!({"policies": [
        {"id": "rs1", "version": "1_0", "rules": [rule, rule]},
        {"id": "rs2", "version": "1_0", "rules": [rule]}]}));
    let v2 = to_v2(&bundle);
    check_policy(&v2);
    assert_eq!(v2, to_v2(&bundle));
    assert_ne!(
        v2["rule_sets"][0]["rules"][0]["id"],
        v2["rule_sets"][1]["rules"][0]["id"]
    );
}

#[test]
fn a_made_id_never_takes_one_that_is_there() {
    let rule = json!({"gate": "always", "trigger": "always", "action": "STOP"});
    let set =
        |rules: Value| small(json!({"policies": [{"id": "rs", "version": "1_0", "rules": rules}]}));
    let made = to_v2(&set(json!([rule])))["rule_sets"][0]["rules"][0]["id"].clone();
    let mut taken = rule.clone();
    taken["id"] = made;
    check_policy(&to_v2(&set(json!([rule, taken]))));
}

#[test]
fn unnamed_things_are_named_by_their_id() {
    let v2 = to_v2(&small(
        json!({"name": "", "whitelists": [{"id": "w", "version": "1_0"}]}),
    ));
    assert_eq!(v2["name"], json!("b1"));
    assert_eq!(v2["allowlists"][0]["name"], json!("w"));
    assert_eq!(v2["allowlists"][0]["items"], json!([]));
}

#[test]
fn one_policy_is_named_both_ways_and_several_one_way() {
    let v1 = |policies| to_v1(&to_v2(&mapping_with(policies)))["mappings"][0].clone();
    let one = v1(json!({"policy_id": "p"}));
    assert_eq!(
        (&one["policy_id"], &one["policy_ids"]),
        (&json!("p"), &json!(["p"]))
    );
    let several = v1(json!({"policy_ids": ["p", "q"]}));
    assert_eq!(several["policy_ids"], json!(["p", "q"]));
    assert_eq!(several.get("policy_id"), None);
}

#[test]
fn a_changed_policy_id_is_told_from_changed_policy_ids_by_what_v2_holds() {
    let held = to_v2(&mapping_with(json!({"policy_id": "p"})));
    let context = |held: &Value| {
        let mut context = StepContext::default();
        context.looked_up.insert("policy".into(), held.clone());
        context
    };
    let sets = |policies: Value, context: &StepContext| {
        v1_to_v2(mapping_with(policies), context)
            .map(|v2| v2["mappings"][0]["rule_set_ids"].clone())
    };
    let known = context(&held);
    for (edited, expected) in [
        (json!({"policy_id": "p", "policy_ids": ["p"]}), json!(["p"])),
        (
            json!({"policy_id": "p", "policy_ids": ["p", "q"]}),
            json!(["p", "q"]),
        ),
        (json!({"policy_id": "p", "policy_ids": ["q"]}), json!(["q"])),
        (json!({"policy_id": "p", "policy_ids": []}), json!([])),
        (json!({"policy_id": "q", "policy_ids": ["p"]}), json!(["q"])),
        (json!({"policy_id": "q"}), json!(["q"])),
    ] {
        assert_eq!(sets(edited.clone(), &known), Ok(expected), "{edited}");
    }
    let unknown = StepContext::default();
    let both = json!({"policy_id": "p", "policy_ids": ["q"]});
    assert_eq!(
        sets(both.clone(), &unknown),
        Err(StepError::refused(
            400,
            "'policy_id' and 'policy_ids' name different policies - 'mappings.0'"
        ))
    );
    assert!(sets(json!({"policy_id": "x", "policy_ids": ["y"]}), &known).is_err());
}

#[test]
fn of_two_descriptions_the_edited_one_stands() {
    let both = small(json!({"comment": "old", "description": "new"}));
    assert_eq!(to_v2(&both)["description"], json!("new"));
    let mut context = StepContext::default();
    context
        .looked_up
        .insert("policy".into(), json!({"description": "new"}));
    let v2 = v1_to_v2(both, &context).unwrap();
    assert_eq!(v2["description"], json!("old"));
}

#[test]
fn comments_of_lists_are_descriptions() {
    let v1 = small(json!({
        "policies": [{"id": "p", "version": "1_0", "comment": "c", "description": "stray"}],
        "whitelists": [{"id": "w", "version": "1_0", "description": "kept"}]}));
    let v2 = to_v2(&v1);
    assert_eq!(v2["rule_sets"][0]["description"], json!("c"));
    assert_eq!(v2["allowlists"][0]["description"], json!("kept"));
    assert_eq!(to_v1(&v2)["policies"][0]["comment"], json!("c"));
}

#[test]
fn what_newer_v2_servers_add_stays_readable() {
    let v2 = json!({"id": "b", "name": "B", "version": "2", "rule_sets": [], "mappings": [], "new_in_v2": 1});
    assert_eq!(to_v1(&v2)["new_in_v2"], json!(1));
}

#[test]
fn renamed_and_dropped_members_are_noted() {
    let context = StepContext::default();
    let mut v1 = mapping_with(json!({"policy_id": "p", "whitelist_ids": []}));
    v1["comment"] = json!("c");
    v1["active"] = json!(false);
    v1_to_v2(v1, &context).unwrap();
    assert_eq!(
        context.touched.names(),
        [
            "MappingRule.policy_id",
            "MappingRule.policy_ids",
            "MappingRule.whitelist_ids",
            "PolicyBundle.active",
            "PolicyBundle.comment",
            "PolicyBundle.policies",
        ]
    );
}

#[test]
fn missing_members_are_refused_in_v1_words() {
    assert_eq!(
        refusal(json!({"id": "b1", "name": "x"})),
        "'version' is a required property"
    );
    assert_eq!(
        refusal(small(
            json!({"policies": [{"id": "p", "version": "1_0", "rules": [{"gate": "always"}]}]})
        )),
        "'trigger' is a required property - 'policies.0.rules.0'"
    );
    assert_eq!(
        refusal(mapping_with(json!({}))),
        "one of 'policy_ids' and 'policy_id' is a required property - 'mappings.0'"
    );
    let mut context = StepContext::default();
    context.path.insert("policyId".into(), "b1".into());
    assert_eq!(
        v1_to_v2(json!({"id": "b1"}), &context),
        Err(StepError::refused(
            400,
            "'version' is a required property - 'policybundle'"
        ))
    );
}

#[test]
fn wrong_types_are_refused_with_their_place() {
    assert_eq!(refusal(json!([])), "the body is not of type 'object'");
    assert_eq!(
        refusal(small(json!({"policies": {}}))),
        "the value is not of type 'array' - 'policies'"
    );
    assert_eq!(
        refusal(small(json!({"whitelists": [1]}))),
        "the value is not of type 'object' - 'whitelists.0'"
    );
    assert_eq!(
        refusal(small(json!({"version": "2"}))),
        "'2' is not a V1 version, expected '1_0' - 'version'"
    );
}

#[test]
fn what_only_v2_can_judge_reaches_v2() {
    let v2 = to_v2(&small(json!({"version": "9", "name": 7, "policies": [
        {"id": "p", "version": null, "rules": [{"gate": "nosuch", "trigger": 1, "action": "MAYBE"}]}]})));
    assert_eq!(v2["version"], json!("9"));
    assert_eq!(v2["name"], json!(7));
    assert_eq!(v2["rule_sets"][0]["rules"][0]["gate"], json!("nosuch"));
}

#[test]
fn a_broken_v2_document_is_an_error() {
    for broken in [
        json!("policy"),
        json!({"rule_sets": "none"}),
        json!({"mappings": [{"image": []}]}),
    ] {
        assert!(matches!(v2_to_v1(broken), Err(StepError::Unexpected(_))));
    }
    assert_eq!(to_v1(&json!(null)), json!(null));
}
