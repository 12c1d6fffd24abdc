//! `/archives/images`: archived analyses.
//!
//! Archiving, deleting and restoring are one transaction each, so clients only ever see the status
//! `archived`. The image itself stays where it is when a client archives it; rules remove it.

pub(super) mod dump;
pub(super) mod handlers;
pub(super) mod moving;
pub(super) mod store;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use moving::restore;
