//! A V2 list that is had page by page, where V1 had it whole.

use std::sync::Arc;

use crate::plan::body::BodyPlan;
use crate::plan::call::{UpstreamCall, add};

/// How the pages of a V2 list become one V1 list.
#[derive(Debug)]
pub struct PagesPlan {
    pub(crate) page: Box<str>,
    pub(crate) size: Box<str>,
    pub(crate) rows: u64,
    /// What stands in front of the list in the V1 body.
    pub(crate) before: Box<str>,
    /// How the list of a page is taken out and rewritten, for each name that servers have for
    /// it.
    pub(crate) lists: Vec<Arc<BodyPlan>>,
    /// What stands behind the list.
    pub(crate) after: Box<str>,
}

impl PagesPlan {
    /// The call for one page, counted from 1. `call` is the call of the operation.
    pub fn call(&self, call: &UpstreamCall, page: u64) -> UpstreamCall {
        let mut call = call.clone();
        add(&mut call.path_and_query, &self.page, &page.to_string());
        add(&mut call.path_and_query, &self.size, &self.rows.to_string());
        call
    }

    /// How many rows a full page has. A page with fewer is the last.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}
