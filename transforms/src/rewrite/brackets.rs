//! Checks how brackets nest, and the two rules of the grammar that need to know in which
//! container a token stands: an array has no `:` of its own, and an object has one more `:`
//! than `,`, or is empty.

use super::error::{Fault, RewriteError};

/// How many `:` and `,` there were before some place of the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) colons: u64,
    pub(super) commas: u64,
}

impl Counts {
    /// With those of some bits.
    #[inline(always)]
    pub(super) fn and(self, colons: u64, commas: u64) -> Self {
        Self {
            colons: self.colons + u64::from(colons.count_ones()),
            commas: self.commas + u64::from(commas.count_ones()),
        }
    }
}

/// The open brackets.
#[derive(Debug)]
pub(super) struct Brackets {
    /// Of each container around this one: its own count so far, and in the lowest bit
    /// whether it is an object.
    around: Vec<u64>,
    /// The count at the start of this container, less what containers in it have counted.
    base: u64,
    is_object: bool,
    /// What was counted outside the root.
    outside: Counts,
    has_root: bool,
    max_depth: usize,
}

impl Brackets {
    /// No bracket is open.
    pub(super) fn new(max_depth: usize) -> Self {
        Self {
            around: Vec::with_capacity(max_depth.min(32)),
            base: 0,
            is_object: false,
            outside: Counts::default(),
            has_root: false,
            max_depth,
        }
    }

    /// How many are open.
    pub(super) fn depth(&self) -> usize {
        self.around.len()
    }

    /// Whether all that was opened is closed, and no `:` or `,` stands outside.
    pub(super) fn is_whole(&self, counts: Counts) -> bool {
        self.around.is_empty() && self.outside == counts
    }

    /// What tells whether a container is complete.
    #[inline(always)]
    fn count(is_object: bool, counts: Counts) -> u64 {
        let commas = if is_object { counts.commas } else { 0 };
        counts.colons.wrapping_sub(commas)
    }

    /// `{` or `[` at `offset`.
    #[inline(always)]
    pub(super) fn open(
        &mut self,
        is_object: bool,
        counts: Counts,
        offset: impl Fn() -> u64,
    ) -> Result<(), Fault> {
        if self.around.len() >= self.max_depth {
            return Err(self.too_deep(offset()));
        }
        if self.around.is_empty() {
            self.open_root(counts, offset)?;
        }
        let own = Self::count(self.is_object, counts).wrapping_sub(self.base);
        self.around.push((own << 1) | u64::from(self.is_object));
        self.is_object = is_object;
        self.base = Self::count(is_object, counts);
        Ok(())
    }

    #[inline(never)]
    fn open_root(&mut self, counts: Counts, offset: impl Fn() -> u64) -> Result<(), Fault> {
        if self.has_root || counts != Counts::default() {
            return Err(RewriteError::not_json("a second value", offset()).into());
        }
        self.has_root = true;
        Ok(())
    }

    /// `}` or `]` at `offset`. `is_empty`: right after the opening one.
    #[inline(always)]
    pub(super) fn close(
        &mut self,
        is_object: bool,
        is_empty: bool,
        counts: Counts,
        offset: impl Fn() -> u64,
    ) -> Result<(), Fault> {
        let own = Self::count(self.is_object, counts).wrapping_sub(self.base);
        let complete = u64::from(is_object & !is_empty);
        let (true, Some(around)) = (
            (is_object == self.is_object) & (own == complete),
            self.around.pop(),
        ) else {
            return Err(self.misplaced(is_object, offset()));
        };
        self.is_object = around & 1 == 1;
        self.base = Self::count(self.is_object, counts).wrapping_sub(around >> 1);
        if self.around.is_empty() {
            self.outside = counts;
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn too_deep(&self, offset: u64) -> Fault {
        Box::new(RewriteError::TooDeep {
            limit: self.max_depth,
            offset,
        })
    }

    #[cold]
    #[inline(never)]
    fn misplaced(&self, is_object: bool, offset: u64) -> Fault {
        let what = if self.around.is_empty() {
            "a closing bracket too many"
        } else if self.is_object != is_object {
            "the other kind of closing bracket was expected"
        } else if is_object {
            "an object with a member that is not a name and a value"
        } else {
            "an array with a member name in it"
        };
        RewriteError::not_json(what, offset).into()
    }
}
