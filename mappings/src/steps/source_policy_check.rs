//! `result` of a source's policy check: V1's table of positional rows, built from V2's findings.
//!
//! The V1 specification says no more than that it is an object. It is given the form of an
//! image's check ([`policy_check`](super::policy_check)): the table under the id of what was
//! checked, beside the policy, the rule that matched and the reason of the decision.

use serde_json::{Value, json};
use windlass_transforms::step::{Step, StepError};

use super::findings_table::{Subject, matched, reason, text};
use super::policy_document::{self, SOURCE_MAPPING_RULE};

/// See the module.
pub(super) const STEP: Step = Step {
    name: "source_policy_check",
    reason: "turns named findings into positional rows under a key made of data",
    renames: &[
        ("bundle", "policy"),
        ("matched_mapping_rule", "matched_mapping_rule"),
        ("result.{source_id}.result.final_action", "final_action"),
        ("result.{source_id}.result.rows[]", "findings[]"),
        ("….rows[][2] Trigger_Id", "findings[].trigger_id"),
        ("….rows[][3] Gate", "findings[].gate"),
        ("….rows[][4] Trigger", "findings[].trigger"),
        ("….rows[][5] Check_Output", "findings[].message"),
        ("….rows[][6] Gate_Action", "findings[].action"),
        (
            "….rows[][7] Whitelisted",
            "findings[].allowlisted, allowlist_match",
        ),
        ("….rows[][8] Policy_Id", "findings[].policy_id"),
    ],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| v2_to_v1(&value)),
};

/// # Errors
/// [`StepError::Unexpected`] when something that V2 promises is missing.
fn v2_to_v1(evaluation: &Value) -> Result<Value, StepError> {
    let source_id = text(evaluation, "source_id")?;
    // Sources have no tag; host, repository and revision name what was checked.
    let name = format!(
        "{}/{}@{}",
        text(evaluation, "host")?,
        text(evaluation, "repository_name")?,
        text(evaluation, "revision")?,
    );
    let subject = Subject {
        id: source_id,
        name: &name,
        with_base: false,
    };
    let action = text(evaluation, "final_action")?;
    let problems = match evaluation.get("evaluation_problems") {
        None | Some(Value::Null) => json!([]),
        Some(problems) => problems.clone(),
    };
    Ok(json!({
        "bundle": policy_document::v2_to_v1(evaluation["policy"].clone())?,
        "evaluation_problems": problems,
        "final_action_reason": reason(text(evaluation, "final_action_reason")?),
        "matched_mapping_rule":
            matched(evaluation, "matched_mapping_rule", &SOURCE_MAPPING_RULE)?,
        "result": {
            source_id: {"result": subject.table(&evaluation["findings"], action)?},
        },
        "status": text(evaluation, "status")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Value {
        json!({
            "account_name": "team", "evaluation_id": "e1", "source_id": "s1",
            "host": "git.example.com", "repository_name": "team/app", "revision": "9fceb02",
            "policy": {"id": "p1", "name": "P", "version": "2", "rule_sets": [], "mappings": []},
            "source_mapped_to_rule": true,
            "matched_mapping_rule": {"id": "m1", "name": "all", "host": "*", "repository": "*",
                "rule_set_ids": ["rs1"], "allowlist_ids": []},
            "findings": [{"trigger_id": "T1", "gate": "packages", "trigger": "denylist",
                "message": "denied: telnet", "action": "stop", "policy_id": "rs1",
                "rule_id": "r1", "allowlisted": false, "allowlist_match": null}],
            "number_of_findings": 1, "evaluation_time": "2024-02-03T04:05:06Z",
            "final_action": "stop", "final_action_reason": "policy_evaluation",
            "evaluation_problems": [], "status": "fail",
        })
    }

    #[test]
    fn findings_become_rows_of_a_table_keyed_by_the_source_id() {
        let v1 = v2_to_v1(&evaluation()).unwrap();
        let table = &v1["result"]["s1"]["result"];
        assert_eq!(table["row_count"], json!(1));
        assert_eq!(table["final_action"], json!("stop"));
        assert_eq!(
            table["rows"],
            json!([[
                "s1",
                "git.example.com/team/app@9fceb02",
                "T1",
                "packages",
                "blacklist",
                "denied: telnet",
                "stop",
                false,
                "rs1"
            ]])
        );
        assert_eq!(v1["bundle"]["version"], json!("1_0"));
        assert_eq!(v1["matched_mapping_rule"]["policy_ids"], json!(["rs1"]));
        assert_eq!(v1["status"], json!("fail"));
    }

    #[test]
    fn no_matching_rule_is_false() {
        for none in [json!(null), json!({})] {
            let mut evaluation = evaluation();
            evaluation["matched_mapping_rule"] = none;
            let v1 = v2_to_v1(&evaluation).unwrap();
            assert_eq!(v1["matched_mapping_rule"], json!(false));
        }
    }

    #[test]
    fn an_allowed_source_is_whitelisted() {
        let mut evaluation = evaluation();
        evaluation["final_action_reason"] = json!("allowlisted");
        let v1 = v2_to_v1(&evaluation).unwrap();
        assert_eq!(v1["final_action_reason"], json!("whitelisted"));
    }

    #[test]
    fn a_missing_promise_is_an_error_and_not_a_shorter_table() {
        for name in ["source_id", "host", "findings", "final_action", "status"] {
            let mut evaluation = evaluation();
            evaluation[name] = json!(null);
            assert!(
                matches!(v2_to_v1(&evaluation), Err(StepError::Unexpected(_))),
                "{name}"
            );
        }
    }
}
