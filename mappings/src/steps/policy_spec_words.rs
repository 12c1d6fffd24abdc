//! The policy specification: which gates, triggers and parameters there are, in the words of
//! the V1 policy language.

use serde_json::Value;
use windlass_transforms::step::{Step, StepContext, StepError};

use super::Direction;
use super::policy_document::words;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "policy_spec_words",
    reason: "a trigger's V1 name depends on the gate around it",
    v1_to_v2: None,
    v2_to_v1: Some(v2_to_v1),
};

/// Exchanges the words in a list of gates. Everything else, and anything of another form,
/// stays.
fn v2_to_v1(mut gates: Value, _: &StepContext) -> Result<Value, StepError> {
    for gate in elements(Some(&mut gates)) {
        let Some(name) = gate["name"].as_str().map(str::to_owned) else {
            continue;
        };
        for trigger in elements(gate.get_mut("triggers")) {
            let Some(v2) = trigger["name"].as_str().map(str::to_owned) else {
                continue;
            };
            if let Some(v1) = words::trigger(&name, &v2, Direction::ToV1) {
                trigger["name"] = Value::from(v1);
            }
            for parameter in elements(trigger.get_mut("parameters")) {
                let listed = parameter["name"]
                    .as_str()
                    .is_some_and(|parameter| words::names_a_list(&name, &v2, parameter));
                if listed {
                    list_words(parameter);
                }
            }
        }
    }
    Ok(gates)
}

/// Exchanges every text of a parameter that is such a word, and the words in the validator's
/// description.
fn list_words(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(v1) = words::value(text, Direction::ToV1) {
                v1.clone_into(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(list_words),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "description" => {
                        *text = words::quoted(text, Direction::ToV1);
                    }
                    value => list_words(value),
                }
            }
        }
        _ => {}
    }
}

fn elements(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rewritten(gates: Value) -> Value {
        v2_to_v1(gates, &StepContext::default()).expect("any JSON passes")
    }

    #[test]
    fn triggers_are_named_as_v1_named_them() {
        let v1 = rewritten(json!([
            {"name": "packages", "triggers": [{"name": "denylist", "parameters": []}, {"name": "verify"}]},
            {"name": "always", "triggers": [{"name": "always"}]}]));
        assert_eq!(v1[0]["triggers"][0]["name"], json!("blacklist"));
        assert_eq!(v1[0]["triggers"][1]["name"], json!("verify"));
        assert_eq!(v1[1]["triggers"][0]["name"], json!("always"));
    }

    #[test]
    fn list_parameters_offer_v1s_words() {
        let parameter = |words: [&str; 2]| {
            json!({"name": "type", "example": words[1], "description": "How the ports are meant.",
                "validator": {"criteria": {"enum": words}, "description": format!("One of {words:?}")}})
        };
        let gates = |words| {
            json!([{"name": "dockerfile", "triggers": [
                {"name": "exposed_ports", "parameters": [parameter(words)]}]}])
        };
        assert_eq!(
            rewritten(gates(["allowlist", "denylist"])),
            gates(["whitelist", "blacklist"])
        );
    }

    #[test]
    fn other_forms_stay() {
        for odd in [
            json!(null),
            json!({"name": "x"}),
            json!([1, {"name": 2}, {"name": "packages", "triggers": 3}]),
            json!([{"name": "packages", "triggers": [{"name": null}, 7]}]),
        ] {
            assert_eq!(rewritten(odd.clone()), odd);
        }
    }
}
