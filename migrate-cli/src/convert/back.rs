//! The way back: what of a body is there again after two conversions.

use std::sync::Arc;

use serde_json::Value;
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::step::StepContext;

use super::loss::{Kind, Place};

/// The way back.
pub(super) struct Back {
    /// Where the input and its way back differ. Members that only the latter has are no loss.
    pub(super) differences: Vec<(Place, Kind)>,
    /// The input, as it came back.
    pub(super) again: Vec<u8>,
}

/// Goes the way back from `output`, which was made from `input`.
///
/// # Errors
/// Why the way back cannot be gone.
pub(super) fn go(
    back: &Arc<BodyPlan>,
    context: &StepContext,
    input: &[u8],
    output: &[u8],
) -> Result<Back, String> {
    let again = super::rewrite(back, context, output).map_err(|error| error.to_string())?;
    let before: Value = serde_json::from_slice(input).map_err(|error| error.to_string())?;
    let after: Value = serde_json::from_slice(&again).map_err(|error| error.to_string())?;
    let mut differences = Vec::new();
    compare(&before, &after, &mut Place::root(), &mut differences);
    Ok(Back { differences, again })
}

fn compare(before: &Value, after: &Value, place: &mut Place, found: &mut Vec<(Place, Kind)>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in before {
                place.member(name);
                match after.get(name) {
                    Some(again) => compare(value, again, place, found),
                    None => found.push((place.clone(), Kind::Dropped)),
                }
                place.up();
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, value) in before.iter().enumerate() {
                place.element(index);
                match after.get(index) {
                    Some(again) => compare(value, again, place, found),
                    None => found.push((place.clone(), Kind::Dropped)),
                }
                place.up();
            }
        }
        (before, after) if before == after => {}
        _ => found.push((place.clone(), Kind::Changed)),
    }
}
