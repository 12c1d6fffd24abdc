//! Members of objects with rules: what happens at a colon.

use super::error::{Fault, RewriteError};
use super::level::{Ending, Kind};
use super::names::{NameTable, Words, as_words, words};
use super::order::Known;
use super::program::{Action, MemberRule, NOTHING, UNRECORDED, ValueId};
use super::run::{Found, last_bit};
use super::scanner::BLOCK;
use super::sink::Sink;
use super::walk::{Split, View, Walk};

impl Walk {
    /// Goes through members that come as expected and are renamed at most; answers with how
    /// many events these were. What this loop needs stays in registers, so it is apart from
    /// all that is rarer.
    #[inline(always)]
    pub(super) fn plain_members(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        events: &[u16],
        out: &mut Sink<'_>,
    ) -> usize {
        let Kind::Object(rule) = self.level.kind else {
            return 0;
        };
        let is_first_kept = self.level.any & !self.level.kept;
        if self.level.sees_commas | is_first_kept {
            return 0;
        }
        let order = &self.orders[rule as usize];
        let bytes = view.bytes;
        let (mut last, mut next) = (self.level.last, self.level.next);
        let (mut value, mut seen) = (self.level.value, self.level.seen);
        let (mut copied, mut last_event) = (self.copied, self.last_event);
        let mut count = 0;
        for event in events {
            let at = found.start + usize::from(*event);
            let Some((open, close)) = found.name_before(bytes, at) else {
                break;
            };
            let Some(name) = bytes[open + 1..].first_chunk() else {
                break;
            };
            let Some(known) = order.guess(next, &as_words(name), close - (open + 1)) else {
                break;
            };
            if !known.is_plain {
                break;
            }
            count += 1;
            last = next;
            next = known.next;
            value = known.value;
            seen |= known.seen;
            last_event = at;
            if known.is_renamed {
                out.copy_and_name(bytes, copied, open + 1, &known.to, known.to_length);
                copied = close;
            }
        }
        if count > 0 {
            self.level.any = true;
            self.level.kept = true;
            (self.level.last, self.level.next) = (last, next);
            (self.level.value, self.level.seen) = (value, seen);
            (self.copied, self.last_event) = (copied, last_event);
        }
        count
    }

    /// `:` in an object with rules.
    #[inline(never)]
    pub(super) fn colon(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let name = found.name_before(view.bytes, at);
        let (open, close) = name.unwrap_or_else(|| self.distant_name(found, at));
        self.last_event = at;
        let Kind::Object(rule) = self.level.kind else {
            return self.path_member(view, at, (open, close));
        };
        self.member(view, found, at, (rule, open, close), out);
        Ok(())
    }

    /// A member of an object with a rule.
    fn member(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        (rule, open, close): (u32, usize, usize),
        out: &mut Sink<'_>,
    ) {
        let name = &words(view.bytes, open + 1);
        let object = &view.program().objects[rule as usize];
        let order = &mut self.orders[rule as usize];
        let length = close - (open + 1);
        let number = if let Some(known) = order.guess(self.level.next, name, length) {
            self.level.last = self.level.next;
            self.level.next = known.next;
            known.rule
        } else {
            let number = find(view, &object.names, name, (open, close));
            let member = number.map(|number| (number, &object.members[number]));
            self.level.last = order.learn(self.level.last, name, length, || {
                Known::new(name, length, member, object.others)
            });
            self.level.next = order.next(self.level.last);
            number
        };
        let Some(number) = number else {
            self.other_member(view, found, at, object.others, out);
            return;
        };
        let member = &object.members[number];
        let is_first_kept = self.level.any & !self.level.kept;
        if is_first_kept | member.is_special {
            self.special_member(view, found, at, (open, close), (number, member), out);
            return;
        }
        self.level.any = true;
        self.level.kept = true;
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.touch(member.touched);
        if member.action == Action::Rename {
            self.rename(view, open, close, member, out);
        }
    }

    /// Writes the new name of a member for the one between two quotes.
    fn rename(
        &mut self,
        view: &View<'_>,
        open: usize,
        close: usize,
        member: &MemberRule,
        out: &mut Sink<'_>,
    ) {
        self.write(view, open + 1, member.name.as_bytes(), close, out);
    }

    /// The quotes of a name that is long, or stands far from its colon.
    #[cold]
    #[inline(never)]
    fn distant_name(&self, found: &Found<'_>, at: usize) -> (usize, usize) {
        let blocks = found.quotes_backwards().chain(self.quotes);
        let before = |(quotes, start): (u64, usize), place: usize| {
            let bits = place.saturating_sub(start).min(BLOCK);
            last_bit(
                quotes & u64::MAX.checked_shr((BLOCK - bits) as u32).unwrap_or(0),
                start,
            )
        };
        // A colon stands behind a string, or the grammar would have refused it.
        let last = |place| {
            let place = blocks.clone().find_map(|block| before(block, place));
            place.unwrap_or(1)
        };
        let close = last(at);
        (last(close).min(close - 1), close)
    }

    /// A member without a rule of its own.
    #[inline(always)]
    fn other_member(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        others: ValueId,
        out: &mut Sink<'_>,
    ) {
        self.level.value = others;
        if (self.level.any & !self.level.kept) | (others != NOTHING) {
            self.level.replaced = UNRECORDED;
            self.keep_member(view, found, at, view.program().rule(others).watched, out);
        }
        self.level.any = true;
        self.level.kept = true;
    }

    /// Writes the comma right and starts to watch the value.
    #[inline(never)]
    fn keep_member(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        watched: bool,
        out: &mut Sink<'_>,
    ) {
        if self.level.any && !self.level.kept {
            // Everything before was left out, but not the comma behind it.
            let comma = self.comma_before(found, at);
            self.write(view, comma, b"", comma + 1, out);
        }
        if watched {
            self.level.ending = Ending::Watch(self.level.value);
            self.look_at_commas(at);
            self.value_at = at + 1;
        }
    }

    /// A member that is not just renamed.
    #[inline(never)]
    fn special_member(
        &mut self,
        view: &View<'_>,
        found: &Found<'_>,
        at: usize,
        (open, close): (usize, usize),
        (number, member): (usize, &MemberRule),
        out: &mut Sink<'_>,
    ) {
        self.level.seen |= member.seen;
        self.level.value = member.value;
        self.level.replaced = member.replaced;
        self.touch(member.touched);
        let start = if self.level.any {
            self.comma_before(found, at)
        } else {
            open
        };
        match member.action {
            Action::Keep | Action::Rename => {
                self.keep_member(view, found, at, member.watched, out);
                self.level.kept = true;
                if member.action == Action::Rename {
                    self.rename(view, open, close, member, out);
                }
            }
            Action::Drop => {
                self.write(view, start, b"", start, out);
                self.silent = true;
                self.level.ending = Ending::Drop;
                self.look_at_commas(at);
            }
            Action::Split => {
                self.write(view, start, b"", start, out);
                self.hold_at = start;
                self.split = Split {
                    open,
                    close,
                    value: at + 1,
                };
                self.level.ending = Ending::Split(number);
                self.look_at_commas(at);
            }
        }
        self.level.any = true;
    }

    /// A member of an object on the way to the selected value.
    #[inline(never)]
    fn path_member(
        &mut self,
        view: &View<'_>,
        at: usize,
        (open, close): (usize, usize),
    ) -> Result<(), Fault> {
        let Kind::Path(index) = self.level.kind else {
            return Ok(());
        };
        self.level.any = true;
        self.level.value = NOTHING;
        let names = &view.program().path[index as usize];
        let name = words(view.bytes, open + 1);
        if find(view, &names.table, &name, (open, close)).is_none() {
            return Ok(());
        }
        if std::mem::replace(&mut self.level.kept, true) {
            let expected = format!("one member `{}`, not several,", names.name);
            return Err(RewriteError::unexpected(expected, view.offset(open)).into());
        }
        self.level.value = names.value;
        self.level.ending = Ending::Watch(names.value);
        self.look_at_commas(at);
        self.value_at = at + 1;
        Ok(())
    }

    /// The comma in front of the member whose colon this is.
    fn comma_before(&self, found: &Found<'_>, at: usize) -> usize {
        found.comma_before(at).unwrap_or(self.last_comma)
    }
}

/// The number of the member named between two quotes.
fn find(
    view: &View<'_>,
    names: &NameTable,
    words: &Words,
    (open, close): (usize, usize),
) -> Option<usize> {
    let name = &view.bytes[open + 1..close];
    let found = names.find(words, name);
    if found.is_none() && name.contains(&b'\\') {
        // What is no Unicode is no name of a rule.
        let name: String = serde_json::from_slice(&view.bytes[open..=close]).ok()?;
        return names.find_unescaped(&name);
    }
    found
}
