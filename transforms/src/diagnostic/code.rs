//! The registry of codes. Numbers are explicit and never used again for something else:
//! `M1xx` files and syntax, `M2xx` names, `M3xx` layouts and streaming, `M4xx` completeness.

use std::fmt;

use serde::{Serialize, Serializer};

/// The number of a kind of mistake, printed as `M201`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub(crate) u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M{}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
