//! One folder per first path segment; in each the same names: `handlers`, `types`, `store`, `tests`.

pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod images;
pub(crate) mod registries;
