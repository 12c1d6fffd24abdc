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
//! UTF-8 in [`super::machine`]. What leaves was JSON, to the last byte.

use super::scalars::{Broken, Scalars, first_beyond};
use super::scanner::{BLOCK, Isa, Masks};

/// What must be remembered from block to block.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    /// All ones inside a string.
    in_string: u64,
    /// 1: the first byte of the next block is escaped.
    escape: u64,
    /// Hexadecimal digits still due from `\u`.
    hex_due: usize,
    after_separator: u64,
    after_open: u64,
    after_string: u64,
    after_colon: u64,
    scalars: Scalars,
}

/// The tokens of one block, outside strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens {
    /// Quotes that open or close a string.
    pub(super) quotes: u64,
    /// `{` and `[`
    pub(super) opens: u64,
    /// `}` and `]`
    pub(super) closes: u64,
    /// `:`
    pub(super) colons: u64,
    /// `,`
    pub(super) commas: u64,
    /// Tokens that come right after `{` or `[`.
    pub(super) after_open: u64,
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
            after_separator: 1,
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
        self.in_string == 0 && self.after_separator == 0
    }

    /// Whether no token has come, or none but separators.
    pub(super) fn is_at_start(&self) -> bool {
        self.in_string == 0 && self.after_separator == 1
    }

    /// Checks one block and finds its tokens.
    #[inline(always)]
    pub(super) fn block<I: Isa>(
        &mut self,
        block: &[u8; BLOCK],
        masks: &Masks,
    ) -> Result<Tokens, Breach> {
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
        let structure = opens | closes | colons | commas;
        let scalars = outside & !(structure | spaces);

        let string_ends = quotes & !strings;
        let starts = (quotes & strings) | self.scalars.starts(scalars) | opens;
        let after_separator = first_beyond(colons | commas, spaces, &mut self.after_separator);
        let after_open = first_beyond(opens, spaces, &mut self.after_open);
        let after_string = first_beyond(string_ends, spaces, &mut self.after_string);
        let after_colon = first_beyond(colons, !structure, &mut self.after_colon);
        let expecting = after_separator | after_open;

        let broken = self.scalars.check::<I>(scalars, block);
        let bad_escapes = if escaped | self.hex_due as u64 == 0 {
            0
        } else {
            self.check_escapes(escaped & strings, block)
        };
        let places = Places {
            no_value: (colons | commas | (closes & !after_open)) & expecting,
            two_values: starts & !expecting,
            colons: colons & (!after_string | after_colon),
            controls: masks.controls & strings,
            escapes: bad_escapes,
            scalars: broken,
        };
        if places.any() != 0 {
            return Err(places.first());
        }
        Ok(Tokens {
            quotes,
            opens,
            closes,
            colons,
            commas,
            after_open,
        })
    }

    /// The bytes that a backslash stands before.
    #[inline(always)]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return std::mem::take(&mut self.escape);
        }
        const EVEN: u64 = 0x5555_5555_5555_5555;
        // A run of backslashes escapes the byte behind it when its length is odd: found by
        // adding at its start and looking whether the sum ends on an even or an odd place.
        let backslashes = backslashes & !self.escape;
        let follows = (backslashes << 1) | self.escape;
        let odd_starts = backslashes & !EVEN & !follows;
        let (sum, over) = odd_starts.overflowing_add(backslashes);
        self.escape = u64::from(over);
        (EVEN ^ (sum << 1)) & follows
    }

    /// The escaped bytes that JSON does not know, and missing hexadecimal digits.
    #[inline(never)]
    fn check_escapes(&mut self, mut escaped: u64, block: &[u8; BLOCK]) -> u64 {
        let mut bad = 0;
        let due = std::mem::take(&mut self.hex_due);
        for (at, byte) in block.iter().enumerate().take(due) {
            bad |= u64::from(!byte.is_ascii_hexdigit()) << at;
        }
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
                    self.hex_due = 4 - digits.len();
                }
                _ => bad |= 1 << at,
            }
        }
        bad
    }
}

/// The places of a block where a rule is broken, by rule.
struct Places {
    no_value: u64,
    two_values: u64,
    colons: u64,
    controls: u64,
    escapes: u64,
    scalars: Broken,
}

impl Places {
    #[inline(always)]
    fn any(&self) -> u64 {
        self.no_value
            | self.two_values
            | self.colons
            | self.controls
            | self.escapes
            | self.scalars.numbers
            | self.scalars.words
    }

    #[cold]
    #[inline(never)]
    fn first(&self) -> Breach {
        let at = self.any().trailing_zeros() as usize;
        let rules = [
            (self.controls, "a control character in a string"),
            (self.escapes, "an unknown escape in a string"),
            (
                self.scalars.words,
                "a word that is not `true`, `false` or `null`",
            ),
            (self.scalars.numbers, "a malformed number"),
            (self.no_value, "a value is missing"),
            (self.colons, "a `:` that does not follow a member name"),
            (self.two_values, "a `,` or a closing bracket was expected"),
        ];
        let broken = rules.iter().find(|(places, _)| places >> at & 1 == 1);
        let (_, what) = broken.expect("the bit was taken from one of them");
        Breach { at, what }
    }
}
