//! Checks numbers, `true`, `false` and `null` as words of bits.
//!
//! A *scalar byte* is one that stands outside strings and is neither white space nor one of
//! `{}[]:,"`. A run of them must be a number or one of the three words. Numbers are checked
//! without looking at them one by one: each rule of their grammar is about neighbours
//! ("a dot comes after a digit"), or about what comes after a run of digits ("no second
//! dot"), and both are shifts and additions on the masks of [`NumberMasks`]. Where a block has
//! only a few scalars, looking at each is faster.

use super::scanner::{BLOCK, Isa, NumberMasks};

/// Up to how many scalars of a block are looked at one by one.
const FEW: u32 = 3;

/// What must be remembered from block to block. All zero outside a scalar.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scalars {
    /// Whether the block ended with a scalar byte, and with which kind (0 or 1).
    open: u64,
    digit: u64,
    point: u64,
    leading_minus: u64,
    leading_zero: u64,
    exponent: u64,
    /// Whether the digits at the end of the block belong to a fraction, to an exponent.
    in_fraction: u64,
    in_exponent: u64,
    word: Word,
}

/// The start of a word that was cut by the end of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    bytes: [u8; 5],
    length: u8,
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

/// The first bytes of runs of scalar bytes, of which the block before has others.
#[inline(always)]
pub(super) fn starts(before: u64, scalars: u64) -> u64 {
    scalars & !((scalars << 1) | (before >> 63))
}

impl Scalars {
    /// The highest bit: whether a scalar goes on into the next block.
    pub(super) fn is_open(&self) -> u64 {
        self.open << 63
    }

    /// Checks the scalar bytes of one block; `starts` are the first of each run of them.
    #[inline(always)]
    pub(super) fn check<I: Isa>(
        &mut self,
        scalars: u64,
        starts: u64,
        block: &[u8; BLOCK],
    ) -> Broken {
        if self.open | (scalars >> 63) == 0 && starts.count_ones() <= FEW {
            return check_few(starts, scalars, block);
        }
        self.check_many::<I>(starts, scalars, block)
    }

    /// Checks them all at once.
    #[inline(always)]
    fn check_many<I: Isa>(&mut self, starts: u64, scalars: u64, block: &[u8; BLOCK]) -> Broken {
        let masks = I::numbers(block);
        let word_starts = starts & !(masks.digits | masks.minuses);
        let mut words = Words::default();
        if word_starts != 0 || self.word.length != 0 {
            words = check_words(self.word, word_starts, scalars, block);
            self.word = words.cut;
        }
        let was_open = self.open;
        self.open = scalars >> 63;
        let numbers = if scalars & !words.bytes | was_open == 0 {
            0
        } else {
            self.check_numbers(scalars & !words.bytes, starts, &masks)
        };
        Broken {
            numbers,
            words: words.broken,
        }
    }

    /// Checks the bytes of a block that belong to numbers.
    #[inline(always)]
    fn check_numbers(&mut self, number: u64, starts: u64, masks: &NumberMasks) -> u64 {
        let start = starts & number;
        let digit = masks.digits & number;
        let minus = masks.minuses & number;
        let dot = masks.dots & number;

        let after_digit = after(digit, &mut self.digit);
        let after_minus = after(minus & start, &mut self.leading_minus);
        let leading_zero = masks.zeros & number & (start | after_minus);
        let after_zero = after(leading_zero, &mut self.leading_zero);
        let after_fraction = first_beyond(dot, digit, &mut self.in_fraction);
        // A digit comes after each of these.
        let sign = minus | (masks.pluses & number);
        let after_point = after(sign | dot, &mut self.point);
        let broken = (start & !(digit | minus))
            | (dot & (after_fraction | !after_digit))
            | (after_zero & digit)
            | (after_point & !digit);

        let exponent = masks.exponents & number;
        let exponents = if exponent | self.exponent | self.in_exponent == 0 {
            // No `+`, and `-` only in front.
            (number & !(digit | minus | dot)) | (minus & !start)
        } else {
            let after_exponent = after(exponent, &mut self.exponent);
            let powers = exponent | (sign & after_exponent);
            let after_power = first_beyond(powers, digit, &mut self.in_exponent);
            (number & !(digit | sign | dot | exponent))
                | (sign & !(after_exponent | (minus & start)))
                | (after_exponent & !(digit | sign))
                | (exponent & !after_digit)
                | (after_power & (dot | exponent))
        };
        broken | exponents
    }
}

/// Checks scalars that stand wholly in a block, one by one.
#[inline(never)]
fn check_few(mut starts: u64, scalars: u64, block: &[u8; BLOCK]) -> Broken {
    let mut broken = Broken::default();
    while starts != 0 {
        let at = starts.trailing_zeros() as usize;
        let length = (!(scalars >> at)).trailing_zeros() as usize;
        match &block[at..BLOCK.min(at + length)] {
            b"true" | b"false" | b"null" => {}
            number @ [b'-' | b'0'..=b'9', ..] => {
                broken.numbers |= u64::from(!is_number(number)) << at;
            }
            _ => broken.words |= 1 << at,
        }
        starts &= starts - 1;
    }
    broken
}

fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut text = &text[whole..];
    if let [b'.', fraction @ ..] = text {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        text = &fraction[length..];
    }
    if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = text {
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    text.is_empty()
}

/// What was found out about the words of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Words {
    /// Their bytes.
    bytes: u64,
    /// First bytes of those that are none.
    broken: u64,
    /// The one that is cut by the end of the block.
    cut: Word,
}

/// Checks the words that start or end in a block.
#[inline(never)]
fn check_words(cut: Word, mut starts: u64, scalars: u64, block: &[u8; BLOCK]) -> Words {
    let mut words = Words::default();
    if cut.length != 0 {
        let rest = (!scalars).trailing_zeros() as usize;
        words.check(cut, 0, &block[..rest]);
    }
    while starts != 0 {
        let at = starts.trailing_zeros() as usize;
        starts &= starts - 1;
        let length = (!(scalars >> at)).trailing_zeros() as usize;
        let end = BLOCK.min(at + length);
        words.check(Word::default(), at, &block[at..end]);
    }
    words
}

impl Words {
    /// Checks the word that goes on with `bytes`, which stand at `at` in the block.
    fn check(&mut self, word: Word, at: usize, bytes: &[u8]) {
        let length = bytes.len();
        if length > 0 {
            self.bytes |= (u64::MAX >> (BLOCK - length)) << at;
        }
        if word.length == 0 && matches!(bytes, b"true" | b"false" | b"null") && at + length < BLOCK
        {
            return;
        }
        let is_cut = at + length == BLOCK;
        match word.and(bytes) {
            Some(word) if is_cut => self.cut = word,
            Some(word) if word.is_known() => {}
            _ => self.broken |= 1 << at,
        }
    }
}

impl Word {
    /// The word with more bytes behind it; `None` when it is longer than any.
    fn and(mut self, bytes: &[u8]) -> Option<Self> {
        let start = usize::from(self.length);
        let room = self.bytes.get_mut(start..start + bytes.len())?;
        room.copy_from_slice(bytes);
        self.length += u8::try_from(bytes.len()).ok()?;
        Some(self)
    }

    fn is_known(self) -> bool {
        let text = &self.bytes[..usize::from(self.length)];
        matches!(text, b"true" | b"false" | b"null")
    }
}
