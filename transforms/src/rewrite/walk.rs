//! Walks the tokens that matter and applies the rules.
//!
//! The walk is driven by *events*: brackets always; `:` where members have rules; `,` only
//! while a value must be looked at or left out. Between events nothing is read. A stretch of
//! bytes that leaves as it came is copied when something behind it must change, or when the
//! window moves on.

use crate::plan::body::Wrap;

use super::brackets::{Brackets, Counts};
use super::error::{Fault, RewriteError};
use super::grammar::Tokens;
use super::level::{Ending, Kind, Level};
use super::machine::{PIECE, Source};
use super::program::{NOTHING, Program, ValueId};
use super::scanner::BLOCK;
use super::sink::Sink;
use super::window::LOOK_BACK;

/// What a walk works on.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The window; its first [`LOOK_BACK`] bytes have been dealt with.
    pub(super) bytes: &'a [u8],
    /// How much of the body is not in the window any more.
    pub(super) gone: u64,
    pub(super) source: Source<'a>,
}

impl<'a> View<'a> {
    /// The tables that the walk goes by.
    #[inline(always)]
    pub(super) fn program(&self) -> &'a Program {
        self.source.program
    }

    /// The place in the body of a place in the window.
    pub(super) fn offset(&self, at: usize) -> u64 {
        (self.gone + at as u64).saturating_sub(LOOK_BACK as u64)
    }
}

/// A token that is looked at: its place in the window, and its bit of the block.
#[derive(Clone, Copy)]
pub(super) struct Event {
    pub(super) at: usize,
    pub(super) bit: u64,
}

/// The block being walked.
#[derive(Clone, Copy)]
pub(super) struct Block<'t> {
    pub(super) start: usize,
    pub(super) tokens: &'t Tokens,
    /// The blocks walked before it, up to the start of the run.
    pub(super) run: &'t [Tokens],
}

impl Event {
    /// The bits of the block before it.
    #[inline(always)]
    pub(super) fn before(self) -> u64 {
        self.bit - 1
    }

    /// The bits of the block behind it.
    #[inline(always)]
    fn behind(self) -> u64 {
        !(self.bit | (self.bit - 1))
    }
}

impl Block<'_> {
    #[inline(always)]
    fn event(&self, bit: u64) -> Event {
        Event {
            at: self.start + bit.trailing_zeros() as usize,
            bit,
        }
    }
}

impl Counts {
    /// With what is in some bits of a block.
    #[inline(always)]
    fn and(self, tokens: &Tokens, bits: u64) -> Self {
        Self {
            colons: self.colons + u64::from((tokens.colons & bits).count_ones()),
            commas: self.commas + u64::from((tokens.commas & bits).count_ones()),
        }
    }
}

/// A member that is held until its value is complete.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Split {
    /// The quotes of its name.
    pub(super) open: usize,
    pub(super) close: usize,
    /// Behind the colon.
    pub(super) value: usize,
}

/// The state of a walk.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) brackets: Brackets,
    /// How many containers without a rule are open inside `level`.
    untouched: usize,
    pub(super) level: Level,
    /// Containers with rules around `level`.
    around: Vec<Level>,
    /// Everything before has been written, or left out.
    pub(super) copied: usize,
    /// What comes is left out.
    pub(super) silent: bool,
    /// Start of what is held; `usize::MAX` when nothing is.
    pub(super) hold_at: usize,
    /// Start of the value being watched or held.
    pub(super) value_at: usize,
    pub(super) split: Split,
    /// The last bracket or (where they are looked at) colon.
    pub(super) last_event: usize,
    /// The last comma and backslash before this run of blocks.
    pub(super) last_comma: usize,
    pub(super) last_backslash: usize,
    /// The last two blocks before this run that have quotes, with their starts.
    pub(super) quotes: [(u64, usize); 2],
    /// The selected value was found.
    pub(super) found: bool,
    /// All ones where `:` and `,` are looked at.
    colon_mask: u64,
    comma_mask: u64,
    /// By [`Program::touchable`].
    pub(super) touched: Vec<bool>,
}

impl Walk {
    /// A walk over a document whose value has the rule `value`.
    pub(super) fn new(source: Source<'_>, value: ValueId, touched: Vec<bool>) -> Self {
        let rule = source.program.rule(value);
        Self {
            brackets: Brackets::new(source.limits.max_depth),
            untouched: 0,
            level: Level::root(value, rule.watched),
            around: Vec::with_capacity(8),
            copied: LOOK_BACK,
            // Nothing leaves before the selected value starts.
            silent: rule.path.is_some(),
            hold_at: usize::MAX,
            value_at: LOOK_BACK,
            split: Split::default(),
            last_event: 0,
            last_comma: 0,
            last_backslash: 0,
            quotes: [(0, 0); 2],
            found: false,
            colon_mask: 0,
            comma_mask: 0_u64.wrapping_sub(u64::from(rule.watched)),
            touched,
        }
    }

    /// Walks some blocks, the first of which starts at `start`.
    #[inline(always)]
    pub(super) fn blocks(
        &mut self,
        view: &View<'_>,
        blocks: &[Tokens],
        start: usize,
        counts: &mut Counts,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        for (index, tokens) in blocks.iter().enumerate() {
            let block = Block {
                start: start + index * BLOCK,
                tokens,
                run: &blocks[..index],
            };
            self.block(view, &block, *counts, out)?;
            *counts = counts.and(tokens, u64::MAX);
        }
        self.leave_run(blocks, start);
        Ok(())
    }

    /// Notes what may be asked for when the blocks of a run are gone.
    fn leave_run(&mut self, blocks: &[Tokens], start: usize) {
        let last = |bits: fn(&Tokens) -> u64| {
            let index = blocks.iter().rposition(|tokens| bits(tokens) != 0)?;
            Some(top(bits(&blocks[index]), start + index * BLOCK))
        };
        self.last_comma = last(|tokens| tokens.commas).unwrap_or(self.last_comma);
        self.last_backslash = last(|tokens| tokens.backslashes).unwrap_or(self.last_backslash);
        let quotes = |(index, tokens): (usize, &Tokens)| {
            (tokens.quotes != 0).then_some((tokens.quotes, start + index * BLOCK))
        };
        let mut quotes = blocks.iter().enumerate().rev().filter_map(quotes);
        let before = self.quotes;
        self.quotes = match (quotes.next(), quotes.next()) {
            (Some(near), Some(far)) => [near, far],
            (Some(near), None) => [near, before[0]],
            _ => before,
        };
    }

    #[inline(always)]
    fn block(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        counts: Counts,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let tokens = block.tokens;
        let mut rest = u64::MAX;
        loop {
            if self.untouched > 0 {
                rest = self.skip(view, block, rest, counts)?;
                if rest == 0 {
                    return Ok(());
                }
            }
            let looked_at = (tokens.colons & self.colon_mask) | (tokens.commas & self.comma_mask);
            let mut events = (tokens.brackets | looked_at) & rest;
            // As long as nothing changes what is looked at.
            let event = loop {
                if events == 0 {
                    return Ok(());
                }
                let event = block.event(events & events.wrapping_neg());
                if tokens.colons & event.bit == 0 || self.colon(view, block, event, out)? {
                    break event;
                }
                events ^= event.bit;
            };
            rest = event.behind();
            if tokens.brackets & event.bit == 0 {
                if tokens.commas & event.bit != 0 {
                    self.comma(view, event.at, out)?;
                }
                continue;
            }
            let here = counts.and(tokens, event.before());
            if tokens.opens & event.bit != 0 {
                self.open(view, event.at, here, out)?;
            } else {
                let is_empty = tokens.after_open & event.bit != 0;
                self.close(view, event.at, is_empty, here, out)?;
            }
        }
    }

    /// Goes through containers that nothing is done to, as far as they go; answers with the
    /// bits behind them.
    #[inline(always)]
    fn skip(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        rest: u64,
        counts: Counts,
    ) -> Result<u64, Fault> {
        let tokens = block.tokens;
        let mut events = tokens.brackets & rest;
        while events != 0 {
            let event = block.event(events & events.wrapping_neg());
            events ^= event.bit;
            let here = counts.and(tokens, event.before());
            // Braces have this bit, and brackets do not.
            let is_object = view.bytes[event.at] & 0x20 != 0;
            let offset = || view.offset(event.at);
            if tokens.opens & event.bit != 0 {
                self.brackets.open(is_object, here, offset)?;
                self.untouched += 1;
                continue;
            }
            let is_empty = tokens.after_open & event.bit != 0;
            self.brackets.close(is_object, is_empty, here, offset)?;
            self.untouched -= 1;
            if self.untouched == 0 {
                self.last_event = event.at;
                self.look();
                return Ok(event.behind());
            }
        }
        Ok(0)
    }

    /// Which tokens are looked at follows from the level.
    #[inline(always)]
    pub(super) fn look(&mut self) {
        let mask = |looks: bool| 0_u64.wrapping_sub(u64::from(looks));
        self.colon_mask = mask(self.level.sees_colons);
        self.comma_mask = mask(self.level.sees_commas);
    }

    /// Writes what can leave of the bytes before `end`; answers from where on bytes are still
    /// needed.
    pub(super) fn settle(
        &mut self,
        view: &View<'_>,
        end: usize,
        out: &mut Sink<'_>,
    ) -> Result<usize, Fault> {
        if let Ending::Watch(_) = self.level.ending
            && !self.watch(view, end, false, out)?
        {
            // What of it is there is short, but for white space in front.
            let text = view.bytes[self.value_at..end].trim_ascii_start();
            self.value_at = end - text.len();
            self.write(view, self.value_at, b"", self.value_at, out);
            return Ok(self.value_at);
        }
        let limit = view.source.limits.max_held_bytes;
        let (needed, limit) = if self.hold_at == usize::MAX {
            (self.name_at(end), limit.max(PIECE))
        } else {
            (self.hold_at, limit)
        };
        if end - needed > limit {
            return Err(Box::new(RewriteError::HeldTooMuch { limit }));
        }
        if self.copied < needed {
            self.write(view, needed, b"", needed, out);
        }
        Ok(needed)
    }

    /// Where a member starts whose name is not known yet; `end` if there is none.
    fn name_at(&self, end: usize) -> usize {
        if self.untouched > 0 || !self.level.sees_colons || self.level.ending == Ending::Drop {
            end
        } else if self.last_comma > self.last_event {
            self.last_comma
        } else if self.level.any {
            end
        } else {
            // The object has just been opened.
            self.last_event + 1
        }
    }

    /// Everything moved `by` bytes to the front.
    pub(super) fn shift(&mut self, by: usize) {
        let [(_, near), (_, far)] = &mut self.quotes;
        for place in [
            near,
            far,
            &mut self.copied,
            &mut self.value_at,
            &mut self.split.open,
            &mut self.split.close,
            &mut self.split.value,
            &mut self.last_event,
            &mut self.last_comma,
            &mut self.last_backslash,
        ] {
            // What falls off the window is not needed any more.
            *place = place.saturating_sub(by);
        }
        if self.hold_at != usize::MAX {
            self.hold_at -= by;
        }
    }

    /// `{` or `[`.
    #[inline(always)]
    fn open(
        &mut self,
        view: &View<'_>,
        at: usize,
        counts: Counts,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let is_object = view.bytes[at] == b'{';
        self.brackets.open(is_object, counts, || view.offset(at))?;
        if self.level.value == NOTHING {
            self.untouched = 1;
            return Ok(());
        }
        self.enter(view, at, is_object, out)
    }

    /// Enters a container that has a rule.
    #[inline(always)]
    fn enter(
        &mut self,
        view: &View<'_>,
        at: usize,
        is_object: bool,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let rule = view.program().rule(self.level.value);
        let entered = match self.level.ending {
            Ending::None => Entered::Plainly,
            _ => self.enter_watched(view, at, is_object, out)?,
        };
        let inside = match (entered, rule.object) {
            (Entered::As(level), _) => Some(level),
            (Entered::Plainly, Some(object)) if is_object => {
                let defaults = &view.program().objects[object as usize].defaults;
                Some(Level::object(object, !defaults.is_empty()))
            }
            (Entered::Plainly, _) if !is_object && rule.element != NOTHING => {
                let watched = view.program().rule(rule.element).watched;
                self.value_at = at + 1;
                Some(Level::array(rule.element, watched, self.level.replaced))
            }
            _ => None,
        };
        if let Some(level) = inside {
            self.around.push(std::mem::replace(&mut self.level, level));
            self.last_event = at;
            self.look();
        } else {
            self.untouched = 1;
        }
        Ok(())
    }

    /// Deals with a watched value that turns out to be a container.
    #[inline(never)]
    fn enter_watched(
        &mut self,
        view: &View<'_>,
        at: usize,
        is_object: bool,
        out: &mut Sink<'_>,
    ) -> Result<Entered, Fault> {
        let rule = view.program().rule(self.level.value);
        self.level.ending = Ending::None;
        if rule.is_selected {
            self.start_selected(view, at, out);
        }
        if let Some(index) = rule.path {
            if !is_object {
                return Err(not_an_object(view, index, at).into());
            }
            return Ok(Entered::As(Level::path(index)));
        }
        if rule.step.is_some() {
            self.hold(at, self.level.value);
            return Ok(Entered::Held);
        }
        match rule.wrap {
            Wrap::Wrap if is_object => {
                self.touch(self.level.replaced);
                self.write(view, at, b"[", at, out);
                self.level.ending = Ending::Bracket;
                self.level.sees_commas = true;
            }
            Wrap::Unwrap if !is_object => {
                self.touch(self.level.replaced);
                self.write(view, at, b"", at + 1, out);
                self.value_at = at + 1;
                let level = Level::single(rule.inner, self.level.replaced);
                return Ok(Entered::As(level));
            }
            _ => {}
        }
        Ok(Entered::Plainly)
    }

    /// `}` or `]`. `is_empty`: right behind the opening one.
    #[inline(always)]
    fn close(
        &mut self,
        view: &View<'_>,
        at: usize,
        is_empty: bool,
        counts: Counts,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let is_object = view.bytes[at] == b'}';
        self.brackets
            .close(is_object, is_empty, counts, || view.offset(at))?;
        if self.level.closes || self.level.ending != Ending::None {
            self.leave(view, at, out)?;
        }
        if let Some(level) = self.around.pop() {
            self.level = level;
        }
        self.last_event = at;
        self.look();
        Ok(())
    }

    /// Does what is to be done when a container closes.
    #[inline(never)]
    fn leave(&mut self, view: &View<'_>, at: usize, out: &mut Sink<'_>) -> Result<(), Fault> {
        self.end_value(view, at, out)?;
        match self.level.kind {
            Kind::Object(rule) => {
                let rule = &view.program().objects[rule as usize];
                for (seen, member) in &rule.defaults {
                    if self.level.seen & seen == 0 {
                        let comma: &[u8] = if self.level.kept { b"," } else { b"" };
                        self.write(view, at, comma, at, out);
                        self.write(view, at, member.as_bytes(), at, out);
                        self.level.kept = true;
                    }
                }
            }
            Kind::Single => self.write(view, at, b"", at + 1, out),
            Kind::Path(_) => self.end_selected(view, at, out),
            Kind::Root | Kind::Array(_) => {}
        }
        Ok(())
    }

    /// `,` where it must be looked at.
    #[inline(never)]
    pub(super) fn comma(
        &mut self,
        view: &View<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        self.end_value(view, at, out)?;
        match self.level.kind {
            Kind::Array(element) => {
                self.level.ending = Ending::Watch(element);
                self.value_at = at + 1;
            }
            Kind::Single => {
                let expected = "an array of at most one element";
                return Err(RewriteError::unexpected(expected, view.offset(at)).into());
            }
            Kind::Root => {
                return Err(RewriteError::not_json("a second value", view.offset(at)).into());
            }
            Kind::Path(_) => {
                self.end_selected(view, at, out);
                self.level.sees_commas = false;
            }
            Kind::Object(_) => self.level.sees_commas = false,
        }
        self.look();
        Ok(())
    }
}

/// What a watched container turned out to be.
enum Entered {
    /// One as if it was not watched.
    Plainly,
    /// One that is held.
    Held,
    /// One with a level of its own.
    As(Level),
}

/// Why the value on the way to the selected one cannot be read.
pub(super) fn not_an_object(view: &View<'_>, index: u32, at: usize) -> RewriteError {
    let name = &view.program().path[index as usize].name;
    RewriteError::unexpected(format!("an object with `{name}`"), view.offset(at))
}

/// The place of the highest bit of a block. Zero when there is none, which no valid document
/// asks for.
#[inline(always)]
pub(super) fn top(bits: u64, block: usize) -> usize {
    block + bits.checked_ilog2().unwrap_or(0) as usize
}
