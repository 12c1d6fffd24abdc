//! The machine: a window over the body, the grammar and the walk.

use crate::step::StepContext;

use super::error::{Fault, Limits, RewriteError};
use super::grammar::Grammar;
use super::program::{Program, ValueId};
use super::scanner::{BLOCK, Features, Isa, Work};
use super::walk::{Place, View, Walk};
use super::window::{LOOK_BACK, Window, not_utf8, utf8};

/// Bytes taken into the window at a time.
pub(super) const PIECE: usize = 32 << 10;

/// What a machine runs on.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) program: &'a Program,
    pub(super) context: &'a StepContext,
    pub(super) limits: Limits,
}

/// Rewrites one document or one value of it.
#[derive(Debug)]
pub(super) struct Machine {
    window: Window,
    grammar: Grammar,
    pub(super) walk: Walk,
    /// How many `:` and `,` there were in the blocks scanned.
    colons: u64,
    commas: u64,
    features: Features,
}

impl Machine {
    /// A machine for a document whose value has the rule `value`.
    pub(super) fn new(program: &Program, value: ValueId, touched: Vec<bool>) -> Self {
        Self {
            window: Window::new(),
            grammar: Grammar::default(),
            walk: Walk::new(program, value, touched),
            colons: 0,
            commas: 0,
            features: Features::best(),
        }
    }

    /// Takes bytes; writes what can leave.
    pub(super) fn push(
        &mut self,
        source: Source<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        for piece in input.chunks(PIECE) {
            self.window.bytes.extend_from_slice(piece);
            if self.window.has_block() {
                self.scan(source, out)?;
                self.settle(source, out)?;
            }
        }
        Ok(())
    }

    /// Ends the document.
    pub(super) fn finish(&mut self, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let end = self.window.pad();
        let length = self.window.offset(end);
        self.scan(source, out).map_err(|error| match *error {
            // The grammar was broken by the end.
            RewriteError::NotJson { offset, .. } if offset >= length => truncated(length),
            _ => error,
        })?;
        self.window.check_utf8(end)?;
        if !self.grammar.may_end() || !self.walk.stack.is_empty() {
            return Err(if self.is_blank() {
                RewriteError::not_json("nothing but white space", 0)
            } else {
                truncated(length)
            });
        }
        if !self.walk.is_whole(self.colons, self.commas) {
            return Err(RewriteError::not_json("more than one value", length));
        }
        let view = view(&self.window, source);
        self.walk.end_value(view, end, out)?;
        self.walk.write(view, end, b"", end, out);
        self.window.bytes.truncate(end);
        Ok(())
    }

    /// After [`finish`](Self::finish): the document, if all of it was held.
    pub(super) fn document(&self) -> &[u8] {
        &self.window.bytes[LOOK_BACK..]
    }

    /// Hands the record of what was touched back.
    pub(super) fn into_touched(self) -> Vec<bool> {
        self.walk.touched
    }

    fn is_blank(&self) -> bool {
        self.grammar.is_at_start() && self.walk.stack.is_empty() && self.colons + self.commas == 0
    }

    /// Scans all whole blocks of the window.
    fn scan(&mut self, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let features = self.features;
        features.run(Scan {
            machine: self,
            source,
            out,
        })
    }

    /// Writes what can leave of the bytes scanned, and moves the window on.
    fn settle(&mut self, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.window.check_utf8(self.window.scanned)?;
        let needed = self
            .walk
            .settle(view(&self.window, source), self.window.scanned, out)?;
        let by = self.window.release(needed);
        self.walk.shift(by);
        Ok(())
    }
}

fn view<'a>(window: &'a Window, source: Source<'a>) -> View<'a> {
    View {
        bytes: &window.bytes,
        gone: window.gone,
        source,
    }
}

#[cold]
fn truncated(offset: u64) -> Fault {
    Box::new(RewriteError::Truncated { offset })
}

/// The scan of the blocks in the window.
struct Scan<'m, 's, 'o> {
    machine: &'m mut Machine,
    source: Source<'s>,
    out: &'o mut Vec<u8>,
}

impl Work for Scan<'_, '_, '_> {
    type Output = Result<(), Fault>;

    #[inline(always)]
    fn run<I: Isa>(self) -> Self::Output {
        let Self {
            machine,
            source,
            out,
        } = self;
        while machine.window.has_block() {
            if let Err(error) = machine.block::<I>(source, out) {
                return Err(machine.earlier(error));
            }
        }
        Ok(())
    }
}

impl Machine {
    #[inline(always)]
    fn block<I: Isa>(&mut self, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Self {
            window,
            grammar,
            walk,
            colons,
            commas,
            ..
        } = self;
        let start = window.scanned;
        let Some((block, _)) = window.bytes[start..].split_first_chunk::<BLOCK>() else {
            return Ok(());
        };
        let masks = I::masks(block);
        if masks.high != 0 {
            window.unchecked.get_or_insert(start);
        } else if let Some(from) = window.unchecked {
            whole_characters(window, from, start)?;
            window.unchecked = None;
        }
        let tokens = grammar.block::<I>(block, &masks).map_err(|breach| {
            RewriteError::not_json(breach.what, window.offset(start + breach.at))
        })?;

        walk.enter_block(start, masks.backslashes);
        let view = view(window, source);
        let brackets = tokens.opens | tokens.closes;
        let mut rest = u64::MAX;
        loop {
            let mut events = brackets;
            if walk.level.sees_colons {
                events |= tokens.colons;
            }
            if walk.level.sees_commas {
                events |= tokens.commas;
            }
            events &= rest;
            if events == 0 {
                break;
            }
            let event = events & events.wrapping_neg();
            let before = event - 1;
            rest = !(before | event);
            let place = Place {
                at: start + event.trailing_zeros() as usize,
                block: start,
                quotes: tokens.quotes & before,
                commas: tokens.commas & before,
                colons_before: *colons + u64::from((tokens.colons & before).count_ones()),
                commas_before: *commas + u64::from((tokens.commas & before).count_ones()),
            };
            if tokens.colons & event != 0 {
                walk.colon(view, place, out)?;
            } else if tokens.opens & event != 0 {
                walk.open(view, place, out)?;
            } else if tokens.closes & event != 0 {
                walk.close(view, place, tokens.after_open & event != 0, out)?;
            } else {
                walk.comma(view, place.at, out)?;
            }
        }
        walk.leave_block(start, tokens.quotes, tokens.commas);
        *colons += u64::from(tokens.colons.count_ones());
        *commas += u64::from(tokens.commas.count_ones());
        window.scanned = start + BLOCK;
        Ok(())
    }

    /// The first of two errors: `error`, or a byte before it that is not UTF-8.
    #[cold]
    #[inline(never)]
    fn earlier(&self, error: Fault) -> Fault {
        let (Some(from), Some(offset)) = (self.window.unchecked, error.offset()) else {
            return error;
        };
        let start = self.window.offset(from);
        let before = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = &self.window.bytes[from..];
        match utf8(&bytes[..before.min(bytes.len())]) {
            Err(at) => not_utf8(start + at as u64),
            Ok(_) => error,
        }
    }
}

/// Checks that the bytes from `from` to `end` are UTF-8, with no character cut at the end.
#[inline(never)]
fn whole_characters(window: &Window, from: usize, end: usize) -> Result<(), Fault> {
    let valid = match utf8(&window.bytes[from..end]) {
        Ok(valid) | Err(valid) => from + valid,
    };
    if valid < end {
        return Err(not_utf8(window.offset(valid)));
    }
    Ok(())
}
