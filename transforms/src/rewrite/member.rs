//! Members of objects with rules: what happens at a colon.

use super::error::{Fault, RewriteError};
use super::level::{Ending, Kind};
use super::names::NameTable;
use super::program::{Action, MemberRule, NOTHING, UNRECORDED, ValueId};
use super::scanner::BLOCK;
use super::sink::Sink;
use super::walk::{Block, Event, Split, View, Walk, top};

impl Walk {
    /// `:` in an object with rules. Answers whether what is looked at may have changed.
    #[inline(always)]
    pub(super) fn colon(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        event: Event,
        out: &mut Sink<'_>,
    ) -> Result<bool, Fault> {
        let (open, close) = self.name_before(block, event);
        self.last_event = event.at;
        let Kind::Object(rule) = self.level.kind else {
            self.path_member(view, block, event, (open, close))?;
            return Ok(true);
        };
        let rule = &view.program().objects[rule as usize];
        let Some(number) = self.find(view, block, event, &rule.names, (open, close)) else {
            return Ok(self.other_member(view, block, event, rule.others, out));
        };
        let member = &rule.members[number];
        let is_first_kept = self.level.any & !self.level.kept;
        if is_first_kept | member.is_special {
            self.special_member(view, block, event, (open, close), (number, member), out);
            return Ok(true);
        }
        self.level.any = true;
        self.level.kept = true;
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.touch(member.touched);
        if member.action == Action::Rename {
            self.rename(view, open, close, member, out);
        }
        Ok(false)
    }

    /// Writes the new name of a member for the one between two quotes.
    #[inline(always)]
    fn rename(
        &mut self,
        view: &View<'_>,
        open: usize,
        close: usize,
        member: &MemberRule,
        out: &mut Sink<'_>,
    ) {
        if !self.silent {
            out.copy_and_name(view.bytes, self.copied, open + 1, &member.name);
        }
        self.copied = close;
    }

    /// The quotes of the name before a colon.
    #[inline(always)]
    fn name_before(&self, block: &Block<'_>, event: Event) -> (usize, usize) {
        let here = block.tokens.quotes & event.before();
        if here & here.wrapping_sub(1) == 0 {
            return self.name_across_blocks(block, here);
        }
        let close = here.ilog2();
        let open = (here ^ (1 << close)).ilog2();
        (block.start + open as usize, block.start + close as usize)
    }

    /// The same for a name that starts in another block. `here`: the quotes in this one.
    #[inline(never)]
    fn name_across_blocks(&self, block: &Block<'_>, here: u64) -> (usize, usize) {
        let run = block.run.iter().rev().zip(1..);
        let run = run.map(|(tokens, back)| (tokens.quotes, block.start - back * BLOCK));
        let mut blocks = std::iter::once((here, block.start))
            .chain(run)
            .chain(self.quotes)
            .filter(|(quotes, _)| *quotes != 0);
        // A colon stands behind a string, or the grammar would have refused it.
        let (quotes, block) = blocks.next().unwrap_or_default();
        let close = top(quotes, block);
        let rest = quotes & !(1 << (close - block));
        let (quotes, block) = match rest {
            0 => blocks.next().unwrap_or_default(),
            _ => (rest, block),
        };
        (top(quotes, block), close)
    }

    /// The number of the member named between two quotes.
    #[inline(always)]
    fn find(
        &self,
        view: &View<'_>,
        block: &Block<'_>,
        _event: Event,
        names: &NameTable,
        (open, close): (usize, usize),
    ) -> Option<usize> {
        let found = names.find(view.bytes, open + 1, close);
        if found.is_none() && self.may_have_escapes(block, open) {
            return find_escaped(names, &view.bytes[open..=close]);
        }
        found
    }

    /// Whether there may be a backslash between `open` and the event.
    #[inline(always)]
    fn may_have_escapes(&self, block: &Block<'_>, open: usize) -> bool {
        let mut escapes = block.tokens.backslashes;
        let mut start = block.start;
        for tokens in block.run.iter().rev() {
            if start <= open {
                return escapes != 0;
            }
            escapes |= tokens.backslashes;
            start -= BLOCK;
        }
        escapes != 0 || self.last_backslash > open
    }

    /// A member without a rule of its own. Answers as [`colon`](Self::colon) does.
    #[inline(always)]
    fn other_member(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        event: Event,
        others: ValueId,
        out: &mut Sink<'_>,
    ) -> bool {
        self.level.value = others;
        let is_special = (self.level.any & !self.level.kept) | (others != NOTHING);
        if is_special {
            self.level.replaced = UNRECORDED;
            self.keep_member(view, block, event, view.program().rule(others).watched, out);
        }
        self.level.any = true;
        self.level.kept = true;
        is_special
    }

    /// Writes the comma right and starts to watch the value.
    #[inline(never)]
    fn keep_member(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        event: Event,
        watched: bool,
        out: &mut Sink<'_>,
    ) {
        if self.level.any && !self.level.kept {
            // Everything before was left out, but not the comma behind it.
            let comma = self.comma_before(block, event);
            self.write(view, comma, b"", comma + 1, out);
        }
        if watched {
            self.level.ending = Ending::Watch(self.level.value);
            self.level.sees_commas = true;
            self.value_at = event.at + 1;
            self.look();
        }
    }

    /// A member that is not just renamed.
    #[inline(never)]
    fn special_member(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        event: Event,
        (open, close): (usize, usize),
        (number, member): (usize, &MemberRule),
        out: &mut Sink<'_>,
    ) {
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.level.replaced = member.replaced;
        self.touch(member.touched);
        let start = if self.level.any {
            self.comma_before(block, event)
        } else {
            open
        };
        match member.action {
            Action::Keep | Action::Rename => {
                self.keep_member(view, block, event, member.watched, out);
                self.level.kept = true;
                if member.action == Action::Rename {
                    self.rename(view, open, close, member, out);
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
                    value: event.at + 1,
                };
                self.level.ending = Ending::Split(number);
                self.level.sees_commas = true;
            }
        }
        self.level.any = true;
        self.look();
    }

    /// A member of an object on the way to the selected value.
    #[inline(never)]
    fn path_member(
        &mut self,
        view: &View<'_>,
        block: &Block<'_>,
        event: Event,
        (open, close): (usize, usize),
    ) -> Result<(), Fault> {
        let Kind::Path(index) = self.level.kind else {
            return Ok(());
        };
        self.level.any = true;
        self.level.value = NOTHING;
        let names = &view.program().path[index as usize];
        let found = self.find(view, block, event, &names.table, (open, close));
        if found.is_none() {
            return Ok(());
        }
        if std::mem::replace(&mut self.level.kept, true) {
            let expected = format!("one member `{}`, not several,", names.name);
            return Err(RewriteError::unexpected(expected, view.offset(open)).into());
        }
        self.level.value = names.value;
        self.level.ending = Ending::Watch(names.value);
        self.level.sees_commas = true;
        self.value_at = event.at + 1;
        self.look();
        Ok(())
    }

    /// The comma in front of the member whose colon this is.
    fn comma_before(&self, block: &Block<'_>, event: Event) -> usize {
        let here = block.tokens.commas & event.before();
        if here != 0 {
            return top(here, block.start);
        }
        let run = block.run.iter().rev().zip(1..);
        let mut run = run.filter(|(tokens, _)| tokens.commas != 0);
        run.next().map_or(self.last_comma, |(tokens, back)| {
            top(tokens.commas, block.start - back * BLOCK)
        })
    }
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
