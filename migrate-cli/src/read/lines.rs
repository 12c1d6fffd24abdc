//! Reads the lines of one block.

use memchr::memchr_iter;
use windlass_transforms::exchange::Exchange;

use super::source::REPORTED_LINES;
use crate::audit::call::Call;
use crate::audit::counter::Counter;

/// Longest line that is read; longer ones are counted as unreadable.
pub(crate) const MAX_LINE_BYTES: usize = 1 << 20;

/// Why a line could not be read: what was expected. Never quotes the line.
pub(crate) type Unreadable = std::borrow::Cow<'static, str>;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A call, counted.
    Counted,
    /// A call outside of the time asked for, or a line that is none: a comment, a heading.
    Passed,
}

/// What a line says.
#[derive(Debug)]
pub(crate) enum Observed<'a> {
    /// A call.
    Call(Call<'a>),
    /// A record of the proxy.
    Exchange(Box<Exchange>),
}

/// A format whose calls are lines.
pub(crate) trait LineFormat: Send + Sync {
    /// Reads one line, without its line feed, and hands what it says to `take`.
    fn read(
        &self,
        line: &[u8],
        take: &mut dyn FnMut(Observed<'_>) -> Read,
    ) -> Result<Read, Unreadable>;

    /// Whether the line is of this format.
    fn recognises(&self, line: &[u8]) -> bool {
        self.read(line, &mut |_| Read::Counted)
            .is_ok_and(|read| read == Read::Counted)
    }
}

/// Counts what a line said.
pub(crate) fn count(observed: &Observed<'_>, counter: &mut Counter<'_>) -> Read {
    let counted = match observed {
        Observed::Call(call) => counter.call(call),
        Observed::Exchange(exchange) => counter.exchange(exchange),
    };
    if counted { Read::Counted } else { Read::Passed }
}

/// What one block held.
#[derive(Debug, Default)]
pub(crate) struct BlockCount {
    /// All lines.
    pub(crate) physical: u64,
    /// Without blank ones.
    pub(crate) lines: u64,
    pub(crate) calls: u64,
    pub(crate) unreadable: u64,
    /// The first unreadable ones, counted from 1 in the block.
    pub(crate) first: Vec<(u64, String)>,
}

impl BlockCount {
    /// A block that is one line, too long to be read.
    pub(crate) fn too_long() -> Self {
        let mut count = Self {
            physical: 1,
            lines: 1,
            ..Self::default()
        };
        count.unreadable(too_long());
        count
    }

    fn unreadable(&mut self, reason: Unreadable) {
        self.unreadable += 1;
        if self.first.len() < REPORTED_LINES {
            self.first.push((self.physical, reason.into_owned()));
        }
    }
}

fn too_long() -> Unreadable {
    format!("longer than {MAX_LINE_BYTES} bytes").into()
}

/// Reads every line of a block.
pub(crate) fn read(block: &[u8], format: &dyn LineFormat, counter: &mut Counter<'_>) -> BlockCount {
    let mut count = BlockCount::default();
    let mut start = 0;
    let ends =
        memchr_iter(b'\n', block).chain((block.last() != Some(&b'\n')).then_some(block.len()));
    for end in ends {
        let line = &block[start..end];
        start = end + 1;
        count.physical += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        count.lines += 1;
        if line.len() > MAX_LINE_BYTES {
            count.unreadable(too_long());
            continue;
        }
        match format.read(line, &mut |observed| self::count(&observed, counter)) {
            Ok(Read::Counted) => count.calls += 1,
            Ok(Read::Passed) => {}
            Err(reason) => count.unreadable(reason),
        }
    }
    count
}
