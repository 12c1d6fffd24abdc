//! Reads V1/V2 mappings, matches routes and rewrites JSON bodies as they stream by.
//!
//! This crate knows *how* to rewrite, never *what*: which fields exist and how two API
//! generations differ is data, read from mapping files. It does no I/O and knows no clock.
//!
//! ```text
//! mapping files ─parse─▶ MappingSet ─compile─▶ Mappings (routes + plans) ─▶ BodyRewriter
//! ```

pub mod compile;
pub mod diagnostic;
pub mod exchange;
pub mod mapping;
pub mod operation;
pub mod plan;
pub mod rewrite;
pub mod route;
pub mod step;

pub use compile::Mappings;
pub use mapping::MappingSet;
