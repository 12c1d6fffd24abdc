//! Walks the tokens that matter and applies the rules.
//!
//! The walk is driven by *events*: brackets always; `:` where members have rules; `,` only
//! while a value must be looked at or left out. Between events nothing is read. A stretch of
//! bytes that leaves as it came is copied when something behind it must change, or when the
//! window moves on.

use crate::plan::body::Wrap;

use super::brackets::Brackets;
use super::error::{Fault, RewriteError};
use super::level::{Ending, Kind, Level};
use super::machine::{PIECE, Source};
use super::order::Order;
use super::program::{NOTHING, Program, ValueId};
use super::run::{Events, Found};
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
    /// Up to where commas were looked at, where they are.
    commas_until: usize,
    /// The last comma before this run of blocks.
    pub(super) last_comma: usize,
    /// The last two blocks before this run that have quotes, with their starts.
    pub(super) quotes: [(u64, usize); 2],
    /// The selected value was found.
    pub(super) found: bool,
    /// By the number of an object's rule.
    pub(super) orders: Vec<Order>,
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
            commas_until: 0,
            last_comma: 0,
            quotes: [(0, 0); 2],
            found: false,
            orders: vec![Order::default(); source.program.objects.len()],
            touched,
        }
    }

    /// Walks a run of blocks.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        events: &mut Events,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let mut from = Some(found.start);
        if self.untouched > 0 {
            from = self.skip(view, found)?;
        }
        if let Some(from) = from {
            let count = found.events(from, events);
            let mut events = &events[..count];
            loop {
                if self.untouched == 0 {
                    let plain = self.plain_members(view, found, events, out);
                    events = &events[plain..];
                }
                let [event, rest @ ..] = events else {
                    break;
                };
                self.event(view, found, found.start + usize::from(*event), out)?;
                events = rest;
            }
            if self.untouched == 0 && self.level.sees_commas {
                self.commas(view, found, found.end(), out)?;
            }
        }
        self.leave_run(found);
        Ok(())
    }

    #[inline(always)]
    fn event(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let byte = view.bytes[at];
        let is_colon = byte == b':';
        if self.untouched > 0 {
            if is_colon {
                return Ok(());
            }
            return self.skip_one(view, found, at);
        }
        if self.level.sees_commas {
            self.commas(view, found, at, out)?;
        }
        if is_colon {
            if self.level.sees_colons {
                self.colon(view, found, at, out)?;
            }
        } else if is_opening(byte) {
            self.open(view, found, at, out)?;
        } else {
            self.close(view, found, at, out)?;
        }
        Ok(())
    }

    /// Goes through containers that nothing is done to; answers with where the last of them
    /// ends, if it does in this run.
    #[inline(always)]
    fn skip(&mut self, view: &View<'_>, found: &Found<'_>) -> Result<Option<usize>, Fault> {
        for block in 0..found.blocks {
            for at in found.brackets(block) {
                self.skip_one(view, found, at)?;
                if self.untouched == 0 {
                    return Ok(Some(at + 1));
                }
            }
        }
        Ok(None)
    }

    /// A bracket inside a container that nothing is done to, or its closing one.
    #[inline(always)]
    fn skip_one(&mut self, view: &View<'_>, found: &Found<'_>, at: usize) -> Result<(), Fault> {
        let byte = view.bytes[at];
        let counts = found.counts(at);
        let offset = || view.offset(at);
        if is_opening(byte) {
            self.untouched += 1;
            return self.brackets.open(byte == b'{', counts, offset);
        }
        self.untouched -= 1;
        if self.untouched == 0 {
            self.last_event = at;
            self.commas_until = at;
        }
        let is_empty = found.is_after_open(at);
        self.brackets.close(byte == b'}', is_empty, counts, offset)
    }

    /// Looks at commas from a place on.
    pub(super) fn look_at_commas(&mut self, from: usize) {
        self.level.sees_commas = true;
        self.commas_until = from;
    }

    /// Looks at the commas up to a place, which are those between two values of the level.
    #[inline(never)]
    fn commas(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        end: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let from = self.commas_until.max(found.start);
        self.commas_until = end;
        for block in 0..found.blocks {
            for at in found.commas(block) {
                if self.level.sees_commas && (from..end).contains(&at) {
                    self.comma(view, at, out)?;
                }
            }
        }
        Ok(())
    }

    /// Notes what may be asked for when the blocks of a run are gone.
    #[inline(always)]
    fn leave_run(&mut self, found: &Found<'_>) {
        self.last_comma = found.comma_before(found.end()).unwrap_or(self.last_comma);
        let mut quotes = found.quotes_backwards().filter(|(quotes, _)| *quotes != 0);
        self.quotes = match (quotes.next(), quotes.next()) {
            (Some(near), Some(far)) => [near, far],
            (Some(near), None) => [near, self.quotes[0]],
            _ => self.quotes,
        };
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
            &mut self.commas_until,
            &mut self.last_comma,
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
        found: &Found<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let is_object = view.bytes[at] == b'{';
        self.brackets
            .open(is_object, found.counts(at), || view.offset(at))?;
        self.commas_until = at;
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
                let first = self.orders[object as usize].start();
                Some(Level::object(object, !defaults.is_empty(), first))
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

    /// `}` or `]`.
    #[inline(always)]
    fn close(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let is_object = view.bytes[at] == b'}';
        let is_empty = found.is_after_open(at);
        self.brackets
            .close(is_object, is_empty, found.counts(at), || view.offset(at))?;
        if self.level.closes || self.level.ending != Ending::None {
            self.leave(view, at, out)?;
        }
        if let Some(level) = self.around.pop() {
            self.level = level;
        }
        self.last_event = at;
        self.commas_until = at;
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

/// Whether a bracket is an opening one.
#[inline(always)]
fn is_opening(bracket: u8) -> bool {
    matches!(bracket, b'{' | b'[')
}
