//! `/images/{image_digest}/content`: what is in an image, by type.

pub(crate) mod types;
