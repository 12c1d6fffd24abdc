//! Checks that the body is UTF-8.
//!
//! Only blocks with bytes above 0x7f are looked at, and those by the standard library.

use super::error::RewriteError;
use super::scanner::BLOCK;
use super::window::Window;

/// What is still to be checked.
#[derive(Debug, Default)]
pub(super) struct Characters {
    /// Start of the bytes of the window that may not be UTF-8.
    unchecked: Option<usize>,
}

impl Characters {
    /// Checks the next blocks of the window; bit n of `high` says that block n has bytes
    /// above 0x7f. On an error, tells in which block.
    #[inline(always)]
    pub(super) fn check(
        &mut self,
        window: &Window,
        high: u64,
        blocks: usize,
    ) -> Result<(), (usize, RewriteError)> {
        if blocks == 0 || (high == 0 && self.unchecked.is_none()) {
            return Ok(());
        }
        self.check_some(window, high, blocks)
    }

    #[inline(never)]
    fn check_some(
        &mut self,
        window: &Window,
        high: u64,
        blocks: usize,
    ) -> Result<(), (usize, RewriteError)> {
        let block = |index: u32| window.scanned + index as usize * BLOCK;
        let mut rest = high & (u64::MAX >> (u64::BITS as usize - blocks));
        let mut next = 0;
        loop {
            // Blocks without such bytes: no character may be cut by the first of them.
            let first = rest.trailing_zeros().min(blocks as u32);
            if let Some(from) = self.unchecked
                && first > next
            {
                let (Ok(valid) | Err(valid)) = characters(&window.bytes[from..block(next)]);
                if from + valid < block(next) {
                    return Err((next as usize, not_utf8(window, from + valid)));
                }
                self.unchecked = None;
            }
            if first as usize == blocks {
                return Ok(());
            }
            self.unchecked.get_or_insert(block(first));
            next = first + (rest >> first).trailing_ones();
            if next as usize == blocks {
                return Ok(());
            }
            rest &= u64::MAX << next;
        }
    }

    /// Checks what is left before `end`, where a character may be cut.
    pub(super) fn settle(&mut self, window: &Window, end: usize) -> Result<(), RewriteError> {
        if let Some(from) = self.unchecked.take() {
            let valid = characters(&window.bytes[from..end])
                .map_err(|valid| not_utf8(window, from + valid))?;
            self.unchecked = (from + valid < end).then_some(from + valid);
        }
        Ok(())
    }

    /// Everything moved `by` bytes to the front.
    pub(super) fn shift(&mut self, by: usize) {
        self.unchecked = self.unchecked.map(|at| at.saturating_sub(by));
    }

    /// The first of two errors: `error`, or a byte before it that is not UTF-8.
    #[cold]
    #[inline(never)]
    pub(super) fn earlier(&self, window: &Window, error: RewriteError) -> RewriteError {
        let (Some(from), Some(offset)) = (self.unchecked, error.offset()) else {
            return error;
        };
        let start = window.offset(from);
        let before = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = &window.bytes[from..];
        match characters(&bytes[..before.min(bytes.len())]) {
            Err(valid) => not_utf8(window, from + valid),
            Ok(_) => error,
        }
    }
}

/// How many bytes are whole characters: all but at most three, or those before one that is
/// none.
fn characters(bytes: &[u8]) -> Result<usize, usize> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(error) => Err(error.valid_up_to()),
    }
}

fn not_utf8(window: &Window, at: usize) -> RewriteError {
    RewriteError::not_json("a byte that is not UTF-8", window.offset(at))
}
