//! The V2 answer that a recorded V1 policy check stands for: the opposite of the step, written
//! plainly.

use serde_json::{Map, Value, json};
use windlass_transforms::step::StepContext;

use super::{call, object, rewrite_request};

/// The V2 answer, and what the request and the look-ups of the check brought.
pub(crate) fn v2(v1: &Value) -> (Value, StepContext) {
    let (digest, tags) = only(&v1[0]);
    let (tag, evaluations) = only(tags);
    let mut context = StepContext::default();
    let evaluations: Vec<Value> = evaluations
        .as_array()
        .expect("a list of evaluations")
        .iter()
        .map(|v1| evaluation(v1, &mut context))
        .collect();
    let policy_id = &v1[0][digest][tag][0]["policyId"];
    (
        json!({"image_digest": digest, "evaluated_tag": tag, "policy_id": policy_id, "evaluations": evaluations}),
        context,
    )
}

fn only(object: &Value) -> (&str, &Value) {
    let members = object.as_object().expect("an object keyed by data");
    assert_eq!(members.len(), 1);
    members
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .next()
        .expect("one member")
}

fn evaluation(v1: &Value, context: &mut StepContext) -> Value {
    let result = &v1["detail"]["result"];
    let mut v2 =
        json!({"status": v1["status"], "evaluation_time": v1["last_evaluation"], "details": null});
    if result.is_null() {
        context.query = object(&json!({"detail": "false"}));
        return v2;
    }
    context.looked_up = object(&json!({
        "account_name": result["user_id"],
        "image_detail": [{"full_tag": result["tag"], "image_id": result["image_id"]}],
    }));
    let table = &result["result"][result["image_id"].as_str().expect("an id")]["result"];
    v2["details"] = json!({
        "policy": policy(&v1["detail"]["policy"]),
        "policy_action": table["final_action"],
        "findings": table["rows"].as_array().expect("rows").iter().map(finding).collect::<Vec<_>>(),
    });
    v2["evaluation_problems"] = result["evaluation_problems"].clone();
    v2["final_action"] = result["final_action"].clone();
    v2["final_action_reason"] = match result["final_action_reason"].as_str() {
        Some("whitelisted") => json!("allowlisted"),
        Some("blacklisted") => json!("denylisted"),
        _ => result["final_action_reason"].clone(),
    };
    for (v1_name, v2_name) in [
        (
            "matched_whitelisted_images_rule",
            "matched_allowlisted_images_rule",
        ),
        (
            "matched_blacklisted_images_rule",
            "matched_denylisted_images_rule",
        ),
    ] {
        v2[v2_name] = some(&result[v1_name]).cloned().unwrap_or_default();
    }
    // The rule of the document that has the same id.
    v2["matched_mapping_rule"] = some(&result["matched_mapping_rule"])
        .and_then(|rule| {
            let mappings = v2["details"]["policy"]["mappings"].as_array()?;
            mappings
                .iter()
                .find(|mapping| mapping["id"] == rule["id"])
                .cloned()
        })
        .unwrap_or_default();
    v2
}

/// V1 wrote `false` for no rule.
fn some(rule: &Value) -> Option<&Value> {
    (*rule != Value::Bool(false)).then_some(rule)
}

fn finding(row: &Value) -> Value {
    let whitelisted = some(&row[7]);
    let mut v2: Map<String, Value> = [
        (2, "trigger_id"),
        (3, "gate"),
        (4, "trigger"),
        (5, "message"),
        (6, "action"),
        (8, "policy_id"),
    ]
    .into_iter()
    .map(|(column, name)| (name.to_owned(), row[column].clone()))
    .collect();
    v2.insert("allowlisted".to_owned(), whitelisted.is_some().into());
    if let Some(by) = whitelisted {
        let found = json!({
            "id": by["whitelist_id"], "name": by["whitelist_name"], "matched_rule_id": by["matched_rule_id"]});
        v2.insert("allowlist_match".to_owned(), found);
    }
    Value::Object(v2)
}

/// The document as a V2 server holds it after the client stored it.
fn policy(v1: &Value) -> Value {
    rewrite_request(call("add_policy"), &StepContext::default(), v1).expect("a recorded policy")
}
