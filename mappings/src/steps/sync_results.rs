//! The answer to a feed synchronisation: V1 servers answered with one result per feed, when all
//! was done. Newer V2 servers only say that they began.

use serde_json::{Value, json};
use windlass_transforms::step::Step;

/// See the module.
pub(super) const STEP: Step = Step {
    name: "sync_results",
    reason: "V2 servers answer with a list or with a message; only the list has a place in V1",
    renames: &[],
    v1_to_v2: None,
    v2_to_v1: Some(|value, _| Ok(results(value))),
};

/// The list of results. Without one it is empty, as V1 servers wrote it when no feed was due.
fn results(value: Value) -> Value {
    match value {
        list @ Value::Array(_) => list,
        _ => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_results_stays() {
        for list in [
            json!([]),
            json!([{"feed": "packages", "status": "success"}]),
        ] {
            assert_eq!(results(list.clone()), list);
        }
    }

    #[test]
    fn a_message_that_it_began_is_an_empty_list() {
        for begun in [json!({"message": "feed sync started"}), json!(null)] {
            assert_eq!(results(begun), json!([]));
        }
    }
}
