//! Checks numbers, `true`, `false` and `null` as words of bits.
//!
//! A *scalar byte* is one that stands outside strings and is neither white space nor one of
//! `{}[]:,"`. A run of them must be a number or one of the three words. Numbers are checked
//! without looking at them one by one: each rule of their grammar is about neighbours
//! ("a dot comes after a digit"), or about what comes after a run of digits ("no second
//! dot"), and both are shifts and additions on the masks of [`NumberMasks`].

use super::scanner::{BLOCK, Isa, NumberMasks};

/// What must be remembered from block to block. All zero outside a scalar.
#[derive(Debug, Clone, Default)]
pub(super) struct Scalars {
    /// Whether the block ended with a scalar byte (0 or 1), and with which kind.
    open: u64,
    digit: u64,
    sign: u64,
    leading_minus: u64,
    leading_zero: u64,
    dot: u64,
    exponent: u64,
    /// Whether the digits at the end of the block belong to a fraction, an exponent.
    in_fraction: u64,
    in_exponent: u64,
    /// The start of a word that was cut by the end of the block.
    word: [u8; 5],
    word_length: usize,
}

/// The bits of a block where the grammar is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Broken {
    /// In a number.
    pub(super) numbers: u64,
    /// At the first byte of what should be a word.
    pub(super) words: u64,
}

/// Bit n of the answer is bit n - 1 of `bits`; bit 0 is that of the block before.
#[inline(always)]
fn after(bits: u64, carry: &mut u64) -> u64 {
    let shifted = (bits << 1) | *carry;
    *carry = bits >> 63;
    shifted
}

/// The first byte outside `medium` after each of `starts`. Every start is outside `medium`.
/// `carry` takes the search over to the next block.
#[inline(always)]
pub(super) fn first_beyond(starts: u64, medium: u64, carry: &mut u64) -> u64 {
    let next = (starts << 1) | *carry;
    // Adding a bit at the start of a run of ones moves it to the bit behind the run.
    let (sum, over) = (next & medium).overflowing_add(medium);
    *carry = (starts >> 63) | u64::from(over);
    (sum | next) & !medium
}

impl Scalars {
    /// The first bytes of runs of scalar bytes.
    #[inline(always)]
    pub(super) fn starts(&self, scalars: u64) -> u64 {
        scalars & !((scalars << 1) | self.open)
    }

    /// Checks the scalar bytes of one block.
    #[inline(always)]
    pub(super) fn check<I: Isa>(&mut self, scalars: u64, block: &[u8; BLOCK]) -> Broken {
        if scalars | self.open == 0 {
            return Broken::default();
        }
        self.check_some(scalars, block, I::numbers(block))
    }

    #[inline(always)]
    fn check_some(&mut self, scalars: u64, block: &[u8; BLOCK], masks: NumberMasks) -> Broken {
        let starts = self.starts(scalars);
        self.open = scalars >> 63;

        let mut broken = Broken::default();
        let word_starts = starts & !(masks.digits | masks.minuses);
        let words = if word_starts != 0 || self.word_length != 0 {
            self.check_words(word_starts, scalars, block, &mut broken)
        } else {
            0
        };

        let number = scalars & !words;
        let start = starts & number;
        let digit = masks.digits & number;
        let dot = masks.dots & number;
        let exponent = masks.exponents & number;
        let minus = masks.minuses & number;
        let plus = masks.pluses & number;
        let sign = minus | plus;

        let after_digit = after(digit, &mut self.digit);
        let after_sign = after(sign, &mut self.sign);
        let after_exponent = after(exponent, &mut self.exponent);
        let exponent_sign = sign & after_exponent;
        let after_minus = after(minus & start, &mut self.leading_minus);
        let leading_zero = masks.zeros & number & (start | after_minus);
        let after_zero = after(leading_zero, &mut self.leading_zero);
        let after_dot = after(dot, &mut self.dot);
        let after_fraction = first_beyond(dot, digit, &mut self.in_fraction);
        let after_power = first_beyond(exponent | exponent_sign, digit, &mut self.in_exponent);

        broken.numbers = (number & !(digit | dot | exponent | sign))
            | (minus & !(start | after_exponent))
            | (plus & !after_exponent)
            | ((after_sign | after_dot) & !digit)
            | (after_exponent & !(digit | sign))
            | ((dot | exponent) & !after_digit)
            | (start & !(digit | minus))
            | (after_zero & digit)
            | (after_fraction & dot)
            | (after_power & (dot | exponent));
        broken
    }

    /// Checks the words that start or end in a block; returns their bytes.
    #[inline(never)]
    fn check_words(
        &mut self,
        starts: u64,
        scalars: u64,
        block: &[u8; BLOCK],
        broken: &mut Broken,
    ) -> u64 {
        let mut words = 0;
        if self.word_length != 0 {
            let rest = (!scalars).trailing_zeros() as usize;
            words |= run(0, rest);
            if !self.extend_word(&block[..rest]) || (rest < BLOCK && !self.is_word()) {
                broken.words |= 1;
            }
            if rest < BLOCK {
                self.word_length = 0;
            }
        }
        let mut starts = starts;
        while starts != 0 {
            let at = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let length = (!(scalars >> at)).trailing_zeros() as usize;
            let length = length.min(BLOCK - at);
            words |= run(at, length);
            let known = self.extend_word(&block[at..at + length]);
            let cut = at + length == BLOCK;
            if !known || (!cut && !self.is_word()) {
                broken.words |= 1 << at;
            }
            if !cut {
                self.word_length = 0;
            }
        }
        words
    }

    /// Adds bytes to the word; false when it is longer than any.
    fn extend_word(&mut self, bytes: &[u8]) -> bool {
        let end = self.word_length + bytes.len();
        let Some(room) = self.word.get_mut(self.word_length..end) else {
            return false;
        };
        room.copy_from_slice(bytes);
        self.word_length = end;
        true
    }

    fn is_word(&self) -> bool {
        matches!(&self.word[..self.word_length], b"true" | b"false" | b"null")
    }
}

/// `length` bits from bit `at` on.
fn run(at: usize, length: usize) -> u64 {
    match length {
        0 => 0,
        _ => (u64::MAX >> (BLOCK - length)) << at,
    }
}
