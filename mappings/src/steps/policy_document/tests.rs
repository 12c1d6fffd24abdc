//! Single documents, and the odd ones.

use serde_json::{Value, json};
use windlass_transforms::step::{StepContext, StepError};

use super::laws::{check_policy, to_v1, to_v2};
use super::shapes::{Besides, Holds, POLICY_BUNDLE, Shape};
use super::{v1_to_v2, v2_to_v1};

/// The smallest document, with more members.
fn small(more: &Value) -> Value {
    let mut bundle = json!({"id": "b1", "version": "1_0", "policies": [], "mappings": []});
    let more = more.as_object().expect("members").clone();
    bundle.as_object_mut().expect("an object").extend(more);
    bundle
}

fn mapping_with(policies: &Value) -> Value {
    let mut mapping = json!({"id": "m1", "name": "all", "registry": "*", "repository": "*",
        "image": {"type": "tag", "value": "*"}});
    let policies = policies.as_object().expect("members").clone();
    mapping.as_object_mut().expect("an object").extend(policies);
    small(&json!({"mappings": [mapping]}))
}

fn refusal(v1: Value) -> String {
    match v1_to_v2(v1, &StepContext::default()) {
        Err(StepError::Malformed(message)) => message,
        other => panic!("not refused: {other:?}"),
    }
}

/// Every member of the shapes that has two names.
fn renamed(shape: &Shape, v1: &str, v2: &str, found: &mut Vec<(String, String)>) {
    for member in shape.members {
        let (v1, v2) = (format!("{v1}{}", member.v1), format!("{v2}{}", member.v2));
        if member.v1 != member.v2 {
            found.push((v1.clone(), v2.clone()));
        }
        match member.holds {
            Holds::Anything | Holds::Version => {}
            Holds::One(shape) => renamed(shape, &format!("{v1}."), &format!("{v2}."), found),
            Holds::Many(shape) => renamed(shape, &format!("{v1}[]."), &format!("{v2}[]."), found),
        }
    }
    if shape.besides == Besides::Mapping {
        found.push((format!("{v1}policy_id"), format!("{v2}rule_set_ids[]")));
    }
}

#[test]
fn people_are_told_every_name_that_differs() {
    let mut found = Vec::new();
    renamed(&POLICY_BUNDLE, "", "", &mut found);
    let told = super::STEP.renames.iter();
    let mut told: Vec<_> = told
        .map(|(v1, v2)| ((*v1).to_owned(), (*v2).to_owned()))
        .collect();
    told.sort();
    found.sort();
    assert_eq!(told, found);
}

#[test]
fn made_ids_depend_on_content_and_not_on_order() {
    let a = json!({"gate": "always", "trigger": "always", "action": "STOP"});
    let b = json!({"action": "GO", "gate": "files", "trigger": "suid_or_guid_set", "params": []});
    let turned =
        json!({"trigger": "suid_or_guid_set", "params": [], "gate": "files", "action": "GO"});
    let with = |rules: Value| {
        let set = json!({"id": "rs", "version": "1_0", "rules": rules});
        to_v2(&small(&json!({"policies": [set]})))["rule_sets"][0]["rules"].clone()
    };
    let (one, other) = (with(json!([a, b])), with(json!([turned, a])));
    assert_eq!(one[0]["id"], other[1]["id"]);
    assert_eq!(one[1]["id"], other[0]["id"]);
    assert_ne!(one[0]["id"], one[1]["id"]);
}

#[test]
fn equal_elements_get_different_ids_that_stay() {
    let rule = json!({"gate": "always", "trigger": "always", "action": "STOP"});
    let bundle = small(&json!({"policies": [
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
    let set = |rules: Value| {
        small(&json!({"policies": [{"id": "rs", "version": "1_0", "rules": rules}]}))
    };
    let made = to_v2(&set(json!([rule])))["rule_sets"][0]["rules"][0]["id"].clone();
    let mut taken = rule.clone();
    taken["id"] = made;
    check_policy(&to_v2(&set(json!([rule, taken]))));
}

#[test]
fn unnamed_things_are_named_by_their_id() {
    let v2 = to_v2(&small(
        &json!({"name": "", "whitelists": [{"id": "w", "version": "1_0"}]}),
    ));
    assert_eq!(v2["name"], json!("b1"));
    assert_eq!(v2["allowlists"][0]["name"], json!("w"));
    assert_eq!(v2["allowlists"][0]["items"], json!([]));
}

#[test]
fn one_policy_is_named_both_ways_and_several_one_way() {
    let v1 = |policies| to_v1(&to_v2(&mapping_with(&policies)))["mappings"][0].clone();
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
    let held = to_v2(&mapping_with(&json!({"policy_id": "p"})));
    let context = |held: &Value| {
        let mut context = StepContext::default();
        context.looked_up.insert("policy".into(), held.clone());
        context
    };
    let sets = |policies: Value, context: &StepContext| {
        v1_to_v2(mapping_with(&policies), context)
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
        Err(StepError::Malformed(
            "'policy_id' and 'policy_ids' name different policies - 'mappings.0'".to_owned()
        ))
    );
    assert!(sets(json!({"policy_id": "x", "policy_ids": ["y"]}), &known).is_err());
}

#[test]
fn of_two_descriptions_the_edited_one_stands() {
    let both = small(&json!({"comment": "old", "description": "new"}));
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
    let v1 = small(&json!({
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
    let mut v1 = mapping_with(&json!({"policy_id": "p", "whitelist_ids": []}));
    v1["comment"] = json!("c");
    v1["active"] = json!(false);
    v1_to_v2(v1, &context).unwrap();
    assert_eq!(
        context.touched.names(),
        [
            "MappingRule.policy_id",
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
            &json!({"policies": [{"id": "p", "version": "1_0", "rules": [{"gate": "always"}]}]})
        )),
        "'trigger' is a required property - 'policies.0.rules.0'"
    );
    assert_eq!(
        refusal(mapping_with(&json!({}))),
        "one of 'policy_ids' and 'policy_id' is a required property - 'mappings.0'"
    );
    let mut context = StepContext::default();
    context.path.insert("policyId".into(), "b1".into());
    assert_eq!(
        v1_to_v2(json!({"id": "b1"}), &context),
        Err(StepError::Malformed(
            "'version' is a required property - 'policybundle'".to_owned()
        ))
    );
}

#[test]
fn wrong_types_are_refused_with_their_place() {
    assert_eq!(refusal(json!([])), "the body is not of type 'object'");
    assert_eq!(
        refusal(small(&json!({"policies": {}}))),
        "the value is not of type 'array' - 'policies'"
    );
    assert_eq!(
        refusal(small(&json!({"whitelists": [1]}))),
        "the value is not of type 'object' - 'whitelists.0'"
    );
    assert_eq!(
        refusal(small(&json!({"version": "2"}))),
        "'2' is not a V1 version, expected '1_0' - 'version'"
    );
}

#[test]
fn what_only_v2_can_judge_reaches_v2() {
    let v2 = to_v2(&small(&json!({"version": "9", "name": 7, "policies": [
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
