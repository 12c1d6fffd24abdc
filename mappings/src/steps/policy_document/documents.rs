//! Any document that V1 servers took, for property tests.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::{collection, option, sample};
use serde_json::{Map, Value, json};

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
pub(super) fn bundle() -> impl Strategy<Value = Value> {
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
