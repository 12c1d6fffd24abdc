//! `/images/{image_digest}/artifacts`: by-products of the analysis, as far as an import brought them.

pub(super) mod handlers;
pub(crate) mod types;

#[cfg(test)]
mod tests;
