//! Finds the bytes that matter in JSON text, 64 at a time.
//!
//! One block of 64 bytes becomes a handful of 64-bit words with one bit per byte, lowest bit
//! first. Everything after that is arithmetic on words (see [`super::grammar`]).

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// Where the bytes of each class stand in one block. Nothing here knows about strings yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Masks {
    /// `"`
    pub(super) quotes: u64,
    /// `\`
    pub(super) backslashes: u64,
    /// `{` and `[`
    pub(super) opens: u64,
    /// `}` and `]`
    pub(super) closes: u64,
    /// `:`
    pub(super) colons: u64,
    /// `,`
    pub(super) commas: u64,
    /// Space, tab, line feed, carriage return.
    pub(super) spaces: u64,
    /// Below 0x20.
    pub(super) controls: u64,
    /// 0x80 and above.
    pub(super) high: u64,
}

/// Where the bytes that numbers are made of stand in one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberMasks {
    /// `0` to `9`
    pub(super) digits: u64,
    /// `0`
    pub(super) zeros: u64,
    /// `-`
    pub(super) minuses: u64,
    /// `+`
    pub(super) pluses: u64,
    /// `.`
    pub(super) dots: u64,
    /// `e` and `E`
    pub(super) exponents: u64,
}

/// One way to make the masks.
pub(super) trait Isa {
    /// The masks of a block.
    fn masks(block: &[u8; BLOCK]) -> Masks;
    /// The number masks of a block.
    fn numbers(block: &[u8; BLOCK]) -> NumberMasks;
    /// Bit n of the answer is the parity of bits 0 to n.
    fn parity(bits: u64) -> u64;
}

/// Something to do with whichever way of making masks is the fastest here.
pub(super) trait Work {
    /// What comes of it.
    type Output;
    /// Does it.
    fn run<I: Isa>(self) -> Self::Output;
}

/// What the processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Features {
    /// Nothing special.
    Portable,
}

impl Features {
    /// The best there is.
    pub(super) fn best() -> Self {
        Self::Portable
    }

    /// Does some work.
    #[inline(always)]
    pub(super) fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Portable => work.run::<Portable>(),
        }
    }
}

/// Plain Rust, eight bytes at a time.
#[derive(Debug)]
pub(super) struct Portable;

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW_SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Gathers the highest bit of each byte; byte 0 becomes bit 0.
fn gather(highs: u64) -> u64 {
    ((highs >> 7) & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// One bit per byte of `word` that equals `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    // The highest bit of a byte of this sum is set when any of its lower seven bits was.
    let low = (difference & LOW_SEVEN) + LOW_SEVEN;
    gather(!(low | difference))
}

/// Calls `each` with every eight bytes of a block and the number of the first.
fn words(block: &[u8; BLOCK], mut each: impl FnMut(u64, usize)) {
    let (eights, _) = block.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        each(u64::from_le_bytes(*eight), index * 8);
    }
}

impl Isa for Portable {
    #[inline]
    fn masks(block: &[u8; BLOCK]) -> Masks {
        let mut masks = Masks {
            quotes: 0,
            backslashes: 0,
            opens: 0,
            closes: 0,
            colons: 0,
            commas: 0,
            spaces: 0,
            controls: 0,
            high: 0,
        };
        words(block, |word, at| {
            let folded = word | (ONES * 0x20);
            masks.quotes |= equal(word, b'"') << at;
            masks.backslashes |= equal(word, b'\\') << at;
            masks.opens |= equal(folded, b'{') << at;
            masks.closes |= equal(folded, b'}') << at;
            masks.colons |= equal(word, b':') << at;
            masks.commas |= equal(word, b',') << at;
            masks.spaces |=
                (equal(word, b' ') | equal(word, b'\n') | equal(word, b'\t') | equal(word, b'\r'))
                    << at;
            masks.controls |= equal(word & (ONES * 0xe0), 0) << at;
            masks.high |= gather(word) << at;
        });
        masks
    }

    #[inline]
    fn numbers(block: &[u8; BLOCK]) -> NumberMasks {
        let mut masks = NumberMasks {
            digits: 0,
            zeros: 0,
            minuses: 0,
            pluses: 0,
            dots: 0,
            exponents: 0,
        };
        words(block, |word, at| {
            // 0x30 to 0x3f, without those whose lower half is above 9.
            let above_nine = ((word & (ONES * 0x0f)) + ONES * 6) << 3;
            let digits = equal(word & (ONES * 0xf0), 0x30) & !gather(above_nine);
            masks.digits |= digits << at;
            masks.zeros |= equal(word, b'0') << at;
            masks.minuses |= equal(word, b'-') << at;
            masks.pluses |= equal(word, b'+') << at;
            masks.dots |= equal(word, b'.') << at;
            masks.exponents |= equal(word | (ONES * 0x20), b'e') << at;
        });
        masks
    }

    #[inline]
    fn parity(mut bits: u64) -> u64 {
        for distance in [1, 2, 4, 8, 16, 32] {
            bits ^= bits << distance;
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_the_classes_that_json_gives_it() {
        for byte in 0..=u8::MAX {
            for at in [0, 7, 8, 63] {
                let mut block = [b'x'; BLOCK];
                block[at] = byte;
                let bit = |holds: bool| u64::from(holds) << at;
                let m = Portable::masks(&block);
                assert_eq!(m.quotes, bit(byte == b'"'));
                assert_eq!(m.backslashes, bit(byte == b'\\'));
                assert_eq!(m.opens, bit(matches!(byte, b'{' | b'[')));
                assert_eq!(m.closes, bit(matches!(byte, b'}' | b']')));
                assert_eq!(m.colons, bit(byte == b':'));
                assert_eq!(m.commas, bit(byte == b','));
                assert_eq!(m.spaces, bit(matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
                assert_eq!(m.controls, bit(byte < 0x20));
                assert_eq!(m.high, bit(byte >= 0x80));
                let n = Portable::numbers(&block);
                assert_eq!(n.digits, bit(byte.is_ascii_digit()));
                assert_eq!(n.zeros, bit(byte == b'0'));
                assert_eq!(n.minuses, bit(byte == b'-'));
                assert_eq!(n.pluses, bit(byte == b'+'));
                assert_eq!(n.dots, bit(byte == b'.'));
                assert_eq!(n.exponents, bit(matches!(byte, b'e' | b'E')));
            }
        }
    }

    #[test]
    fn parity_turns_at_every_set_bit() {
        assert_eq!(Portable::parity(0b0010_0100), 0b0001_1100);
        assert_eq!(Portable::parity(1 << 63), 1 << 63);
        assert_eq!(Portable::parity(1), u64::MAX);
    }
}
