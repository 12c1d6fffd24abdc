//! The few rewrites that the mapping language cannot say, by name.

use windlass_transforms::step::Step;

/// Every step, as mappings name them after `via`.
pub static STEPS: &[Step] = &[];
