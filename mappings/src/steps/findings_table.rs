//! The table of a policy check: one positional row for each finding, under a header.
//!
//! Clients read the rows by position or by the header's names, so both are fixed. Checks of
//! images and of sources have it in common.

use serde_json::{Value, json};
use windlass_transforms::step::StepError;

use super::Direction;
use super::policy_document::{Shape, shape_to_v1, words};

/// The columns of every table.
pub(super) const HEADER: [&str; 9] = [
    "Image_Id",
    "Repo_Tag",
    "Trigger_Id",
    "Gate",
    "Trigger",
    "Check_Output",
    "Gate_Action",
    "Whitelisted",
    "Policy_Id",
];

/// The column that a comparison with a base image adds.
pub(super) const BASE_COLUMN: &str = "Inherited_From_Base";

/// What was checked, as every row repeats it.
pub(super) struct Subject<'a> {
    /// The first column.
    pub(super) id: &'a str,
    /// The second column.
    pub(super) name: &'a str,
    /// Whether rows say what a base image has too.
    pub(super) with_base: bool,
}

impl Subject<'_> {
    /// The table of these findings. `final_action` is the decision of the rules alone.
    ///
    /// # Errors
    /// [`StepError::Unexpected`] when something that V2 promises is missing.
    pub(super) fn table(&self, findings: &Value, final_action: &str) -> Result<Value, StepError> {
        let rows = findings
            .as_array()
            .ok_or_else(|| unexpected("findings", "a list"))?
            .iter()
            .map(|finding| self.row(finding))
            .collect::<Result<Vec<_>, _>>()?;
        let mut header = HEADER.to_vec();
        if self.with_base {
            header.push(BASE_COLUMN);
        }
        Ok(json!({
            "final_action": final_action,
            "header": header,
            "row_count": rows.len(),
            "rows": rows,
        }))
    }

    fn row(&self, finding: &Value) -> Result<Value, StepError> {
        let gate = text(finding, "gate")?;
        let trigger = text(finding, "trigger")?;
        let mut row = json!([
            self.id,
            self.name,
            text(finding, "trigger_id")?,
            gate,
            words::trigger(gate, trigger, Direction::ToV1).unwrap_or(trigger),
            text(finding, "message")?,
            text(finding, "action")?,
            whitelisted(finding),
            text(finding, "policy_id")?,
        ]);
        if let (true, Value::Array(cells)) = (self.with_base, &mut row) {
            cells.push(finding["inherited_from_base"].clone());
        }
        Ok(row)
    }
}

/// `false`, or which item of which list allowed the finding.
fn whitelisted(finding: &Value) -> Value {
    if finding["allowlisted"] != true {
        return Value::Bool(false);
    }
    let by = &finding["allowlist_match"];
    json!({
        "matched_rule_id": by["matched_rule_id"],
        "whitelist_id": by["id"],
        "whitelist_name": by["name"],
    })
}

/// The rule that matched, or `false`.
pub(super) fn matched(v2: &Value, name: &str, shape: &'static Shape) -> Result<Value, StepError> {
    match v2.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(Value::Bool(false)),
        Some(Value::Object(rule)) if rule.is_empty() => Ok(Value::Bool(false)),
        Some(rule) => shape_to_v1(rule.clone(), shape),
    }
}

/// The word of V1 for why the action is what it is.
pub(super) fn reason(v2: &str) -> &str {
    match v2 {
        "allowlisted" => "whitelisted",
        "denylisted" => "blacklisted",
        same => same,
    }
}

/// A text that V2 promises.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str, StepError> {
    object[name]
        .as_str()
        .ok_or_else(|| unexpected(name, "a text"))
}

/// An answer that breaks a promise of V2.
pub(super) fn unexpected(name: &str, expected: &str) -> StepError {
    StepError::Unexpected(format!("`{name}` of the policy check is not {expected}"))
}
