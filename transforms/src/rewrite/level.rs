//! What the machine knows about one open container.

use super::program::{NOTHING, UNRECORDED, ValueId};

/// What kind of container it is, with the rule for what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The document itself.
    Root,
    /// Nothing in it has a rule.
    Untouched,
    /// An object with a rule.
    Object(u32),
    /// An array whose elements have a rule.
    Array(ValueId),
    /// An array that is taken off the one value in it.
    Single,
    /// An object on the way to the selected value: the number of the next name.
    Path(u32),
}

/// What must be done when the value that is being read ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing.
    None,
    /// The value must be looked at as soon as it is known what it is.
    Watch(ValueId),
    /// It is held, then rewritten.
    Hold(ValueId),
    /// It is held, then written as several members: the number of the member.
    Split(usize),
    /// It is left out.
    Drop,
    /// A bracket is put behind it.
    Bracket,
}

/// One open container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) kind: Kind,
    /// What to do at the end of the value being read.
    pub(super) ending: Ending,
    /// The rule of the value being read.
    pub(super) value: ValueId,
    /// What to record when that value is replaced.
    pub(super) replaced: u32,
    /// In the container being read: the count of `:` (objects: less the count of `,`) up to
    /// its start. In those around it: their own count so far.
    pub(super) counted: u64,
    /// Bits of the members that came.
    pub(super) seen: u64,
    /// `{` and not `[`.
    pub(super) is_object: bool,
    /// `:` must be looked at.
    pub(super) sees_colons: bool,
    /// `,` must be looked at.
    pub(super) sees_commas: bool,
    /// There is something to do when it closes.
    pub(super) closes: bool,
    /// A member came.
    pub(super) any: bool,
    /// A member was written.
    pub(super) kept: bool,
    /// The value being read is the selected one.
    pub(super) selecting: bool,
}

impl Level {
    /// A container of which nothing is known yet.
    #[inline(always)]
    pub(super) fn untouched(is_object: bool) -> Self {
        Self {
            kind: Kind::Untouched,
            ending: Ending::None,
            value: NOTHING,
            replaced: UNRECORDED,
            counted: 0,
            seen: 0,
            is_object,
            sees_colons: false,
            sees_commas: false,
            closes: false,
            any: false,
            kept: false,
            selecting: false,
        }
    }

    /// The document, with the rule of its value.
    pub(super) fn root(value: ValueId, watched: bool) -> Self {
        Self {
            kind: Kind::Root,
            ending: if watched {
                Ending::Watch(value)
            } else {
                Ending::None
            },
            value,
            sees_commas: watched,
            ..Self::untouched(false)
        }
    }

    /// An object with a rule.
    #[inline(always)]
    pub(super) fn object(rule: u32, has_defaults: bool) -> Self {
        Self {
            kind: Kind::Object(rule),
            sees_colons: true,
            closes: has_defaults,
            ..Self::untouched(true)
        }
    }

    /// An object on the way to the selected value.
    pub(super) fn path(index: u32) -> Self {
        Self {
            kind: Kind::Path(index),
            sees_colons: true,
            closes: true,
            ..Self::untouched(true)
        }
    }

    /// An array whose elements have a rule.
    pub(super) fn array(element: ValueId, watched: bool, replaced: u32) -> Self {
        Self {
            kind: Kind::Array(element),
            replaced,
            ..Self::root(element, watched)
        }
    }

    /// An array that is taken off the one value in it.
    pub(super) fn single(value: ValueId, replaced: u32) -> Self {
        Self {
            kind: Kind::Single,
            closes: true,
            replaced,
            ..Self::root(value, true)
        }
    }

    /// Which of `colons` and `colons - commas` tells whether this container is complete.
    #[inline(always)]
    pub(super) fn count(&self, colons: u64, commas: u64) -> u64 {
        colons.wrapping_sub(if self.is_object { commas } else { 0 })
    }
}
