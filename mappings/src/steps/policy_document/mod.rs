//! The policy document: V1's bundle, V2's policy.
//!
//! Names are the smaller part of the difference. V2 documents are closed: a member that V2
//! does not know is an error there, while V1 documents may carry anything, so unknown members
//! are dropped and noted. V2 wants an `id` on every element, `params` and `items` on every
//! rule and list, a name on everything that V1 leaves unnamed. Ids are made from the content
//! of an element, so that the same document sent twice makes the same policy. And the words
//! of the policy language changed (see [`words`]).
//!
//! | V1 | V2 |
//! | --- | --- |
//! | `policies`, `whitelists`, `whitelisted_images`, `blacklisted_images` | `rule_sets`, `allowlists`, `allowlisted_images`, `denylisted_images` |
//! | `policy_ids` and `policy_id` of a mapping, `whitelist_ids` | `rule_set_ids`, `allowlist_ids` |
//! | `comment` | `description` |
//! | version `1_0` | version `2` |
//!
//! Two laws hold, under property test: V1 → V2 → V1 keeps every member that V1 defines, and
//! V2 → V1 → V2 gives the same document. The second is what lets a client read a policy, edit
//! it and put it back.
//!
//! Lost on the way from V1, because V2 has no place for it: `comment` beside another
//! `description` of the same document, an empty name (it becomes the id), and the case of a
//! trigger's name where V2 has another one.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod laws;
mod shapes;
#[cfg(test)]
mod tests;
mod to_v1;
mod to_v2;
pub(super) mod words;

use serde_json::Value;
use windlass_transforms::step::{Step, StepContext, StepError};

pub(super) use shapes::{IMAGE_SELECTION_RULE, MAPPING_RULE, SOURCE_MAPPING_RULE, Shape};
pub(super) use to_v1::rewrite as shape_to_v1;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "policy_document",
    reason: "V2 documents are closed, want ids made from content, and use other words for gates' triggers and values",
    renames: &[
        ("comment", "description"),
        ("whitelists", "allowlists"),
        ("whitelists[].comment", "allowlists[].description"),
        ("policies", "rule_sets"),
        ("policies[].comment", "rule_sets[].description"),
        (
            "source_mappings[].whitelist_ids",
            "source_mappings[].allowlist_ids",
        ),
        (
            "source_mappings[].policy_ids",
            "source_mappings[].rule_set_ids",
        ),
        (
            "source_mappings[].policy_id",
            "source_mappings[].rule_set_ids[]",
        ),
        ("mappings[].whitelist_ids", "mappings[].allowlist_ids"),
        ("mappings[].policy_ids", "mappings[].rule_set_ids"),
        ("mappings[].policy_id", "mappings[].rule_set_ids[]"),
        ("whitelisted_images", "allowlisted_images"),
        ("blacklisted_images", "denylisted_images"),
    ],
    v1_to_v2: Some(v1_to_v2),
    v2_to_v1: Some(|value, _| v2_to_v1(value)),
};

/// A V1 bundle as V2 policy.
///
/// # Errors
/// 400 where the document breaks a rule of V1, in the words of V1 servers. What only V2 can
/// judge (gates, triggers, references) is left to V2.
fn v1_to_v2(value: Value, context: &StepContext) -> Result<Value, StepError> {
    // An update carries the document inside a record; V1 servers said so in their messages.
    let place = if context.path.contains_key("policyId") {
        "policybundle"
    } else {
        ""
    };
    to_v2::document(value, place, context)
}

/// A V2 policy as V1 bundle. Null (a record without its document) stays null.
///
/// # Errors
/// [`StepError::Unexpected`] when a list or object of the document is something else.
pub(super) fn v2_to_v1(value: Value) -> Result<Value, StepError> {
    to_v1::rewrite(value, &shapes::POLICY_BUNDLE)
}
