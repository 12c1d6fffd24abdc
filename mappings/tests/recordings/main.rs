//! Holds the operations whose bodies steps build to what a real V1 server answered.
//!
//! The recordings are read from the folder that `WINDLASS_REFERENCE` names; without it these
//! tests say that they were skipped.

mod evaluation;

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use serde_json::{Map, Value, json};
use windlass_mappings::mappings;
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::operation::Kind;
use windlass_transforms::rewrite::{BodyRewriter, Limits, RewriteError};
use windlass_transforms::step::{StepContext, StepError};

/// What the recorded server wrote into the documents it answered with, beside what was sent.
const WRITTEN_BY_THE_SERVER: &[&str] = &["active", "last_updated"];

/// Epoch seconds of a check: when it began, by a clock that was read once more at its end.
const SECONDS: &[&str] = &["created_at", "last_modified"];

#[test]
fn recorded_policies_come_back_as_they_were_sent() {
    let mut seen = 0;
    for exchange in recordings("add_policy") {
        if exchange["response"]["status"] != 200 {
            continue;
        }
        let plan = call("add_policy");
        let sent = &exchange["request"]["body"];
        let v2 = rewrite_request(plan, &StepContext::default(), sent).unwrap();
        let record = json!({"policy_id": sent["id"], "policy": v2});
        let v1 = rewrite_answer(plan, &StepContext::default(), &record).unwrap();
        let mut recorded = exchange["response"]["body"]["policybundle"].clone();
        for name in WRITTEN_BY_THE_SERVER {
            recorded.as_object_mut().unwrap().remove(*name);
        }
        assert_kept(&recorded, &v1["policybundle"], &exchange["case"]);
        seen += 1;
    }
    assert!(seen > 5 || env::var_os("WINDLASS_REFERENCE").is_none());
}

#[test]
fn recorded_updates_make_whole_records() {
    for exchange in recordings("update_policy") {
        let plan = call("update_policy");
        let path = exchange["request"]["path"].as_str().unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let context = StepContext {
            path: object(&json!({"policyId": path.rsplit('/').next()})),
            query: object(&json!({"active": query.strip_prefix("active=")})),
            looked_up: object(&json!({"account_name": "admin", "name": "n", "policy": ""})),
            ..StepContext::default()
        };
        let answer = &exchange["response"];
        match rewrite_request(plan, &context, &exchange["request"]["body"]) {
            Ok(v2) => {
                for name in [
                    "policy_id",
                    "active",
                    "account_name",
                    "name",
                    "policy_source",
                ] {
                    assert!(v2.get(name).is_some(), "{}: {name}", exchange["case"]);
                }
                // An unknown policy is V2's to refuse; its look-up was.
                if answer["status"] == 200 {
                    assert_eq!(v2["active"], answer["body"][0]["active"]);
                    assert_eq!(v2["name"], answer["body"][0]["name"]);
                }
            }
            Err(RewriteError::Step {
                error:
                    StepError::Refused {
                        status, message, ..
                    },
                ..
            }) => {
                assert_eq!(answer["status"], status, "{}", exchange["case"]);
                assert_eq!(answer["body"]["message"], message);
            }
            Err(RewriteError::Step {
                error: StepError::Malformed(message),
                ..
            }) => assert_eq!(answer["body"]["detail"], message, "{}", exchange["case"]),
            Err(error) => panic!("{}: {error}", exchange["case"]),
        }
    }
}

#[test]
fn recorded_checks_are_rebuilt_from_named_findings() {
    let mut tables = 0;
    for operation in [
        "get_image_policy_check",
        "get_image_policy_check_by_imageId",
    ] {
        for exchange in recordings(operation) {
            if exchange["response"]["status"] != 200 {
                continue;
            }
            let recorded = &exchange["response"]["body"];
            let (v2, context) = evaluation::v2(recorded);
            let v1 = rewrite_answer(call(operation), &context, &v2).unwrap();
            assert_kept(recorded, &v1, &exchange["case"]);
            tables += usize::from(!context.looked_up.is_empty());
        }
    }
    assert!(tables > 5 || env::var_os("WINDLASS_REFERENCE").is_none());
}

#[test]
fn recorded_image_requests_become_sources_or_the_recorded_refusal() {
    for exchange in recordings("add_image") {
        let body = &exchange["request"]["body"];
        if !body.is_object() {
            continue; // no JSON: not the step's to refuse
        }
        let answer = &exchange["response"];
        match rewrite_request(call("add_image"), &StepContext::default(), body) {
            Ok(v2) => {
                assert!(v2["source"].is_object(), "{}", exchange["case"]);
                for older in ["tag", "digest", "dockerfile", "created_at"] {
                    assert_eq!(v2.get(older), None, "{}", exchange["case"]);
                }
            }
            Err(RewriteError::Step {
                error:
                    StepError::Refused {
                        status,
                        message,
                        detail,
                    },
                ..
            }) => {
                assert_eq!(answer["status"], status, "{}", exchange["case"]);
                assert_eq!(answer["body"]["message"], message, "{}", exchange["case"]);
                assert_kept(
                    &Value::from(detail),
                    &answer["body"]["detail"],
                    &exchange["case"],
                );
            }
            Err(error) => panic!("{}: {error}", exchange["case"]),
        }
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn call(operation: &str) -> &'static CallPlan {
    match mappings().operation(operation).map(|found| &found.kind) {
        Some(Kind::Call(plan)) => plan,
        _ => panic!("`{operation}` is not a call"),
    }
}

fn rewrite_request(
    plan: &CallPlan,
    context: &StepContext,
    body: &Value,
) -> Result<Value, RewriteError> {
    match plan.request_body() {
        RequestBody::Rewrite(plan) => rewrite(plan, context, body),
        RequestBody::Opaque | RequestBody::Drawn(_) => panic!("the body is not rewritten"),
    }
}

fn rewrite_answer(
    plan: &CallPlan,
    context: &StepContext,
    body: &Value,
) -> Result<Value, RewriteError> {
    rewrite(plan.response(200).body, context, body)
}

fn rewrite(
    plan: Arc<BodyPlan>,
    context: &StepContext,
    body: &Value,
) -> Result<Value, RewriteError> {
    let mut rewriter = BodyRewriter::new(plan, Arc::new(context.clone()), Limits::default());
    let mut out = Vec::new();
    rewriter.push(body.to_string().as_bytes(), &mut out)?;
    rewriter.finish(&mut out)?;
    Ok(serde_json::from_slice(&out).expect("a rewritten body is JSON"))
}

/// Everything recorded is there, with the same value; more may be.
fn assert_kept(recorded: &Value, made: &Value, case: &Value) {
    match (recorded, made) {
        (Value::Object(recorded), Value::Object(made)) => {
            for (name, value) in recorded {
                let made = made
                    .get(name)
                    .unwrap_or_else(|| panic!("{case}: `{name}` is missing"));
                if SECONDS.contains(&name.as_str()) && value.is_i64() {
                    assert!(made.is_i64(), "{case}: `{name}`");
                } else {
                    assert_kept(value, made, case);
                }
            }
        }
        (Value::Array(recorded), Value::Array(made)) => {
            assert_eq!(recorded.len(), made.len(), "{case}");
            for (recorded, made) in recorded.iter().zip(made) {
                assert_kept(recorded, made, case);
            }
        }
        _ => assert_eq!(recorded, made, "{case}"),
    }
}

/// The recorded exchanges of an operation.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn recordings(operation: &str) -> Vec<Value> {
    let Some(folder) = env::var_os("WINDLASS_REFERENCE") else {
        println!("skipped: WINDLASS_REFERENCE names no folder with recordings");
        return Vec::new();
    };
    let path = PathBuf::from(folder).join("recordings/v1-engine.jsonl");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
    let found: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .filter(|exchange: &Value| exchange["operation"] == operation)
        .collect();
    assert!(!found.is_empty(), "nothing recorded for `{operation}`");
    found
}
