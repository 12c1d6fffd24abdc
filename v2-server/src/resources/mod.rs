//! One folder per first path segment; in each the same names: `handlers`, `types`, `store`, `tests`.

pub(crate) mod registries;
