//! Named compositions: V1 operations whose answer takes several V2 calls that depend on each
//! other.
//!
//! Each file holds one, the reason why it is not a mapping, and its tests. Compositions are
//! state machines without I/O; which V2 operation each of their calls is, and how the answer
//! looks in V1, is said by the mapping files that name them with `composed`.

mod images_by_vulnerability;

use windlass_transforms::composition::Composition;

/// Every composition, for the compiler of the mappings.
pub static COMPOSITIONS: &[Composition] = &[images_by_vulnerability::COMPOSITION];
