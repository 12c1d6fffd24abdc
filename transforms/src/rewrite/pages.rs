//! Joins the pages of a V2 list to one V1 list while they stream by.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use super::body::BodyRewriter;
use super::error::{Limits, RewriteError};
use super::rows::{NotAList, Piece, Splitter};
use crate::plan::pages::PagesPlan;
use crate::step::StepContext;

/// Why a page cannot be joined to the list.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// The page is not JSON, or has no list where the mapping says.
    #[error("{0}")]
    Page(#[from] RewriteError),
    /// There is something else where the mapping says that a list is.
    #[error("there is no list where one was expected")]
    NotAList,
    /// The upstream does not divide its list as it was asked to: rows could be missing.
    #[error("the page has more than the {0} rows that were asked for")]
    TooManyRows(u64),
    /// The upstream sends the same rows again and again.
    #[error("the page has the very rows of the page before it")]
    Repeated,
}

impl From<NotAList> for PagesError {
    fn from(_: NotAList) -> Self {
        Self::NotAList
    }
}

/// What comes after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Another page.
    Page,
    /// Nothing: the list is complete.
    Nothing,
}

/// Joins pages. Feed each page with [`push`](Self::push), then call
/// [`end_page`](Self::end_page); after an error neither may be called again. Holds no row, only
/// what the rewriter of a row holds.
#[derive(Debug)]
pub struct PageJoin {
    plan: Arc<PagesPlan>,
    context: Arc<StepContext>,
    limits: Limits,
    /// Which name the list has, once it was met.
    list: Option<usize>,
    page: Page,
    /// Rows so far, this page included.
    rows: u64,
    /// What the rows of the page before look like.
    before: Option<u64>,
}

/// The page that is being read.
#[derive(Debug, Default)]
struct Page {
    /// A reader for each name that the list may have, until one has found it.
    readers: Vec<(usize, BodyRewriter)>,
    splitter: Splitter,
    scratch: Vec<u8>,
    rows: u64,
    hash: DefaultHasher,
    /// Whether the element at hand has begun.
    in_row: bool,
    started: bool,
}

impl PageJoin {
    /// A join for the pages of one list.
    pub fn new(plan: Arc<PagesPlan>, context: Arc<StepContext>, limits: Limits) -> Self {
        Self {
            plan,
            context,
            limits,
            list: None,
            page: Page::default(),
            rows: 0,
            before: None,
        }
    }

    /// Takes the next bytes of the page, appends what can leave already to `out`.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), PagesError> {
        self.start();
        let mut failure = None;
        let mut found = None;
        self.page.readers.retain_mut(|(list, reader)| {
            if found.is_some() {
                return false;
            }
            match reader.push(input, &mut self.page.scratch) {
                Ok(()) => {
                    if !self.page.scratch.is_empty() {
                        found = Some(*list);
                    }
                    true
                }
                Err(error) => {
                    failure.get_or_insert(error);
                    false
                }
            }
        });
        self.settle(found);
        match failure {
            Some(error) if self.page.readers.is_empty() => Err(error.into()),
            _ => self.split(out),
        }
    }

    /// Ends the page, appends the rest of it to `out`; after the last one also what stands
    /// behind the list.
    pub fn end_page(&mut self, out: &mut Vec<u8>) -> Result<After, PagesError> {
        self.start();
        let mut failure = None;
        let mut found = None;
        for (list, mut reader) in std::mem::take(&mut self.page.readers) {
            let mut rest = Vec::new();
            match reader.finish(&mut rest) {
                Ok(()) => {
                    self.page.scratch.append(&mut rest);
                    found = Some(list);
                    break;
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        match (found, failure) {
            (Some(list), _) => self.list = Some(list),
            (None, Some(error)) => return Err(error.into()),
            (None, None) => return Err(PagesError::NotAList),
        }
        self.split(out)?;
        let page = std::mem::take(&mut self.page);
        if !page.splitter.is_complete() {
            return Err(PagesError::NotAList);
        }
        if page.rows < self.plan.rows {
            self.open(out);
            out.push(b']');
            out.extend_from_slice(self.plan.after.as_bytes());
            return Ok(After::Nothing);
        }
        let hash = Some(page.hash.finish());
        if std::mem::replace(&mut self.before, hash) == hash {
            return Err(PagesError::Repeated);
        }
        Ok(After::Page)
    }

    /// How many rows have come so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the page that are in memory now.
    pub fn held_bytes(&self) -> usize {
        let readers = self.page.readers.iter();
        self.page.scratch.capacity() + readers.map(|(_, r)| r.held_bytes()).sum::<usize>()
    }

    /// Makes the readers of a page.
    fn start(&mut self) {
        if std::mem::replace(&mut self.page.started, true) {
            return;
        }
        let lists = self.plan.lists.iter().enumerate();
        self.page.readers = lists
            .filter(|(index, _)| self.list.is_none_or(|list| list == *index))
            .map(|(index, plan)| {
                let context = Arc::clone(&self.context);
                (
                    index,
                    BodyRewriter::new(Arc::clone(plan), context, self.limits),
                )
            })
            .collect();
    }

    /// Goes on with the reader that has found the list.
    fn settle(&mut self, found: Option<usize>) {
        if let Some(found) = found {
            self.list = Some(found);
            self.page.readers.retain(|(list, _)| *list == found);
        }
    }

    /// Writes what stands in front of the list, if no row has come yet.
    fn open(&self, out: &mut Vec<u8>) {
        if self.rows == 0 {
            out.extend_from_slice(self.plan.before.as_bytes());
            out.push(b'[');
        }
    }

    /// Moves rows from what the reader wrote to `out`.
    fn split(&mut self, out: &mut Vec<u8>) -> Result<(), PagesError> {
        let text = std::mem::take(&mut self.page.scratch);
        let mut splitter = std::mem::take(&mut self.page.splitter);
        let outcome = splitter.push(&text, &mut |piece| match piece {
            Piece::Bytes(bytes) => {
                if !std::mem::replace(&mut self.page.in_row, true) {
                    self.begin_row(out)?;
                }
                self.page.hash.write(bytes);
                out.extend_from_slice(bytes);
                Ok(())
            }
            Piece::End => {
                self.page.in_row = false;
                Ok(())
            }
        });
        self.page.splitter = splitter;
        self.page.scratch = text;
        self.page.scratch.clear();
        outcome
    }

    fn begin_row(&mut self, out: &mut Vec<u8>) -> Result<(), PagesError> {
        if self.page.rows == self.plan.rows {
            return Err(PagesError::TooManyRows(self.plan.rows));
        }
        self.open(out);
        if self.rows > 0 {
            out.push(b',');
        }
        self.page.rows += 1;
        self.rows += 1;
        Ok(())
    }
}
