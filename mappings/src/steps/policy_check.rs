//! The answer of a policy check: V1's table of positional rows, built from V2's evaluations.
//!
//! V1 answers `[{digest: {tag: [evaluation, …]}}]`. Inside an evaluation the findings are a
//! table with a header, keyed by the image's id; clients read its rows by position or by the
//! header's names, so both are fixed. V2 has findings with named members and does not say the
//! image's id: the mapping looks the image up (`image_detail`, `account_name`).

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value, json};
use windlass_transforms::step::{Step, StepContext, StepError};

use super::findings_table::{Subject, matched, reason, text, unexpected};
use super::policy_document::{self, IMAGE_SELECTION_RULE, MAPPING_RULE};

/// See the module.
pub(super) const STEP: Step = Step {
    name: "policy_check",
    reason: "turns named findings into positional rows under keys made of data, with times as epoch seconds",
    renames: &[
        ("[].{digest}", "image_digest"),
        ("[].{digest}.{tag}", "evaluated_tag"),
        ("[].{digest}.{tag}[].policyId", "policy_id"),
        ("[].{digest}.{tag}[]", "evaluations[]"),
        ("….last_evaluation", "….evaluation_time"),
        ("….detail.policy", "….details.policy"),
        (
            "….detail.result.matched_whitelisted_images_rule",
            "….matched_allowlisted_images_rule",
        ),
        (
            "….detail.result.matched_blacklisted_images_rule",
            "….matched_denylisted_images_rule",
        ),
        ("….detail.result.final_action", "….final_action"),
        (
            "….detail.result.result.{image_id}.result.final_action",
            "….details.policy_action",
        ),
        (
            "….detail.result.result.{image_id}.result.rows[]",
            "….details.findings[]",
        ),
        ("….rows[][2] Trigger_Id", "….findings[].trigger_id"),
        ("….rows[][3] Gate", "….findings[].gate"),
        ("….rows[][4] Trigger", "….findings[].trigger"),
        ("….rows[][5] Check_Output", "….findings[].message"),
        ("….rows[][6] Gate_Action", "….findings[].action"),
        (
            "….rows[][7] Whitelisted",
            "….findings[].allowlisted, allowlist_match",
        ),
        ("….rows[][8] Policy_Id", "….findings[].policy_id"),
        (
            "….rows[][9] Inherited_From_Base",
            "….findings[].inherited_from_base",
        ),
        (
            "….detail.result.base_image_digest",
            "….comparison_image_digest",
        ),
    ],
    v1_to_v2: None,
    v2_to_v1: Some(|value, context| v2_to_v1(&value, context)),
};

/// # Errors
/// 404 when there is no evaluation, as V1 servers answered; [`StepError::Unexpected`] when
/// something that V2 promises is missing.
fn v2_to_v1(value: &Value, context: &StepContext) -> Result<Value, StepError> {
    let digest = text(value, "image_digest")?;
    let tag = text(value, "evaluated_tag")?;
    let evaluations = match value.get("evaluations") {
        None | Some(Value::Null) => &[][..],
        Some(evaluations) => evaluations
            .as_array()
            .ok_or_else(|| unexpected("evaluations", "a list"))?,
    };
    if evaluations.is_empty() {
        return Err(StepError::refused(
            404,
            "no policy evaluation available for the image and tag",
        ));
    }
    let check = Check {
        digest,
        tag,
        policy_id: text(value, "policy_id")?,
        detail: !is(&context.query, "detail", "false"),
        with_base: context.query.get("base_digest").is_some_and(|d| d != ""),
        looked_up: &context.looked_up,
    };
    let evaluations = evaluations
        .iter()
        .map(|evaluation| check.evaluation(evaluation))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(json!([{digest: {tag: evaluations}}]))
}

/// What all evaluations of one answer share.
struct Check<'a> {
    digest: &'a str,
    tag: &'a str,
    policy_id: &'a str,
    detail: bool,
    with_base: bool,
    looked_up: &'a Map<String, Value>,
}

impl Check<'_> {
    fn evaluation(&self, v2: &Value) -> Result<Value, StepError> {
        let time = text(v2, "evaluation_time")?;
        let detail = match v2.get("details") {
            Some(details) if self.detail && !details.is_null() => self.details(v2, details)?,
            _ => json!({}),
        };
        Ok(json!({
            "detail": detail,
            "last_evaluation": utc(time)?.0,
            "policyId": self.policy_id,
            "status": text(v2, "status")?,
        }))
    }

    fn details(&self, v2: &Value, details: &Value) -> Result<Value, StepError> {
        let seconds = utc(text(v2, "evaluation_time")?)?.1;
        let bundle = policy_document::v2_to_v1(details["policy"].clone())?;
        let image_id = self.image_id()?;
        let problems = match v2.get("evaluation_problems") {
            None | Some(Value::Null) => json!([]),
            Some(problems) => problems.clone(),
        };
        let mut result = json!({
            "bundle": bundle,
            "created_at": seconds,
            "evaluation_problems": problems,
            "final_action": text(v2, "final_action")?,
            "final_action_reason": reason(text(v2, "final_action_reason")?),
            "image_digest": self.digest,
            "image_id": image_id,
            "last_modified": seconds,
            "matched_blacklisted_images_rule":
                matched(v2, "matched_denylisted_images_rule", &IMAGE_SELECTION_RULE)?,
            "matched_mapping_rule": matched(v2, "matched_mapping_rule", &MAPPING_RULE)?,
            "matched_whitelisted_images_rule":
                matched(v2, "matched_allowlisted_images_rule", &IMAGE_SELECTION_RULE)?,
            "result": {
                image_id: {"result": self.table(details, image_id)?},
                "policy_data": [],
                "policy_name": "",
                "whitelist_data": [],
                "whitelist_names": [],
            },
            "status": text(v2, "status")?,
            "tag": self.tag,
            "user_id": self.account_name()?,
        });
        if self.with_base {
            result["base_image_digest"] = v2["comparison_image_digest"].clone();
        }
        Ok(json!({"policy": bundle, "result": result}))
    }

    fn table(&self, details: &Value, image_id: &str) -> Result<Value, StepError> {
        let subject = Subject {
            id: image_id,
            name: self.tag,
            with_base: self.with_base,
        };
        // The decision of the rules, before allowed and denied images are looked at.
        subject.table(&details["findings"], text(details, "policy_action")?)
    }

    /// Whose image it is.
    fn account_name(&self) -> Result<&str, StepError> {
        let name = self.looked_up.get("account_name").and_then(Value::as_str);
        name.filter(|name| !name.is_empty())
            .ok_or_else(|| unexpected("account_name", "a name"))
    }

    /// The id of the image under the evaluated tag; of its first tag when the evaluated one
    /// was never attached to it, which V1 allowed.
    fn image_id(&self) -> Result<&str, StepError> {
        let details = self.looked_up.get("image_detail").and_then(Value::as_array);
        let details = details.map(Vec::as_slice).unwrap_or_default();
        details
            .iter()
            .find(|detail| detail["full_tag"] == self.tag)
            .or(details.first())
            .and_then(|detail| detail["image_id"].as_str())
            .ok_or_else(|| unexpected("image_detail", "a list with an image id"))
    }
}

/// A time as V1 wrote it, in UTC with `Z`, and its seconds since 1970.
fn utc(time: &str) -> Result<(String, i64), StepError> {
    let at = DateTime::parse_from_rfc3339(time)
        .map(|at| at.to_utc())
        // Without a zone it is UTC.
        .or_else(|_| time.parse::<NaiveDateTime>().map(|at| at.and_utc()))
        .map_err(|_| unexpected("evaluation_time", "a time"))?;
    Ok((at.format("%Y-%m-%dT%H:%M:%SZ").to_string(), at.timestamp()))
}

fn is(query: &Map<String, Value>, name: &str, word: &str) -> bool {
    query
        .get(name)
        .and_then(Value::as_str)
        .is_some_and(|sent| sent.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::findings_table::{BASE_COLUMN, HEADER};

    const TAG: &str = "quay.io/team/app:1";

    fn context(query: Value) -> StepContext {
        let map = |value: Value| value.as_object().expect("an object").clone();
        StepContext {
            query: map(query),
            looked_up: map(json!({
                "account_name": "team",
                "image_detail": [
                    {"full_tag": "quay.io/team/app:0", "image_id": "id0"},
                    {"full_tag": TAG, "image_id": "id1"}],
            })),
            ..StepContext::default()
        }
    }

    fn finding() -> Value {
        json!({"trigger_id": "T1", "gate": "packages", "trigger": "denylist", "message": "denied: telnet",
            "action": "stop", "policy_id": "rs1", "rule_id": "r1", "recommendation": "",
            "allowlisted": false, "allowlist_match": null, "inherited_from_base": true})
    }

    fn allowed_finding() -> Value {
        let mut finding = finding();
        finding["action"] = json!("go");
        finding["allowlisted"] = json!(true);
        finding["allowlist_match"] =
            json!({"id": "al1", "name": "Global", "matched_rule_id": "i1"});
        finding
    }

    fn evaluation() -> Value {
        json!({
            "status": "fail", "evaluation_time": "2024-02-03T04:05:06Z",
            "final_action": "stop", "final_action_reason": "policy_evaluation",
            "evaluation_problems": [], "number_of_findings": 2, "comparison_image_digest": null,
            "image_allowlisted": false, "matched_allowlisted_images_rule": null,
            "image_denylisted": false, "matched_denylisted_images_rule": {},
            "image_mapped_to_rule": true,
            "matched_mapping_rule": {"id": "m1", "name": "all", "registry": "*", "repository": "*",
                "image": {"type": "tag", "value": "*"}, "rule_set_ids": ["rs1"], "allowlist_ids": ["al1"]},
            "details": {
                "policy": {"id": "p1", "name": "P", "version": "2", "rule_sets": [], "mappings": []},
                "policy_action": "stop", "remediations": [],
                "findings": [finding(), allowed_finding()]},
        })
    }

    fn answer(evaluations: &[Value]) -> Value {
        json!({"image_digest": "sha256:aa", "evaluated_tag": TAG, "policy_id": "p1", "evaluations": evaluations})
    }

    fn only(v1: &Value) -> &Value {
        &v1[0]["sha256:aa"][TAG][0]
    }

    #[test]
    fn findings_become_rows_of_a_table_keyed_by_the_image_id() {
        let v1 = v2_to_v1(&answer(&[evaluation()]), &context(json!({}))).unwrap();
        let evaluation = only(&v1);
        assert_eq!(evaluation["policyId"], json!("p1"));
        assert_eq!(evaluation["status"], json!("fail"));
        assert_eq!(evaluation["last_evaluation"], json!("2024-02-03T04:05:06Z"));
        let result = &evaluation["detail"]["result"];
        assert_eq!(result["image_id"], json!("id1"));
        assert_eq!(result["user_id"], json!("team"));
        assert_eq!(result["created_at"], json!(1_706_933_106));
        assert_eq!(result["bundle"], evaluation["detail"]["policy"]);
        assert_eq!(result["bundle"]["version"], json!("1_0"));
        assert_eq!(result["matched_mapping_rule"]["policy_ids"], json!(["rs1"]));
        assert_eq!(result["matched_whitelisted_images_rule"], json!(false));
        assert_eq!(result["matched_blacklisted_images_rule"], json!(false));
        let table = &result["result"]["id1"]["result"];
        assert_eq!(table["header"], json!(HEADER));
        assert_eq!(table["row_count"], json!(2));
        assert_eq!(
            table["rows"],
            json!([
                ["id1", TAG, "T1", "packages", "blacklist", "denied: telnet", "stop", false, "rs1"],
                ["id1", TAG, "T1", "packages", "blacklist", "denied: telnet", "go",
                    {"matched_rule_id": "i1", "whitelist_id": "al1", "whitelist_name": "Global"}, "rs1"],
            ])
        );
        assert_eq!(evaluation.get("base_image_digest"), None);
    }

    #[test]
    fn every_row_is_as_long_as_the_header() {
        for query in [json!({}), json!({"base_digest": "sha256:bb"})] {
            let v1 = v2_to_v1(&answer(&[evaluation()]), &context(query)).unwrap();
            let table = &only(&v1)["detail"]["result"]["result"]["id1"]["result"];
            let columns = table["header"].as_array().unwrap().len();
            for row in table["rows"].as_array().unwrap() {
                assert_eq!(row.as_array().unwrap().len(), columns);
            }
        }
    }

    #[test]
    fn a_base_image_adds_a_column() {
        let mut evaluation = evaluation();
        evaluation["comparison_image_digest"] = json!("sha256:bb");
        let query = json!({"base_digest": "sha256:bb"});
        let v1 = v2_to_v1(&answer(&[evaluation]), &context(query)).unwrap();
        let result = &only(&v1)["detail"]["result"];
        assert_eq!(result["base_image_digest"], json!("sha256:bb"));
        let table = &result["result"]["id1"]["result"];
        assert_eq!(table["header"][9], json!(BASE_COLUMN));
        assert_eq!(table["rows"][0][9], json!(true));
    }

    #[test]
    fn the_rules_decision_stands_inside_and_the_image_lists_decision_outside() {
        let mut evaluation = evaluation();
        evaluation["final_action"] = json!("go");
        evaluation["final_action_reason"] = json!("allowlisted");
        evaluation["status"] = json!("pass");
        evaluation["matched_allowlisted_images_rule"] = json!({"id": "ai1", "name": "good",
            "registry": "quay.io", "repository": "team/app", "image": {"type": "tag", "value": "1"}});
        let v1 = v2_to_v1(&answer(&[evaluation]), &context(json!({}))).unwrap();
        let result = &only(&v1)["detail"]["result"];
        assert_eq!(result["final_action"], json!("go"));
        assert_eq!(result["final_action_reason"], json!("whitelisted"));
        assert_eq!(
            result["result"]["id1"]["result"]["final_action"],
            json!("stop")
        );
        assert_eq!(
            result["matched_whitelisted_images_rule"]["id"],
            json!("ai1")
        );
    }

    #[test]
    fn without_detail_nothing_is_looked_up() {
        let mut evaluation = evaluation();
        evaluation["details"] = json!(null);
        let context = StepContext {
            query: context(json!({"detail": "False"})).query,
            ..StepContext::default()
        };
        let v1 = v2_to_v1(&answer(&[evaluation.clone(), evaluation]), &context).unwrap();
        assert_eq!(
            v1,
            json!([{"sha256:aa": {TAG: [
                {"detail": {}, "last_evaluation": "2024-02-03T04:05:06Z", "policyId": "p1", "status": "fail"},
                {"detail": {}, "last_evaluation": "2024-02-03T04:05:06Z", "policyId": "p1", "status": "fail"},
            ]}}])
        );
    }

    #[test]
    fn a_tag_that_was_never_attached_has_the_first_id() {
        let mut answer = answer(&[evaluation()]);
        answer["evaluated_tag"] = json!("docker.io/other:9");
        let v1 = v2_to_v1(&answer, &context(json!({}))).unwrap();
        let evaluation = &v1[0]["sha256:aa"]["docker.io/other:9"][0];
        assert_eq!(evaluation["detail"]["result"]["image_id"], json!("id0"));
    }

    #[test]
    fn no_evaluation_is_v1s_404() {
        for none in [json!([]), json!(null)] {
            let mut answer = answer(&[]);
            answer["evaluations"] = none;
            assert!(matches!(
                v2_to_v1(&answer, &context(json!({}))),
                Err(StepError::Refused { status: 404, .. })
            ));
        }
    }

    #[test]
    fn without_the_image_there_is_no_table() {
        for lost in ["account_name", "image_detail"] {
            let mut context = context(json!({}));
            context.looked_up.insert(lost.to_owned(), json!(""));
            assert!(
                matches!(
                    v2_to_v1(&answer(&[evaluation()]), &context),
                    Err(StepError::Unexpected(_))
                ),
                "{lost}"
            );
        }
    }

    #[test]
    fn times_are_utc_with_z() {
        let seconds = 1_706_933_106;
        for time in [
            "2024-02-03T04:05:06Z",
            "2024-02-03T05:05:06.250+01:00",
            "2024-02-03T04:05:06",
        ] {
            assert_eq!(utc(time), Ok(("2024-02-03T04:05:06Z".to_owned(), seconds)));
        }
        assert!(utc("yesterday").is_err());
    }

    #[test]
    fn a_missing_promise_is_an_error_and_not_a_shorter_table() {
        for pointer in [
            "/details/findings",
            "/details/policy_action",
            "/details/findings/0/message",
            "/final_action",
            "/evaluation_time",
        ] {
            let mut evaluation = evaluation();
            *evaluation.pointer_mut(pointer).unwrap() = json!(null);
            assert!(
                matches!(
                    v2_to_v1(&answer(&[evaluation]), &context(json!({}))),
                    Err(StepError::Unexpected(_))
                ),
                "{pointer}"
            );
        }
    }
}
