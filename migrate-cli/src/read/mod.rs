//! Exchanges from files.

pub(crate) mod records;
