//! Runs a [`BodyPlan`](crate::plan::body::BodyPlan) over bytes, in chunks of any size.

mod body;
mod drawing;
mod error;
mod grammar;
mod level;
mod machine;
mod names;
pub(crate) mod program;
mod scalars;
mod scanner;
mod value;
mod walk;
mod window;

pub use body::BodyRewriter;
pub use error::{Limits, RewriteError};
