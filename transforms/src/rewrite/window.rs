//! The part of the body that is in memory.
//!
//! The window starts with [`LOOK_BACK`] bytes that have been dealt with (white space at the
//! start of the body). So a place in it is never zero, and there is always something in front
//! of a name. Blocks start at multiples of 64 of the body, whatever the pieces it came in, so
//! that nothing, not even which of two errors is found, depends on them.

use super::error::{Fault, RewriteError};
use super::scanner::BLOCK;

/// Bytes kept in front of what is still needed.
pub(super) const LOOK_BACK: usize = BLOCK;

/// The part of the body that is in memory.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) bytes: Vec<u8>,
    /// How much of the body is not in it any more.
    pub(super) gone: u64,
    /// Everything before was scanned.
    pub(super) scanned: usize,
    /// Start of the bytes that may not be UTF-8.
    pub(super) unchecked: Option<usize>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![b' '; LOOK_BACK],
            gone: 0,
            scanned: LOOK_BACK,
            unchecked: None,
        }
    }

    /// Whether there is a block to scan.
    pub(super) fn has_block(&self) -> bool {
        self.bytes.len() - self.scanned >= BLOCK
    }

    /// Fills the last block with white space. At least one byte, so that whatever is open at
    /// the end of the body meets the end of a token. Answers where the body ends.
    pub(super) fn pad(&mut self) -> usize {
        let end = self.bytes.len();
        let blocks = (end - self.scanned) / BLOCK + 1;
        self.bytes.resize(self.scanned + blocks * BLOCK, b' ');
        end
    }

    /// The place in the body of a place in the window.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.gone + at.saturating_sub(LOOK_BACK) as u64
    }

    /// Lets everything before `needed` go; answers by how much the rest moves.
    pub(super) fn release(&mut self, needed: usize) -> usize {
        let by = needed.min(self.scanned) - LOOK_BACK;
        if by > 0 {
            self.bytes.drain(..by);
            self.gone += by as u64;
            self.scanned -= by;
            self.unchecked = self.unchecked.map(|at| at.saturating_sub(by));
        }
        by
    }

    /// Checks that the bytes scanned so far are UTF-8; a character may be cut by `end`.
    pub(super) fn check_utf8(&mut self, end: usize) -> Result<(), Fault> {
        if let Some(from) = self.unchecked.take() {
            let checked = utf8(&self.bytes[from..end]);
            let valid = checked.map_err(|at| not_utf8(self.offset(from + at)))?;
            self.unchecked = (from + valid < end).then_some(from + valid);
        }
        Ok(())
    }
}

/// How many bytes are whole characters (all but at most three), or where they are none.
pub(super) fn utf8(bytes: &[u8]) -> Result<usize, usize> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(error) => Err(error.valid_up_to()),
    }
}

/// The error for a byte that is not UTF-8.
pub(super) fn not_utf8(offset: u64) -> Fault {
    RewriteError::not_json("a byte that is not UTF-8", offset)
}
