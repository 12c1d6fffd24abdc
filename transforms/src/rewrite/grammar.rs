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

use super::scalars::{Broken, Scalars, after, first_beyond};
use super::scanner::{BLOCK, Isa, Masks};

/// What must be remembered from block to block.
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
}

/// The tokens of one block, outside strings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tokens {
    /// Quotes that open or close a string.
    pub(super) quotes: u64,
    /// `{`, `[`, `}` and `]`
    pub(super) brackets: u64,
    /// `{` and `[`
    pub(super) opens: u64,
    /// `:`
    pub(super) colons: u64,
    /// `,`
    pub(super) commas: u64,
    /// Tokens that come right after `{` or `[`.
    pub(super) after_open: u64,
    /// `\`, wherever it stands.
    pub(super) backslashes: u64,
}

/// Where a block breaks the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Breach {
    /// Byte of the block.
    pub(super) at: usize,
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

    /// Finds the tokens of one block, and the places where they break the grammar.
    #[inline(always)]
    pub(super) fn block<I: Isa>(&mut self, block: &[u8; BLOCK], masks: &Masks) -> (Tokens, Places) {
        let escaped = self.escaped(masks.backslashes);
        let quotes = masks.quotes & !escaped;
        let strings = I::parity(quotes) ^ self.in_string;
        // The highest bit, spread.
        self.in_string = 0_u64.wrapping_sub(strings >> 63);

        let outside = !(strings | quotes);
        let opens = masks.opens & outside;
        let closes = masks.closes & outside;
        let colons = masks.colons & outside;
        let commas = masks.commas & outside;
        let spaces = masks.spaces & outside;
        let brackets = opens | closes;
        let structure = brackets | colons | commas;
        let scalars = outside & !(structure | spaces);

        // Where a value starts, and where one must start: behind `{[:,`.
        let starts = (quotes & strings) | self.scalars.starts(scalars) | opens;
        let values = structure & !closes;
        let ends = quotes & !strings;
        let (expected, after_open, after_string);
        if spaces == 0 {
            // Most bodies have no white space.
            expected = after(values, &mut self.after_structure);
            after_open = after(opens, &mut self.after_open);
            after_string = after(ends, &mut self.after_string);
        } else {
            expected = first_beyond(values, spaces, &mut self.after_structure);
            after_open = first_beyond(opens, spaces, &mut self.after_open);
            after_string = first_beyond(ends, spaces, &mut self.after_string);
        }
        let after_colon = first_beyond(colons, !structure, &mut self.after_colon);

        let scalars = self.scalars.check::<I>(scalars, block);
        let mut escapes = 0;
        if escaped | u64::from(self.hex_due) != 0 {
            (escapes, self.hex_due) = check_escapes(escaped & strings, self.hex_due, block);
        }
        let places = Places {
            // Behind an opening bracket the closing one may stand as well.
            values: (starts ^ expected) & !(closes & after_open),
            colons: colons & (!after_string | after_colon),
            controls: masks.controls & strings,
            escapes,
            scalars,
            starts,
        };
        let tokens = Tokens {
            quotes,
            brackets,
            opens,
            colons,
            commas,
            after_open,
            backslashes: masks.backslashes,
        };
        (tokens, places)
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

/// The places of a block where a rule is broken, by rule.
pub(super) struct Places {
    values: u64,
    colons: u64,
    controls: u64,
    escapes: u64,
    scalars: Broken,
    /// Where values start; not a rule.
    starts: u64,
}

impl Places {
    /// All of them.
    #[inline(always)]
    pub(super) fn any(&self) -> u64 {
        self.values
            | self.colons
            | self.controls
            | self.escapes
            | self.scalars.numbers
            | self.scalars.words
    }

    /// The first of them.
    #[cold]
    pub(super) fn first(&self) -> Option<Breach> {
        let at = self
            .any()
            .checked_ilog2()
            .map(|_| self.any().trailing_zeros())?;
        let rules = [
            (self.controls, "a control character in a string"),
            (self.escapes, "an unknown escape in a string"),
            (
                self.scalars.words,
                "a word that is not `true`, `false` or `null`",
            ),
            (self.scalars.numbers, "a malformed number"),
            (self.colons, "a `:` that does not follow a member name"),
            (
                self.values & self.starts,
                "a value where `,` or a closing bracket was expected",
            ),
            (self.values, "no value where one was expected"),
        ];
        let (_, what) = rules
            .into_iter()
            .find(|(places, _)| places >> at & 1 == 1)?;
        Some(Breach {
            at: at as usize,
            what,
        })
    }
}
