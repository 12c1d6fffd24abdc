//! The machine: a window over the body, the grammar and the walk.

use crate::step::StepContext;

use super::brackets::Counts;
use super::characters::Characters;
use super::error::{Fault, Limits, RewriteError};
use super::grammar::{Breach, Grammar};
use super::program::{Program, ValueId};
use super::run::{BLOCKS, Found, Run};
use super::scanner::{BLOCK, Features, Isa, Work};
use super::sink::Sink;
use super::walk::{View, Walk};
use super::window::{LOOK_BACK, Window};

/// Bytes taken into the window at a time.
pub(super) const PIECE: usize = 16 << 10;

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
    characters: Characters,
    grammar: Grammar,
    pub(super) walk: Walk,
    features: Features,
}

impl Machine {
    /// A machine for a document whose value has the rule `value`.
    pub(super) fn new(source: Source<'_>, value: ValueId, touched: Vec<bool>) -> Self {
        Self {
            window: Window::new(),
            characters: Characters::default(),
            grammar: Grammar::default(),
            walk: Walk::new(source, value, touched),
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
            if !self.window.blocks().is_empty() {
                let mut out = Sink::new(out, piece.len() + piece.len() / 4);
                self.scan(source, &mut out)?;
                self.settle(source, &mut out)?;
            }
        }
        Ok(())
    }

    /// Ends the document.
    pub(super) fn finish(&mut self, source: Source<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let end = self.window.pad();
        let length = self.window.offset(end);
        let mut out = Sink::new(out, BLOCK);
        self.scan(source, &mut out).map_err(|error| match *error {
            // The grammar was broken by the end.
            RewriteError::NotJson { offset, .. } if offset >= length => truncated(length).into(),
            _ => error,
        })?;
        self.characters.settle(&self.window, end)?;
        if self.is_blank() {
            return Err(RewriteError::not_json("nothing but white space", 0).into());
        }
        if !self.grammar.may_end() || self.walk.brackets.depth() > 0 {
            return Err(truncated(length).into());
        }
        if !self.walk.brackets.is_whole(self.grammar.counts) {
            return Err(RewriteError::not_json("more than one value", length).into());
        }
        let view = &view(&self.window, source);
        self.walk.end_value(view, end, &mut out)?;
        self.walk.write(view, end, b"", end, &mut out);
        self.window.bytes.truncate(end);
        Ok(())
    }

    /// After [`finish`](Self::finish): the document, if all of it was held.
    pub(super) fn document(&self) -> &[u8] {
        &self.window.bytes[LOOK_BACK..]
    }

    /// Bytes of the body that are in memory.
    pub(super) fn held_bytes(&self) -> usize {
        self.window.bytes.len() - LOOK_BACK
    }

    /// Hands the record of what was touched back.
    pub(super) fn into_touched(self) -> Vec<bool> {
        self.walk.touched
    }

    fn is_blank(&self) -> bool {
        self.grammar.is_at_start()
            && self.walk.brackets.depth() == 0
            && self.grammar.counts == Counts::default()
    }

    /// Scans all whole blocks of the window.
    fn scan(&mut self, source: Source<'_>, out: &mut Sink<'_>) -> Result<(), Fault> {
        let features = self.features;
        features.run(Scan {
            machine: self,
            source,
            out,
        })
    }

    /// Writes what can leave of the bytes scanned, and moves the window on.
    fn settle(&mut self, source: Source<'_>, out: &mut Sink<'_>) -> Result<(), Fault> {
        let end = self.window.scanned;
        self.characters.settle(&self.window, end)?;
        let needed = self.walk.settle(&view(&self.window, source), end, out)?;
        let by = self.window.release(needed);
        self.characters.shift(by);
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
fn truncated(offset: u64) -> RewriteError {
    RewriteError::Truncated { offset }
}

/// The scan of the blocks in the window.
struct Scan<'m, 's, 'o, 'v> {
    machine: &'m mut Machine,
    source: Source<'s>,
    out: &'o mut Sink<'v>,
}

impl Work for Scan<'_, '_, '_, '_> {
    type Output = Result<(), Fault>;

    #[inline(always)]
    fn run<I: Isa>(self) -> Self::Output {
        let Self {
            machine,
            source,
            out,
        } = self;
        while !machine.window.blocks().is_empty() {
            machine.run_of_blocks::<I>(source, out)?;
        }
        Ok(())
    }
}

impl Machine {
    /// Finds the tokens of the next blocks, then walks them. Two loops of their own, because
    /// the first has no branches to speak of, and would be held up by those of the second.
    #[inline(always)]
    fn run_of_blocks<I: Isa>(
        &mut self,
        source: Source<'_>,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let mut run = Run::take();
        let (mut sound, high, breach) = self.tokenize::<I>(&mut run);
        let checked = self.characters.check(&self.window, high, sound);
        if let Err((block, _)) = checked {
            sound = block;
        }
        let (found, events) = Found::new(&mut run, self.window.scanned, sound);
        let view = &view(&self.window, source);
        let walked = self.walk.run(view, &found, events, out);
        run.give_back();
        self.window.scanned += sound * BLOCK;
        if let Err(error) = walked {
            return Err(self.characters.earlier(&self.window, *error).into());
        }
        if let Err((_, error)) = checked {
            return Err(error.into());
        }
        if let Some(breach) = breach {
            let offset = self
                .window
                .offset(self.window.scanned + breach.bit as usize);
            let error = RewriteError::not_json(breach.what, offset);
            return Err(self.characters.earlier(&self.window, error).into());
        }
        Ok(())
    }

    /// Finds the tokens of the next blocks, up to one that breaks the grammar. Answers with
    /// how many these are and which of them have bytes above 0x7f, too.
    #[inline(always)]
    fn tokenize<I: Isa>(&mut self, run: &mut Run) -> (usize, u64, Option<Breach>) {
        let blocks = self.window.blocks();
        let count = blocks.len().min(BLOCKS);
        let blocks = &blocks[..count];
        let mut high = 0;
        for (index, block) in blocks.iter().enumerate() {
            let (masks, is_high) = I::masks(block);
            run.set(index, &masks);
            high |= u64::from(is_high) << index;
        }
        let mut grammar = self.grammar;
        let mut broken = 0;
        grammar.check::<I>(blocks, run, |_, _, bits| broken |= bits);
        if broken != 0 {
            // The first run through the same blocks did not touch this one.
            let breach = self.grammar.breach(blocks, run);
            return (breach.map_or(count, |breach| breach.block), high, breach);
        }
        self.grammar = grammar;
        (count, high, None)
    }
}
