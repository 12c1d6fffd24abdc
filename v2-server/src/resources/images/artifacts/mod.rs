//! `/images/{image_digest}/artifacts`: by-products of the analysis.

pub(crate) mod types;
