//! Plans: mappings after compilation, ready to run. Small, `Send + Sync`, and nothing in
//! them is looked up by string while a body streams by.

pub mod body;
pub mod call;
pub mod composed;
pub mod explain;
pub mod lookup;
pub mod operation;
pub mod pages;
pub(crate) mod query;
pub mod response;
pub(crate) mod template;
