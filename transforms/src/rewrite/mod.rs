//! Runs a [`BodyPlan`](crate::plan::body::BodyPlan) over bytes, in chunks of any size.

#![expect(
    clippy::inline_always,
    reason = "the machine is one loop over blocks: a call in it costs more than what it does, as \
              measured with benches/rewrite.rs"
)]
#![expect(
    clippy::needless_bitwise_bool,
    reason = "a branch that cannot be foretold costs more than the second operand"
)]
#![expect(
    clippy::unnecessary_box_returns,
    reason = "errors are rare and large: boxed, they keep the results of the machine in registers"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "what is cast is a position in a block, or an index into a plan, whose size compiling bounds"
)]
#![expect(
    clippy::result_large_err,
    reason = "the large one leaves once per body, when nothing is fast any more"
)]

mod body;
mod brackets;
mod characters;
mod drawing;
mod error;
mod grammar;
mod level;
mod machine;
mod member;
mod names;
mod order;
mod pages;
pub(crate) mod program;
mod rows;
mod run;
mod scalars;
mod scanner;
mod sink;
mod value;
mod walk;
mod window;

pub use body::BodyRewriter;
pub use error::{Limits, RewriteError};
pub use pages::{After, PageJoin, PagesError};
pub use rows::{RowReader, RowsError};
