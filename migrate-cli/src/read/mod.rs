//! Calls from files: found, opened, recognised by content, and counted on all cores.
//!
//! ```text
//! inputs ─open─▶ bytes (unzipped) ─detect─▶ format ─blocks of whole lines─▶ threads ─▶ tally
//! ```
//!
//! Memory is bounded by a few blocks per thread, one line or entry, and the tally.

mod blocks;
mod detect;
pub(crate) mod exchanges;
pub(crate) mod formats;
mod inputs;
mod lines;
mod open;
mod pool;
pub(crate) mod source;

pub(crate) use formats::Formats;
pub(crate) use inputs::{Input, expand};
pub(crate) use pool::{Reading, read};
