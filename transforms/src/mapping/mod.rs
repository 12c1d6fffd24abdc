//! What mapping files say, each value with its place.

pub(crate) mod composed;
pub(crate) mod cursor;
pub(crate) mod endpoint;
pub(crate) mod expression;
pub(crate) mod layout;
pub(crate) mod lookup;
pub(crate) mod operation;
pub(crate) mod pages;
pub(crate) mod place;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod set;
pub(crate) mod shape;
mod table;

pub use set::MappingSet;
