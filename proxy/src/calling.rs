//! Which V2 call of a request is under way, for errors and records.

use windlass_transforms::plan::operation::{Kind, Operation};

/// Which V2 call is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Calling {
    /// None, or none of ours.
    #[default]
    Nothing,
    /// The look-up at this place in the plan.
    LookUp(usize),
    /// The call of the operation.
    Main,
    /// A page of its list, counted from 1.
    Page(u64),
    /// A call of the composition, by its place in the mapping.
    Part(usize),
}

impl Calling {
    /// The call in words: method and path template, never a value.
    pub(crate) fn describe(self, operation: &Operation) -> Option<String> {
        match (&operation.kind, self) {
            (Kind::Call(plan), Self::LookUp(at)) => {
                plan.lookups().get(at).map(|lookup| lookup.v2().to_string())
            }
            (Kind::Call(plan), Self::Main) => Some(plan.v2().to_string()),
            (Kind::Call(plan), Self::Page(page)) => Some(format!("{}, page {page}", plan.v2())),
            (Kind::Composed(plan), Self::Part(at)) => {
                plan.parts().get(at).map(|part| part.v2().to_string())
            }
            _ => None,
        }
    }
}

/// Whether more than one V2 operation is behind a V1 operation.
pub(crate) fn has_several(operation: &Operation) -> bool {
    match &operation.kind {
        Kind::Call(plan) => !plan.lookups().is_empty(),
        Kind::Composed(plan) => plan.parts().len() > 1,
        Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => false,
    }
}

/// All V2 operations behind a V1 operation, in the order in which they are first called.
pub(crate) fn v2_operations(operation: &Operation) -> Vec<String> {
    match &operation.kind {
        Kind::Call(plan) => plan
            .lookups()
            .iter()
            .map(windlass_transforms::plan::lookup::LookupPlan::v2)
            .chain([plan.v2()])
            .map(ToString::to_string)
            .collect(),
        Kind::Composed(plan) => plan.parts().iter().map(|p| p.v2().to_string()).collect(),
        Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => Vec::new(),
    }
}
