//! `/images/{image_digest}/content`: what is in an image, by type.
//!
//! Listings are stored in the form they are sent in, cut into pieces, so that even the files of a
//! large image are sent piece by piece.

pub(super) mod handlers;
mod store;
pub(crate) mod types;

#[cfg(test)]
mod tests;
