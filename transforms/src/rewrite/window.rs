//! The part of the body that is in memory.
//!
//! The window starts with [`LOOK_BACK`] bytes that have been dealt with (white space at the
//! start of the body). So a place in it is never zero, and there is always something in front
//! of a name. Blocks start at multiples of 64 of the body, whatever the pieces it came in, so
//! that nothing, not even which of two errors is found, depends on them.

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
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![b' '; LOOK_BACK],
            gone: 0,
            scanned: LOOK_BACK,
        }
    }

    /// The blocks to scan.
    pub(super) fn blocks(&self) -> &[[u8; BLOCK]] {
        self.bytes[self.scanned..].as_chunks().0
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
        (self.gone + at as u64).saturating_sub(LOOK_BACK as u64)
    }

    /// Lets everything before `needed` go; answers by how much the rest moves.
    pub(super) fn release(&mut self, needed: usize) -> usize {
        let by = needed.min(self.scanned) - LOOK_BACK;
        if by > 0 {
            self.bytes.drain(..by);
            self.gone += by as u64;
            self.scanned -= by;
        }
        by
    }
}
