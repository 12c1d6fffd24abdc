//! Access: which actions there are, which roles allow them, who holds which role where.

pub(crate) mod action;
pub(crate) mod grants;
pub(crate) mod identity;
pub(crate) mod password;
pub(crate) mod role;
pub(crate) mod token;
