//! What every operation shares: who calls, what may be read from a request, and how errors look.

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod drain;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod limits;
pub(crate) mod measure;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod stream;
pub(crate) mod strict;
pub(crate) mod uri;

#[cfg(test)]
mod tests;

pub(crate) use body::{Json, JsonText};
pub(crate) use error::{ApiError, ApiResult};
pub(crate) use guard::Caller;
pub(crate) use path::Path;
pub(crate) use problem::Problem;
pub(crate) use query::Query;
