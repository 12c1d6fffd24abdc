//! Remembers in which order the members of objects came.
//!
//! A list is made of objects that look alike: behind `"cve_id"` comes `"severity"`, in every
//! one of them. So the rule of a member is not looked up, but guessed, and the guess is
//! compared with what is there. That is faster than a lookup mostly because it does not wait:
//! the processor goes on with what it expects while the bytes of the name are on their way.
//! A wrong guess costs a lookup.

use super::names::{INLINE, Words, slot};
use super::program::{Action, MemberRule, ValueId};
use super::sink::SHORT_NAME;

/// Most names remembered for one kind of object.
const MOST: usize = 64;

/// From which object on names are remembered: for a few objects it does not pay.
const LIST: u32 = 4;

/// No member that is remembered.
pub(super) const NONE: u32 = u32::MAX;

/// What stands before the first member.
pub(super) const START: u32 = u32::MAX - 1;

/// The order of members in one kind of object.
#[derive(Debug, Clone)]
pub(super) struct Order {
    known: Vec<Known>,
    /// By the slot of its name, one more than the number of a known member; 0 is none.
    slots: Vec<u8>,
    /// The member that came first in the last object.
    first: u32,
    /// How many objects came, as far as that matters.
    objects: u32,
}

/// What is known about a member from one that came before.
#[derive(Debug, Clone)]
pub(super) struct Known {
    name: Words,
    masks: Words,
    length: usize,
    /// The member that came behind it last time.
    pub(super) next: u32,
    /// The number of its rule; `None` if it has none.
    pub(super) rule: Option<usize>,
    /// Its value's rule and its bits of "seen".
    pub(super) value: ValueId,
    pub(super) seen: u64,
    /// Whether there is no more to it than its new name.
    pub(super) is_plain: bool,
    pub(super) is_renamed: bool,
    /// The new name.
    pub(super) to: [u8; SHORT_NAME],
    pub(super) to_length: usize,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            slots: Vec::new(),
            first: NONE,
            objects: 0,
        }
    }
}

impl Order {
    /// An object starts; answers with the member expected first.
    #[inline(always)]
    pub(super) fn start(&mut self) -> u32 {
        self.objects = self.objects.saturating_add(1);
        self.first
    }

    /// A member by its number, if it has this name.
    #[inline(always)]
    pub(super) fn guess(&self, number: u32, name: &Words, length: usize) -> Option<&Known> {
        let known = self.known.get(number as usize)?;
        known.is(name, length).then_some(known)
    }

    /// Remembers a member that was looked up, behind the member `last`. Answers with its
    /// number.
    #[inline(never)]
    pub(super) fn learn(
        &mut self,
        last: u32,
        name: &Words,
        length: usize,
        make: impl FnOnce() -> Known,
    ) -> u32 {
        if self.objects < LIST || length > INLINE {
            return NONE;
        }
        if self.slots.is_empty() {
            self.slots = vec![0; 256];
        }
        let slot = slot(name, length);
        let mut number = u32::from(self.slots[slot]).wrapping_sub(1);
        if self.guess(number, name, length).is_none() {
            if self.known.len() == MOST {
                return NONE;
            }
            number = self.known.len() as u32;
            self.known.push(make());
            self.slots[slot] = self.known.len() as u8;
        }
        if last == START {
            self.first = number;
        } else if let Some(last) = self.known.get_mut(last as usize) {
            last.next = number;
        }
        number
    }

    /// The member expected behind a member.
    pub(super) fn next(&self, number: u32) -> u32 {
        self.known.get(number as usize).map_or(NONE, |k| k.next)
    }
}

impl Known {
    /// What there is to know about a member with a rule, or without one.
    pub(super) fn new(
        name: &Words,
        length: usize,
        rule: Option<(usize, &MemberRule)>,
        others: ValueId,
    ) -> Self {
        let mut known = Self {
            name: *name,
            masks: super::names::masks(length),
            length,
            next: NONE,
            rule: None,
            value: others,
            seen: 0,
            is_plain: others == super::program::NOTHING,
            is_renamed: false,
            to: [0; SHORT_NAME],
            to_length: 0,
        };
        if let Some((number, rule)) = rule {
            known.rule = Some(number);
            known.value = rule.value;
            known.seen = rule.seen;
            known.is_renamed = rule.action == Action::Rename;
            let to = rule.name.as_bytes();
            known.is_plain = !rule.is_special && to.len() <= SHORT_NAME;
            known.to_length = to.len();
            for (to, from) in known.to.iter_mut().zip(to) {
                *to = *from;
            }
        }
        known
    }

    #[inline(always)]
    fn is(&self, name: &Words, length: usize) -> bool {
        let same = |word: usize| (name[word] ^ self.name[word]) & self.masks[word] == 0;
        length == self.length && same(0) && same(1) && (length <= 16 || (same(2) && same(3)))
    }
}
