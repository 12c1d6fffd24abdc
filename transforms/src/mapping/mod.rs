//! What mapping files say, each value with its place.

pub mod set;

pub use set::MappingSet;
