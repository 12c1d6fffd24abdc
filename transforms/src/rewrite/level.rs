//! What the machine knows about one open container that has a rule.

use super::order::{NONE, START};
use super::program::{NOTHING, UNRECORDED, ValueId};

/// What kind of container it is, with the rule for what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The document itself.
    Root,
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
    /// In an object: the last member in its [`Order`](super::order::Order), and the one
    /// expected next.
    pub(super) last: u32,
    pub(super) next: u32,
    /// Bits of the members that came.
    pub(super) seen: u64,
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
    fn new(kind: Kind, value: ValueId) -> Self {
        Self {
            kind,
            ending: Ending::None,
            value,
            replaced: UNRECORDED,
            last: START,
            next: NONE,
            seen: 0,
            sees_colons: false,
            sees_commas: false,
            closes: false,
            any: false,
            kept: false,
            selecting: false,
        }
    }

    /// A container whose values are looked at if `watched`.
    fn of_values(kind: Kind, value: ValueId, watched: bool) -> Self {
        let mut level = Self::new(kind, value);
        if watched {
            level.ending = Ending::Watch(value);
            level.sees_commas = true;
        }
        level
    }

    /// The document, with the rule of its value.
    pub(super) fn root(value: ValueId, watched: bool) -> Self {
        Self::of_values(Kind::Root, value, watched)
    }

    /// An object with a rule, and the member expected first.
    #[inline]
    pub(super) fn object(rule: u32, has_defaults: bool, first: u32) -> Self {
        Self {
            next: first,
            sees_colons: true,
            closes: has_defaults,
            ..Self::new(Kind::Object(rule), NOTHING)
        }
    }

    /// An object on the way to the selected value.
    pub(super) fn path(index: u32) -> Self {
        Self {
            sees_colons: true,
            closes: true,
            ..Self::new(Kind::Path(index), NOTHING)
        }
    }

    /// An array whose elements have a rule.
    pub(super) fn array(element: ValueId, watched: bool, replaced: u32) -> Self {
        Self {
            replaced,
            ..Self::of_values(Kind::Array(element), element, watched)
        }
    }

    /// An array that is taken off the one value in it.
    pub(super) fn single(value: ValueId, replaced: u32) -> Self {
        Self {
            closes: true,
            replaced,
            ..Self::of_values(Kind::Single, value, true)
        }
    }
}
