//! Walks the tokens that matter and applies the rules.
//!
//! The walk is driven by *events*: brackets always; `:` where members have rules; `,` only
//! while a value must be looked at or left out. Between events nothing is read. A stretch of
//! bytes that leaves as it came is copied when something behind it must change, or when the
//! window moves on.

use crate::plan::body::Wrap;

use super::error::{Fault, RewriteError};
use super::level::{Ending, Kind, Level};
use super::machine::{PIECE, Source};
use super::names::NameTable;
use super::program::{Action, MemberRule, NOTHING, Program, UNRECORDED, ValueId};
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
        self.gone + at.saturating_sub(LOOK_BACK) as u64
    }
}

/// A place in the window, with what the block knows about the places before it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where it is.
    pub(super) at: usize,
    /// Start of its block.
    pub(super) block: usize,
    /// Quotes and commas of the block before it.
    pub(super) quotes: u64,
    pub(super) commas: u64,
    /// How many `:` and `,` there were in the whole body before it.
    pub(super) colons_before: u64,
    pub(super) commas_before: u64,
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

/// The last two blocks with quotes.
#[derive(Debug, Clone, Copy, Default)]
struct Quotes {
    near: u64,
    near_block: usize,
    far: u64,
    far_block: usize,
}

/// The state of a walk.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) level: Level,
    pub(super) stack: Vec<Level>,
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
    last_event: usize,
    /// The last comma and backslash of the blocks before; of this block too for backslashes.
    last_comma: usize,
    last_backslash: usize,
    quotes: Quotes,
    /// `:` and `,` outside the root value.
    outside: (u64, u64),
    root_opened: bool,
    /// The selected value was found.
    pub(super) found: bool,
    /// By [`Program::touchable`].
    pub(super) touched: Vec<bool>,
}

impl Walk {
    /// A walk over a document whose value has the rule `value`.
    pub(super) fn new(program: &Program, value: ValueId, touched: Vec<bool>) -> Self {
        Self {
            level: Level::root(value, program.rule(value).watched),
            stack: Vec::with_capacity(16),
            copied: LOOK_BACK,
            // Nothing leaves before the selected value starts.
            silent: program.rule(value).path.is_some(),
            hold_at: usize::MAX,
            value_at: LOOK_BACK,
            split: Split::default(),
            last_event: 0,
            last_comma: 0,
            last_backslash: 0,
            quotes: Quotes::default(),
            outside: (0, 0),
            root_opened: false,
            found: false,
            touched,
        }
    }

    /// Whether everything that was opened is closed, and nothing stands beside the root.
    pub(super) fn is_whole(&self, colons: u64, commas: u64) -> bool {
        self.stack.is_empty() && self.outside == (colons, commas)
    }

    /// Notes where the backslashes of a block are, before its tokens are walked.
    #[inline(always)]
    pub(super) fn enter_block(&mut self, block: usize, backslashes: u64) {
        if backslashes != 0 {
            self.last_backslash = top(backslashes, block);
        }
    }

    /// Notes where the quotes and commas of a block are, after its tokens were walked.
    #[inline(always)]
    pub(super) fn leave_block(&mut self, block: usize, quotes: u64, commas: u64) {
        if commas != 0 {
            self.last_comma = top(commas, block);
        }
        if quotes != 0 {
            self.quotes = Quotes {
                near: quotes,
                near_block: block,
                far: self.quotes.near,
                far_block: self.quotes.near_block,
            };
        }
    }

    /// Writes what can leave of the bytes before `end`; answers from where on bytes are still
    /// needed.
    pub(super) fn settle(
        &mut self,
        view: View<'_>,
        end: usize,
        out: &mut Vec<u8>,
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
        if !self.level.sees_colons || self.level.ending == Ending::Drop {
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
        for place in [
            &mut self.copied,
            &mut self.value_at,
            &mut self.split.open,
            &mut self.split.close,
            &mut self.split.value,
            &mut self.last_event,
            &mut self.last_comma,
            &mut self.last_backslash,
            &mut self.quotes.near_block,
            &mut self.quotes.far_block,
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
    pub(super) fn open(
        &mut self,
        view: View<'_>,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let at = place.at;
        if self.stack.len() >= view.source.limits.max_depth {
            return Err(Box::new(RewriteError::TooDeep {
                limit: view.source.limits.max_depth,
                offset: view.offset(at),
            }));
        }
        let is_object = view.bytes[at] == b'{';
        if self.stack.is_empty() {
            self.open_root(view, place)?;
        }
        let mut child = if self.level.value == NOTHING {
            Level::untouched(is_object)
        } else {
            self.enter(view, at, is_object, out)?
        };
        let (colons, commas) = (place.colons_before, place.commas_before);
        self.level.counted = self
            .level
            .count(colons, commas)
            .wrapping_sub(self.level.counted);
        child.counted = child.count(colons, commas);
        self.stack.push(std::mem::replace(&mut self.level, child));
        self.last_event = at;
        Ok(())
    }

    #[inline(never)]
    fn open_root(&mut self, view: View<'_>, place: Place) -> Result<(), Fault> {
        if self.root_opened || place.colons_before + place.commas_before != 0 {
            return Err(RewriteError::not_json(
                "a second value",
                view.offset(place.at),
            ));
        }
        self.root_opened = true;
        Ok(())
    }

    /// The level of a container that has a rule.
    #[inline(always)]
    fn enter(
        &mut self,
        view: View<'_>,
        at: usize,
        is_object: bool,
        out: &mut Vec<u8>,
    ) -> Result<Level, Fault> {
        let rule = view.program().rule(self.level.value);
        if self.level.ending != Ending::None {
            if let Some(level) = self.enter_watched(view, at, is_object, out)? {
                return Ok(level);
            }
        }
        Ok(match (is_object, rule.object) {
            (true, Some(object)) => {
                let defaults = &view.program().objects[object as usize].defaults;
                Level::object(object, !defaults.is_empty())
            }
            (false, _) if rule.element != NOTHING => {
                let watched = view.program().rule(rule.element).watched;
                self.value_at = at + 1;
                Level::array(rule.element, watched, self.level.replaced)
            }
            _ => Level::untouched(is_object),
        })
    }

    /// Deals with a watched value that turns out to be a container. `None`: go on as if it
    /// was not watched.
    #[inline(never)]
    fn enter_watched(
        &mut self,
        view: View<'_>,
        at: usize,
        is_object: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<Level>, Fault> {
        let rule = view.program().rule(self.level.value);
        self.level.ending = Ending::None;
        if rule.is_selected {
            self.start_selected(view, at, out);
        }
        if let Some(index) = rule.path {
            if !is_object {
                return Err(self.not_an_object(view, index, at));
            }
            return Ok(Some(Level::path(index)));
        }
        if rule.step.is_some() {
            self.hold(at, self.level.value);
            return Ok(Some(Level::untouched(is_object)));
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
                return Ok(Some(Level::single(rule.inner, self.level.replaced)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// `}` or `]`. `is_empty`: it comes right after the opening one.
    #[inline(always)]
    pub(super) fn close(
        &mut self,
        view: View<'_>,
        place: Place,
        is_empty: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let at = place.at;
        let (colons, commas) = (place.colons_before, place.commas_before);
        let is_object = view.bytes[at] == b'}';
        let count = self
            .level
            .count(colons, commas)
            .wrapping_sub(self.level.counted);
        let expected = u64::from(is_object & !is_empty);
        if is_object != self.level.is_object || count != expected || self.stack.is_empty() {
            return Err(self.bad_close(view, at));
        }
        if self.level.closes || self.level.ending != Ending::None {
            self.leave(view, at, out)?;
        }
        if let Some(parent) = self.stack.pop() {
            self.level = parent;
        }
        self.level.counted = self
            .level
            .count(colons, commas)
            .wrapping_sub(self.level.counted);
        if self.stack.is_empty() {
            self.outside = (colons, commas);
        }
        self.last_event = at;
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn bad_close(&self, view: View<'_>, at: usize) -> Fault {
        let what = if self.stack.is_empty() {
            "a closing bracket too many"
        } else if self.level.is_object != (view.bytes[at] == b'}') {
            "the other kind of closing bracket was expected"
        } else if self.level.is_object {
            "an object with a member that is not a name and a value"
        } else {
            "an array with a member name in it"
        };
        RewriteError::not_json(what, view.offset(at))
    }

    /// Does what is to be done when a container closes.
    #[inline(never)]
    fn leave(&mut self, view: View<'_>, at: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
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
            Kind::Root | Kind::Untouched | Kind::Array(_) => {}
        }
        Ok(())
    }

    /// `,` where it must be looked at.
    #[inline(never)]
    pub(super) fn comma(
        &mut self,
        view: View<'_>,
        at: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.end_value(view, at, out)?;
        match self.level.kind {
            Kind::Array(element) => {
                self.level.ending = Ending::Watch(element);
                self.value_at = at + 1;
            }
            Kind::Single => {
                return Err(RewriteError::unexpected(
                    "an array of at most one element",
                    view.offset(at),
                ));
            }
            Kind::Root => return Err(RewriteError::not_json("a second value", view.offset(at))),
            Kind::Path(_) => {
                self.end_selected(view, at, out);
                self.level.sees_commas = false;
            }
            Kind::Object(_) | Kind::Untouched => self.level.sees_commas = false,
        }
        Ok(())
    }

    /// `:` in an object with rules.
    #[inline(always)]
    pub(super) fn colon(
        &mut self,
        view: View<'_>,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let (open, close) = self.name_before(place);
        self.last_event = place.at;
        let Kind::Object(rule) = self.level.kind else {
            return self.path_member(view, place.at, open, close);
        };
        let rule = &view.program().objects[rule as usize];
        let Some(number) = self.find(view, &rule.names, open, close) else {
            self.other_member(view, place, rule.others, out);
            return Ok(());
        };
        let member = &rule.members[number];
        let is_first_kept = self.level.any & !self.level.kept;
        if is_first_kept | member.watched | matches!(member.action, Action::Drop | Action::Split) {
            self.special_member(view, place, (open, close), (number, member), out);
            return Ok(());
        }
        self.level.any = true;
        self.level.kept = true;
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.touch(member.touched);
        if member.action == Action::Rename {
            self.write(view, open + 1, member.name.as_bytes(), close, out);
        }
        Ok(())
    }

    /// The quotes of the name before a colon.
    #[inline(always)]
    fn name_before(&self, place: Place) -> (usize, usize) {
        let here = place.quotes;
        if here & here.wrapping_sub(1) != 0 {
            let close = here.ilog2();
            let open = (here ^ (1 << close)).ilog2();
            return (place.block + open as usize, place.block + close as usize);
        }
        let quotes = self.quotes;
        if here != 0 {
            return (top(quotes.near, quotes.near_block), top(here, place.block));
        }
        let close = top(quotes.near, quotes.near_block);
        let rest = quotes.near & !(1 << (close - quotes.near_block));
        if rest != 0 {
            return (top(rest, quotes.near_block), close);
        }
        (top(quotes.far, quotes.far_block), close)
    }

    /// The number of the member named between two quotes.
    #[inline(always)]
    fn find(&self, view: View<'_>, names: &NameTable, open: usize, close: usize) -> Option<usize> {
        let found = names.find(view.bytes, open + 1, close);
        if found.is_none() && self.last_backslash > open {
            return find_escaped(names, &view.bytes[open..=close]);
        }
        found
    }

    /// A member without a rule of its own.
    #[inline(always)]
    fn other_member(&mut self, view: View<'_>, place: Place, others: ValueId, out: &mut Vec<u8>) {
        self.level.value = others;
        if (self.level.any & !self.level.kept) | (others != NOTHING) {
            self.level.replaced = UNRECORDED;
            self.keep_member(view, place, view.program().rule(others).watched, out);
        }
        self.level.any = true;
        self.level.kept = true;
    }

    /// Writes the comma right and starts to watch the value.
    #[inline(never)]
    fn keep_member(&mut self, view: View<'_>, place: Place, watched: bool, out: &mut Vec<u8>) {
        if self.level.any && !self.level.kept {
            // Everything before was left out, but not the comma behind it.
            let comma = self.comma_before(place);
            self.write(view, comma, b"", comma + 1, out);
        }
        if watched {
            self.level.ending = Ending::Watch(self.level.value);
            self.level.sees_commas = true;
            self.value_at = place.at + 1;
        }
    }

    /// A member that is not just renamed.
    #[inline(never)]
    fn special_member(
        &mut self,
        view: View<'_>,
        place: Place,
        (open, close): (usize, usize),
        (number, member): (usize, &MemberRule),
        out: &mut Vec<u8>,
    ) {
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.level.replaced = member.replaced;
        self.touch(member.touched);
        let start = match self.level.any {
            true => self.comma_before(place),
            false => open,
        };
        match member.action {
            Action::Keep | Action::Rename => {
                self.keep_member(view, place, member.watched, out);
                self.level.kept = true;
                if member.action == Action::Rename {
                    self.write(view, open + 1, member.name.as_bytes(), close, out);
                }
            }
            Action::Drop => {
                self.write(view, start, b"", start, out);
                self.silent = true;
                self.level.ending = Ending::Drop;
                self.level.sees_commas = true;
            }
            Action::Split => {
                self.write(view, start, b"", start, out);
                self.hold_at = start;
                self.split = Split {
                    open,
                    close,
                    value: place.at + 1,
                };
                self.level.ending = Ending::Split(number);
                self.level.sees_commas = true;
            }
        }
        self.level.any = true;
    }

    /// A member of an object on the way to the selected value.
    #[inline(never)]
    fn path_member(
        &mut self,
        view: View<'_>,
        at: usize,
        open: usize,
        close: usize,
    ) -> Result<(), Fault> {
        let Kind::Path(index) = self.level.kind else {
            return Ok(());
        };
        self.level.any = true;
        self.level.value = NOTHING;
        let names = &view.program().path[index as usize];
        if self.find(view, &names.table, open, close).is_none() {
            return Ok(());
        }
        if std::mem::replace(&mut self.level.kept, true) {
            return Err(RewriteError::unexpected(
                format!("one member `{}`, not several,", names.name),
                view.offset(open),
            ));
        }
        self.level.value = names.value;
        self.level.ending = Ending::Watch(names.value);
        self.level.sees_commas = true;
        self.value_at = at + 1;
        Ok(())
    }

    fn comma_before(&self, place: Place) -> usize {
        match place.commas {
            0 => self.last_comma,
            commas => top(commas, place.block),
        }
    }

    pub(super) fn not_an_object(&self, view: View<'_>, index: u32, at: usize) -> Fault {
        let name = &view.program().path[index as usize].name;
        RewriteError::unexpected(format!("an object with `{name}`"), view.offset(at))
    }
}

/// The place of the highest bit of a block. Zero when there is none, which no valid document
/// asks for.
#[inline(always)]
fn top(bits: u64, block: usize) -> usize {
    block + bits.checked_ilog2().unwrap_or(0) as usize
}

/// Looks a name up that was written with escapes.
#[cold]
#[inline(never)]
fn find_escaped(names: &NameTable, quoted: &[u8]) -> Option<usize> {
    if !quoted.contains(&b'\\') {
        return None;
    }
    // What is no Unicode is no name of a rule.
    let name: String = serde_json::from_slice(quoted).ok()?;
    names.find_unescaped(&name)
}
