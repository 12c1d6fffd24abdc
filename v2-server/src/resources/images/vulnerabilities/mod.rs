//! `/images/{image_digest}/vuln`: what is known to be wrong with the packages of an image.
//!
//! Matches are stored rows. Whoever matches packages with feeds replaces an image's rows with
//! [`store::replace`]; the report only reads them.

pub(super) mod handlers;
pub(crate) mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;
