//! `/images`: images, what is in them, and what is wrong with them.

pub(crate) mod artifacts;
pub(crate) mod content;
pub(crate) mod evaluation;
pub(crate) mod reference;
