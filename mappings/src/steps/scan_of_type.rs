//! The scan of an SBOM that is not kept: V1 had one for each type of packages, V2 has one for
//! all.

use serde_json::{Value, json};
use windlass_transforms::step::{Step, StepContext, StepError};

/// Chooses the rows that V1 was asked for, and says which type that was.
pub(super) const STEP: Step = Step {
    name: "scan_of_type",
    reason: "which rows are answered depends on the path and the query of the request",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(v2_to_v1),
};

/// The types of packages that are not part of an operating system, in lower case.
const NON_OS: &[&str] = &[
    "java", "python", "npm", "gem", "maven", "js", "composer", "nuget", "binary", "go",
];

/// # Errors
/// The answer has no rows, or `will_not_fix` is no boolean.
fn v2_to_v1(mut value: Value, context: &StepContext) -> Result<Value, StepError> {
    let wanted = context
        .path
        .get("vtype")
        .and_then(Value::as_str)
        .unwrap_or("all");
    let will_not_fix = match context.query.get("will_not_fix").and_then(Value::as_str) {
        None => None,
        Some(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        Some(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        Some(_) => {
            let message = "Wrong type, expected 'boolean' for query parameter 'will_not_fix'";
            return Err(StepError::Malformed(message.to_owned()));
        }
    };
    let unexpected =
        || StepError::Unexpected("a scan without a list of vulnerabilities".to_owned());
    let scan = value.as_object_mut().ok_or_else(unexpected)?;
    let rows = scan
        .get_mut("vulnerabilities")
        .and_then(Value::as_array_mut);
    rows.ok_or_else(unexpected)?
        .retain(|row| is_of_type(row, wanted) && has_value(row, will_not_fix));
    let at = scan
        .keys()
        .position(|name| name == "sbom_id")
        .map_or(0, |at| at + 1);
    scan.shift_insert(at, "vulnerability_type".to_owned(), json!(wanted));
    Ok(value)
}

fn is_of_type(row: &Value, wanted: &str) -> bool {
    let kind = row["package_type"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    let is_non_os = NON_OS.contains(&kind.as_str());
    match wanted {
        "os" => !is_non_os,
        "non-os" => is_non_os,
        _ => true,
    }
}

/// Rows without the member will be fixed.
fn has_value(row: &Value, will_not_fix: Option<bool>) -> bool {
    will_not_fix.is_none_or(|wanted| row["will_not_fix"].as_bool().unwrap_or(false) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(vtype: &str, query: &Value) -> StepContext {
        let map = |value: &Value| value.as_object().expect("an object").clone();
        StepContext {
            path: map(&json!({"vtype": vtype})),
            query: map(query),
            ..StepContext::default()
        }
    }

    fn scan() -> Value {
        json!({"sbom_id": "i", "vulnerabilities": [
            {"vuln": "1", "package_type": "APKG"},
            {"vuln": "2", "package_type": "dpkg", "will_not_fix": true},
            {"vuln": "3", "package_type": "Python", "will_not_fix": false},
            {"vuln": "4", "package_type": "go", "will_not_fix": true},
        ], "extended_support": null})
    }

    fn found(vtype: &str, query: &Value) -> String {
        let v1 = v2_to_v1(scan(), &context(vtype, query)).expect("a scan");
        assert_eq!(v1["vulnerability_type"], vtype);
        let rows = v1["vulnerabilities"].as_array().expect("rows").iter();
        rows.map(|row| row["vuln"].as_str().expect("text"))
            .collect()
    }

    #[test]
    fn rows_are_chosen_by_type_and_by_will_not_fix() {
        for (vtype, query, rows) in [
            ("all", json!({}), "1234"),
            ("os", json!({}), "12"),
            ("non-os", json!({}), "34"),
            ("all", json!({"will_not_fix": "True"}), "24"),
            ("all", json!({"will_not_fix": "false"}), "13"),
            ("os", json!({"will_not_fix": "false"}), "1"),
        ] {
            assert_eq!(found(vtype, &query), rows, "{vtype} {query}");
        }
    }

    #[test]
    fn the_type_stands_behind_the_id_and_other_members_stay() {
        let v1 = v2_to_v1(scan(), &context("os", &json!({}))).expect("a scan");
        let names: Vec<&String> = v1.as_object().expect("an object").keys().collect();
        assert_eq!(
            names,
            [
                "sbom_id",
                "vulnerability_type",
                "vulnerabilities",
                "extended_support"
            ]
        );
    }

    #[test]
    fn what_is_no_scan_is_an_error_and_no_empty_one() {
        for wrong in [json!({}), json!([]), json!({"vulnerabilities": null})] {
            let error = v2_to_v1(wrong, &context("os", &json!({}))).expect_err("no scan");
            assert!(matches!(error, StepError::Unexpected(_)));
        }
        let query = json!({"will_not_fix": "maybe"});
        let error = v2_to_v1(scan(), &context("os", &query)).expect_err("no boolean");
        assert!(matches!(error, StepError::Malformed(_)));
    }
}
