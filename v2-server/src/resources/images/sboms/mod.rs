//! `/images/{image_digest}/sboms`: the SBOM of an image, as it was uploaded and in two published forms.

pub(crate) mod handlers;
pub(crate) mod types;

#[cfg(test)]
mod tests;
