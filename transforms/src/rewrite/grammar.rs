//! Checks the grammar of JSON on words of bits, whole blocks at a time.
//!
//! The tokens of a document are: strings, scalars (numbers and the three words), `{ [`,
//! `} ]`, `:` and `,`. Whether a token may follow another depends, but for two questions,
//! only on the two. So each rule is one word operation per block:
//!
//! - after `:`, `,`, `{`, `[` and at the start, a value must come (after `{` and `[` also a
//!   closing bracket);
//! - after a value, none may come;
//! - `:` comes after a string, and the next of `{ [ } ] : ,` behind it is not `:` again.
//!
//! The two questions that need to know the container are answered by counting, when a
//! bracket closes (see [`super::walk`]): an array has no `:` of its own, and an object has
//! one more `:` than `,` or is empty. With the rules above this leaves nothing but JSON:
//! every `:` stands behind the first string of its member, so as many `:` as members means
//! one in each.
//!
//! Numbers and words are checked in [`super::scalars`], escapes and control characters here,
//! UTF-8 in [`super::blocks`]. What leaves was JSON, to the last byte.

use super::brackets::Counts;
use super::run::{BLOCKS, LongRow, Run};
use super::scalars::{Scalars, first_beyond, starts};
use super::scanner::{BLOCK, Isa, Portable};

/// What must be remembered from run to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar {
    /// All ones inside a string.
    in_string: u64,
    /// 1: the first byte of the next block is escaped.
    escape: u64,
    /// Hexadecimal digits still due from `\u`.
    hex_due: u32,
    /// Whether what comes next is a value: 1 at the end of a block with one of `{[:,` behind
    /// which there was only white space. The same for the others.
    after_structure: u64,
    after_open: u64,
    after_string: u64,
    after_colon: u64,
    scalars: Scalars,
    /// The quotes of the last block.
    quotes: u64,
    /// How many `:` and `,` there were.
    pub(super) counts: Counts,
}

/// Where a run breaks the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Breach {
    /// Block of the run, and bit.
    pub(super) block: usize,
    pub(super) bit: u32,
    /// What was found or expected.
    pub(super) what: &'static str,
}

impl Default for Grammar {
    fn default() -> Self {
        Self {
            in_string: 0,
            escape: 0,
            hex_due: 0,
            // A document starts as if a separator stood before it.
            after_structure: 1,
            after_open: 0,
            after_string: 0,
            after_colon: 0,
            scalars: Scalars::default(),
            quotes: 0,
            counts: Counts::default(),
        }
    }
}

impl Grammar {
    /// Whether the document may end here, as far as this module knows.
    pub(super) fn may_end(&self) -> bool {
        self.in_string == 0 && self.after_structure == 0
    }

    /// Whether no token has come, or none but separators.
    pub(super) fn is_at_start(&self) -> bool {
        self.in_string == 0 && self.after_structure == 1
    }

    /// Finds the tokens of a run of which the masks are set, and reports the bits of each
    /// block that break a rule.
    #[inline(always)]
    pub(super) fn check<I: Isa>(
        &mut self,
        blocks: &[[u8; BLOCK]],
        run: &mut Run,
        mut report: impl FnMut(Rule, usize, u64),
    ) {
        let count = blocks.len().min(BLOCKS);
        self.strings::<I>(&blocks[..count], run, &mut report);

        let mut any_spaces = 0;
        for i in 0..count {
            let outside = !(run.strings[i] | run.quotes[i + 1]);
            report(Rule::Control, i, run.controls[i] & run.strings[i]);
            run.spaces[i] &= outside;
            any_spaces |= run.spaces[i];
            run.opens[i + 1] &= outside;
            run.closes[i] &= outside;
            run.colons[i] &= outside;
            run.commas[i] &= outside;
            run.brackets[i] = run.opens[i + 1] | run.closes[i];
            // Behind these a value comes.
            run.values[i + 1] = run.opens[i + 1] | run.colons[i] | run.commas[i];
            run.structure[i] = run.values[i + 1] | run.closes[i];
            run.scalars[i + 1] = outside & !(run.structure[i] | run.spaces[i]);
            run.ends[i + 1] = run.quotes[i + 1] & !run.strings[i];
        }

        run.scalars[0] = self.scalars.is_open();
        if any_spaces == 0 {
            self.order_without_spaces(count, run, &mut report);
        } else {
            self.order(count, run, &mut report);
        }

        for i in 0..count {
            let structure = run.structure[i];
            let after_colon = first_beyond(run.colons[i], !structure, &mut self.after_colon);
            report(Rule::Colon, i, run.colons[i] & after_colon);
            run.counts[i] = self.counts;
            self.counts = self.counts.and(run.colons[i], run.commas[i]);
        }
        for (i, block) in blocks[..count].iter().enumerate() {
            if run.scalars[i + 1] | (run.scalars[i] >> 63) != 0 {
                let starts = starts(run.scalars[i], run.scalars[i + 1]);
                let broken = self.scalars.check::<I>(run.scalars[i + 1], starts, block);
                report(Rule::Number, i, broken.numbers);
                report(Rule::Word, i, broken.words);
            }
        }
    }

    /// Finds out what stands in strings.
    #[inline(always)]
    fn strings<I: Isa>(
        &mut self,
        blocks: &[[u8; BLOCK]],
        run: &mut Run,
        report: &mut impl FnMut(Rule, usize, u64),
    ) {
        run.quotes[0] = self.quotes;
        for (i, block) in blocks.iter().enumerate() {
            let escaped = self.escaped(run.backslashes[i]);
            let quotes = run.quotes[i + 1] & !escaped;
            let strings = I::parity(quotes) ^ self.in_string;
            // The highest bit, spread.
            self.in_string = 0_u64.wrapping_sub(strings >> 63);
            run.quotes[i + 1] = quotes;
            run.strings[i] = strings;
            if escaped | u64::from(self.hex_due) != 0 {
                let bad;
                (bad, self.hex_due) = check_escapes(escaped & strings, self.hex_due, block);
                report(Rule::Escape, i, bad);
            }
        }
        self.quotes = run.quotes[blocks.len()];
    }

    /// Checks which tokens follow which, where no white space stands between them.
    #[inline(always)]
    fn order_without_spaces(
        &mut self,
        count: usize,
        run: &mut Run,
        report: &mut impl FnMut(Rule, usize, u64),
    ) {
        run.values[0] = self.after_structure << 63;
        run.opens[0] = self.after_open << 63;
        run.ends[0] = self.after_string << 63;
        for i in 0..count {
            let after = |row: &LongRow| (row[i + 1] << 1) | (row[i] >> 63);
            let after_open = after(&run.opens);
            run.after_open[i] = after_open;
            let follows = Follows {
                expected: after(&run.values),
                after_open,
                after_string: after(&run.ends),
            };
            follows.check(i, run, report);
        }
        self.after_structure = run.values[count] >> 63;
        self.after_open = run.opens[count] >> 63;
        self.after_string = run.ends[count] >> 63;
    }

    /// Checks which tokens follow which.
    #[inline(always)]
    fn order(&mut self, count: usize, run: &mut Run, report: &mut impl FnMut(Rule, usize, u64)) {
        for i in 0..count {
            let spaces = run.spaces[i];
            let (values, opens, ends) = (run.values[i + 1], run.opens[i + 1], run.ends[i + 1]);
            let after_open = first_beyond(opens, spaces, &mut self.after_open);
            run.after_open[i] = after_open;
            let follows = Follows {
                expected: first_beyond(values, spaces, &mut self.after_structure),
                after_open,
                after_string: first_beyond(ends, spaces, &mut self.after_string),
            };
            follows.check(i, run, report);
        }
    }

    /// The first place of a run that breaks a rule.
    #[cold]
    #[inline(never)]
    pub(super) fn breach(&mut self, blocks: &[[u8; BLOCK]], run: &mut Run) -> Option<Breach> {
        for (index, block) in blocks.iter().enumerate().take(BLOCKS) {
            let (masks, _) = Portable::masks(block);
            run.set(index, &masks);
        }
        let mut first: Option<Breach> = None;
        self.check::<Portable>(blocks, run, |rule, block, bits| {
            let bit = bits.trailing_zeros();
            let is_first = first.is_none_or(|first| (block, bit) < (first.block, first.bit));
            if bits != 0 && is_first {
                let what = rule.broken();
                first = Some(Breach { block, bit, what });
            }
        });
        first
    }

    /// The bytes that a backslash stands before.
    #[inline(always)]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslashes == 0 {
            return std::mem::take(&mut self.escape);
        }
        // A run of backslashes escapes the byte behind it when its length is odd: found by
        // adding at its start and looking whether the sum ends on an even or an odd place.
        let backslashes = backslashes & !self.escape;
        let follows = (backslashes << 1) | self.escape;
        let odd_starts = backslashes & !EVEN & !follows;
        let (sum, over) = odd_starts.overflowing_add(backslashes);
        self.escape = u64::from(over);
        (EVEN ^ (sum << 1)) & follows
    }
}

/// The escaped bytes that JSON does not know, and missing hexadecimal digits. Takes and
/// answers how many of these are due.
#[inline(never)]
fn check_escapes(mut escaped: u64, due: u32, block: &[u8; BLOCK]) -> (u64, u32) {
    let mut bad = 0;
    let mut due = due as usize;
    for (at, byte) in block.iter().enumerate().take(due) {
        bad |= u64::from(!byte.is_ascii_hexdigit()) << at;
    }
    due = 0;
    while escaped != 0 {
        let at = escaped.trailing_zeros() as usize;
        escaped &= escaped - 1;
        match block[at] {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
            b'u' => {
                let digits = &block[at + 1..BLOCK.min(at + 5)];
                for (index, byte) in digits.iter().enumerate() {
                    bad |= u64::from(!byte.is_ascii_hexdigit()) << (at + 1 + index);
                }
                due = 4 - digits.len();
            }
            _ => bad |= 1 << at,
        }
    }
    (bad, due as u32)
}

/// The bits of a block that follow certain tokens.
struct Follows {
    /// Where a value must start.
    expected: u64,
    after_open: u64,
    after_string: u64,
}

impl Follows {
    #[inline(always)]
    fn check(&self, i: usize, run: &Run, report: &mut impl FnMut(Rule, usize, u64)) {
        let scalars = starts(run.scalars[i], run.scalars[i + 1]);
        let starts = (run.quotes[i + 1] & run.strings[i]) | scalars | run.opens[i + 1];
        // Behind an opening bracket the closing one may stand as well.
        let wrong = (starts ^ self.expected) & !(run.closes[i] & self.after_open);
        report(Rule::NoValue, i, wrong & !starts);
        report(Rule::SecondValue, i, wrong & starts);
        report(Rule::Colon, i, run.colons[i] & !self.after_string);
    }
}

/// A rule of the grammar.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Control,
    Escape,
    NoValue,
    SecondValue,
    Colon,
    Number,
    Word,
}

impl Rule {
    /// What is found where it is broken.
    fn broken(self) -> &'static str {
        match self {
            Self::Control => "a control character in a string",
            Self::Escape => "an unknown escape in a string",
            Self::NoValue => "no value where one was expected",
            Self::SecondValue => "a value where `,` or a closing bracket was expected",
            Self::Colon => "a `:` that does not follow a member name",
            Self::Number => "a malformed number",
            Self::Word => "a word that is not `true`, `false` or `null`",
        }
    }
}
