//! What policies, and later reports, read about an analysed image: plain types, loaded in one go.

mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;

pub(crate) use store::{evaluation_input, files};
pub(crate) use types::*;
