//! Where rewritten bodies differ from a specification on purpose, each with the reason. The list
//! only shrinks; an entry that nothing needs fails the test.

use std::collections::{BTreeMap, BTreeSet};

/// Places that are right: the end of `operation status: place: law`, or all of it, and why.
pub(crate) const LIST: &[(&str, &str)] = &[
    (" email: type", SENT_NULL),
    ("[].email: type", SENT_NULL),
    (" source: type", SENT_NULL),
    ("[].source: type", SENT_NULL),
    (" detail: type", SENT_NULL),
    ("[].detail: type", SENT_NULL),
    (" max_images_per_account: type", SENT_NULL),
    ("[].max_images_per_account: type", SENT_NULL),
    ("event.resource.id: type", SENT_NULL),
    ("event.source.request_id: type", SENT_NULL),
    ("[].groups[].last_sync: type", SENT_NULL),
    ("rules.last_updated: type", SENT_NULL),
    ("list_imagetags 200: [].analyzed_at: type", SENT_NULL),
    ("vulnerabilities[].description: type", SENT_NULL),
    ("vulnerabilities[].references: type", SENT_NULL),
    (
        r#"policybundle: required "id" is a required property"#,
        NO_DOCUMENT,
    ),
    (
        r#"policybundle: required "mappings" is a required property"#,
        NO_DOCUMENT,
    ),
    (
        r#"policybundle: required "policies" is a required property"#,
        NO_DOCUMENT,
    ),
    (
        r#"policybundle: required "version" is a required property"#,
        NO_DOCUMENT,
    ),
    (
        "add_policy request: name: minLength",
        "V2 wants a name and refuses an empty one; which one it should be nobody can know",
    ),
    (
        "get_image_policy_check 200: a step misses something",
        NOT_PROMISED,
    ),
    (
        "get_image_policy_check_by_digest 200: a step misses something",
        NOT_PROMISED,
    ),
    (
        "get_image_policy_check_by_imageId 200: a step misses something",
        NOT_PROMISED,
    ),
    (
        "get_source_policy_check 200: a step misses something",
        NOT_PROMISED,
    ),
    (
        "get_stateless_sbom_vulnerabilities 200: a step misses something",
        NOT_PROMISED,
    ),
    (
        "get_source_policy_check 200: [].result.matched_mapping_rule: a free-form map was changed",
        "the specification says no more than object; it is a mapping rule of the policy",
    ),
];

const SENT_NULL: &str = "V1 servers wrote null too";
const NO_DOCUMENT: &str = "V1 servers wrote an empty object for a record without its document";
const NOT_PROMISED: &str =
    "the V2 specification requires nothing; without it a table would be guessed, so it is an error";

/// What no exception is for; with `all`, the exceptions that nothing needs as well.
pub(crate) fn unexcused(wrong: &BTreeMap<String, String>, all: bool) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut left = Vec::new();
    for (place, why) in wrong {
        match LIST.iter().position(|(end, _)| place.ends_with(end)) {
            Some(index) => _ = used.insert(index),
            None => left.push(format!("{place} ({why})")),
        }
    }
    for (index, exception) in LIST.iter().enumerate() {
        if all && !used.contains(&index) {
            left.push(format!("the exception {exception:?} is not needed"));
        }
    }
    left
}
