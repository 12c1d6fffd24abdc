//! `/images/{image_digest}/ancestors`: the images an image is built on.
//!
//! An ancestor is another analysed image of the account whose layers are the first layers of this one. Two images
//! with the same layers are ancestors of each other: one was made of the other without adding a layer, and nothing
//! tells which.
//!
//! They are found without reading any layers: each image keeps a digest of all its layers, and an image's own first
//! layers give the digests its ancestors must have.

pub(super) mod handlers;
mod store;
mod types;

#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// The digest of the first layer, of the first two, and so on to all.
pub(crate) fn digests(layers: &[String]) -> Vec<String> {
    let mut hasher = Sha256::new();
    layers
        .iter()
        .map(|layer| {
            hasher.update(layer);
            hasher.update("\n");
            hex(&hasher.clone().finalize())
        })
        .collect()
}
