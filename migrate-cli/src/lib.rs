//! The work behind the commands of `windlass`, without arguments and without looks, so that
//! tests and other programs ask the same questions and get the same answers.

pub mod convert;
pub mod coverage;
pub mod documents;
pub mod infer;
