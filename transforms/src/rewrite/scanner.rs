//! Finds the bytes that matter in JSON text, 64 at a time.
//!
//! One block of 64 bytes becomes a handful of 64-bit words with one bit per byte, lowest bit
//! first. Everything after that is arithmetic on words (see [`super::grammar`]).

#![expect(
    unsafe_code,
    reason = "vector instructions make the scan several times faster, and may only run where the \
              processor has them, which is known at run time"
)]
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        clippy::cast_ptr_alignment,
        reason = "loads and stores are the unaligned ones"
    )
)]

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// Where the bytes of each class stand in one block. Nothing here knows about strings yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    /// The masks of a block, and whether there are bytes above 0x7f.
    fn masks(block: &[u8; BLOCK]) -> (Masks, bool);
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

/// What the processor can do. Only this module makes one, and only of what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features(Found);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    #[cfg_attr(
        target_arch = "x86_64",
        cfg_attr(not(test), expect(dead_code, reason = "for others"))
    )]
    Portable,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Features {
    /// The best there is.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let bits = has!("popcnt") && has!("lzcnt") && has!("bmi1") && has!("bmi2");
            let vectors = has!("avx2") && has!("pclmulqdq");
            if !(bits && vectors) {
                return Self(Found::Sse2);
            }
            if has!("avx512f") && has!("avx512bw") && has!("avx512vl") {
                return Self(Found::Avx512);
            }
            Self(Found::Avx2)
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self(Found::Portable)
    }

    /// Does some work.
    #[inline]
    pub(super) fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            Found::Portable => work.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            Found::Sse2 => work.run::<x86::Sse2>(),
            // SAFETY: `best` found every feature that the function is compiled for.
            #[cfg(target_arch = "x86_64")]
            Found::Avx2 => unsafe { x86::with_avx2(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Found::Avx512 => unsafe { x86::with_avx512(work) },
        }
    }

    /// All that this processor can do.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let all = [
            Found::Portable,
            #[cfg(target_arch = "x86_64")]
            Found::Sse2,
            #[cfg(target_arch = "x86_64")]
            Found::Avx2,
            #[cfg(target_arch = "x86_64")]
            Found::Avx512,
        ];
        // Each can do what those before it can.
        let best = all.iter().position(|found| Self(*found) == Self::best());
        all.into_iter()
            .take(best.map_or(1, |best| best + 1))
            .map(Self)
            .collect()
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
    fn masks(block: &[u8; BLOCK]) -> (Masks, bool) {
        let mut masks = Masks::default();
        let mut all = 0;
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
            all |= word;
        });
        (masks, all & (ONES * 0x80) != 0)
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

/// x86 with vectors.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_and_si128, _mm_clmulepi64_si128, _mm_cmpeq_epi8,
        _mm_cvtsi128_si64, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set_epi64x, _mm_set1_epi8, _mm_setr_epi8, _mm_sub_epi8, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_setr_epi8, _mm256_shuffle_epi8, _mm256_sub_epi8,
        _mm512_broadcast_i32x4, _mm512_cmpeq_epi8_mask, _mm512_cmple_epu8_mask,
        _mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_or_si512,
        _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_sub_epi8,
    };

    use super::{BLOCK, Isa, Masks, NumberMasks, Portable, Work};

    /// 16 bytes at a time: what every x86-64 has.
    pub(super) struct Sse2;
    /// 32 bytes at a time.
    pub(super) struct Avx2;
    /// 64 bytes at a time.
    pub(super) struct Avx512;

    /// Runs work compiled for AVX2.
    #[target_feature(enable = "avx2,pclmulqdq,popcnt,lzcnt,bmi1,bmi2")]
    pub(super) fn with_avx2<W: Work>(work: W) -> W::Output {
        work.run::<Avx2>()
    }

    /// Runs work compiled for AVX-512.
    #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,pclmulqdq,popcnt,lzcnt,bmi1,bmi2")]
    pub(super) fn with_avx512<W: Work>(work: W) -> W::Output {
        work.run::<Avx512>()
    }

    #[inline(always)]
    fn signed(byte: u8) -> i8 {
        i8::from_ne_bytes([byte])
    }

    /// The bits of a mask of 16 bytes.
    #[inline(always)]
    fn bits(mask: i32) -> u64 {
        u64::from(mask.cast_unsigned())
    }

    macro_rules! each_16 {
        ($block:expr, |$bytes:ident| $bits:expr) => {{
            let mut all = 0;
            for at in [0, 16, 32, 48] {
                // SAFETY: 16 bytes from `at` on are inside the 64 of the block, and the load
                // needs no alignment. Every x86-64 has SSE2.
                all |= unsafe {
                    let $bytes = _mm_loadu_si128($block.as_ptr().add(at).cast::<__m128i>());
                    bits(_mm_movemask_epi8($bits)) << at
                };
            }
            all
        }};
    }

    impl Isa for Sse2 {
        #[inline(always)]
        fn masks(block: &[u8; BLOCK]) -> (Masks, bool) {
            macro_rules! equal {
                ($byte:expr) => {
                    each_16!(block, |bytes| _mm_cmpeq_epi8(
                        bytes,
                        _mm_set1_epi8(signed($byte))
                    ))
                };
            }
            macro_rules! folded {
                ($byte:expr) => {
                    each_16!(block, |bytes| _mm_cmpeq_epi8(
                        _mm_or_si128(bytes, _mm_set1_epi8(0x20)),
                        _mm_set1_epi8(signed($byte))
                    ))
                };
            }
            let masks = Masks {
                quotes: equal!(b'"'),
                backslashes: equal!(b'\\'),
                opens: folded!(b'{'),
                closes: folded!(b'}'),
                colons: equal!(b':'),
                commas: equal!(b','),
                spaces: equal!(b' ') | equal!(b'\n') | equal!(b'\t') | equal!(b'\r'),
                controls: each_16!(block, |bytes| _mm_cmpeq_epi8(
                    _mm_and_si128(bytes, _mm_set1_epi8(signed(0xe0))),
                    _mm_set1_epi8(0)
                )),
            };
            (masks, each_16!(block, |bytes| bytes) != 0)
        }

        #[inline(always)]
        fn numbers(block: &[u8; BLOCK]) -> NumberMasks {
            macro_rules! equal {
                ($byte:expr) => {
                    each_16!(block, |bytes| _mm_cmpeq_epi8(
                        bytes,
                        _mm_set1_epi8(signed($byte))
                    ))
                };
            }
            NumberMasks {
                digits: each_16!(block, |bytes| {
                    let above = _mm_sub_epi8(bytes, _mm_set1_epi8(signed(b'0')));
                    _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(9)), above)
                }),
                zeros: equal!(b'0'),
                minuses: equal!(b'-'),
                pluses: equal!(b'+'),
                dots: equal!(b'.'),
                exponents: equal!(b'e') | equal!(b'E'),
            }
        }

        #[inline(always)]
        fn parity(bits: u64) -> u64 {
            Portable::parity(bits)
        }
    }

    /// A product without carries with all ones is the parity of the bits so far.
    #[inline(always)]
    fn product_parity(bits: u64) -> u64 {
        // SAFETY: only types whose work is compiled for PCLMULQDQ call this.
        unsafe {
            let product =
                _mm_clmulepi64_si128(_mm_set_epi64x(0, bits.cast_signed()), _mm_set1_epi8(-1), 0);
            _mm_cvtsi128_si64(product).cast_unsigned()
        }
    }

    /// The two halves of a block.
    #[inline(always)]
    fn halves(block: &[u8; BLOCK]) -> [__m256i; 2] {
        // SAFETY: both loads are inside the 64 bytes of the block and need no alignment; only
        // work that is compiled for AVX2 calls this.
        unsafe {
            [
                _mm256_loadu_si256(block.as_ptr().cast::<__m256i>()),
                _mm256_loadu_si256(block.as_ptr().add(32).cast::<__m256i>()),
            ]
        }
    }

    macro_rules! both_32 {
        ($halves:expr, |$bytes:ident| $bits:expr) => {{
            let [low, high] = $halves;
            // SAFETY: only work that is compiled for AVX2 comes here; nothing touches memory.
            unsafe {
                let low = {
                    let $bytes = low;
                    bits(_mm256_movemask_epi8($bits))
                };
                let high = {
                    let $bytes = high;
                    bits(_mm256_movemask_epi8($bits))
                };
                low | high << 32
            }
        }};
    }

    impl Isa for Avx2 {
        #[inline(always)]
        fn masks(block: &[u8; BLOCK]) -> (Masks, bool) {
            let halves = halves(block);
            macro_rules! equal {
                ($byte:expr) => {
                    both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                        bytes,
                        _mm256_set1_epi8(signed($byte))
                    ))
                };
            }
            macro_rules! folded {
                ($byte:expr) => {
                    both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                        _mm256_or_si256(bytes, _mm256_set1_epi8(0x20)),
                        _mm256_set1_epi8(signed($byte))
                    ))
                };
            }
            let masks = Masks {
                quotes: equal!(b'"'),
                backslashes: equal!(b'\\'),
                opens: folded!(b'{'),
                closes: folded!(b'}'),
                colons: equal!(b':'),
                commas: equal!(b','),
                // The table has each kind of white space at its lower four bits, and elsewhere
                // a byte with other lower bits than its place.
                spaces: both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                    bytes,
                    _mm256_shuffle_epi8(
                        _mm256_setr_epi8(
                            32, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 0, 0, 13, 0, 0, //
                            32, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 0, 0, 13, 0, 0,
                        ),
                        bytes
                    )
                )),
                controls: both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                    _mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)),
                    bytes
                )),
            };
            let [low, high] = halves;
            // SAFETY: as above.
            let signs = unsafe { _mm256_movemask_epi8(_mm256_or_si256(low, high)) };
            (masks, signs != 0)
        }

        #[inline(always)]
        fn numbers(block: &[u8; BLOCK]) -> NumberMasks {
            let halves = halves(block);
            macro_rules! equal {
                ($byte:expr) => {
                    both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                        bytes,
                        _mm256_set1_epi8(signed($byte))
                    ))
                };
            }
            NumberMasks {
                digits: both_32!(halves, |bytes| {
                    let above = _mm256_sub_epi8(bytes, _mm256_set1_epi8(signed(b'0')));
                    _mm256_cmpeq_epi8(_mm256_min_epu8(above, _mm256_set1_epi8(9)), above)
                }),
                zeros: equal!(b'0'),
                minuses: equal!(b'-'),
                pluses: equal!(b'+'),
                dots: equal!(b'.'),
                exponents: both_32!(halves, |bytes| _mm256_cmpeq_epi8(
                    _mm256_or_si256(bytes, _mm256_set1_epi8(0x20)),
                    _mm256_set1_epi8(signed(b'e'))
                )),
            }
        }

        #[inline(always)]
        fn parity(bits: u64) -> u64 {
            product_parity(bits)
        }
    }

    /// A whole block.
    #[inline(always)]
    fn all(block: &[u8; BLOCK]) -> __m512i {
        // SAFETY: the load is of the 64 bytes of the block and needs no alignment; only work
        // that is compiled for AVX-512 calls this.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast::<__m512i>()) }
    }

    impl Isa for Avx512 {
        #[inline(always)]
        fn masks(block: &[u8; BLOCK]) -> (Masks, bool) {
            let bytes = all(block);
            // SAFETY: only work that is compiled for AVX-512 comes here; nothing touches
            // memory.
            unsafe {
                let of = |byte| _mm512_set1_epi8(signed(byte));
                let equal = |byte| _mm512_cmpeq_epi8_mask(bytes, of(byte));
                let folded = _mm512_or_si512(bytes, of(0x20));
                let spaces = _mm_setr_epi8(32, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 0, 0, 13, 0, 0);
                let masks = Masks {
                    quotes: equal(b'"'),
                    backslashes: equal(b'\\'),
                    opens: _mm512_cmpeq_epi8_mask(folded, of(b'{')),
                    closes: _mm512_cmpeq_epi8_mask(folded, of(b'}')),
                    colons: equal(b':'),
                    commas: equal(b','),
                    // As with AVX2.
                    spaces: _mm512_cmpeq_epi8_mask(
                        bytes,
                        _mm512_shuffle_epi8(_mm512_broadcast_i32x4(spaces), bytes),
                    ),
                    controls: _mm512_cmplt_epu8_mask(bytes, of(0x20)),
                };
                (masks, _mm512_movepi8_mask(bytes) != 0)
            }
        }

        #[inline(always)]
        fn numbers(block: &[u8; BLOCK]) -> NumberMasks {
            let bytes = all(block);
            // SAFETY: as in `masks`.
            unsafe {
                let of = |byte| _mm512_set1_epi8(signed(byte));
                let equal = |byte| _mm512_cmpeq_epi8_mask(bytes, of(byte));
                NumberMasks {
                    digits: _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, of(b'0')), of(9)),
                    zeros: equal(b'0'),
                    minuses: equal(b'-'),
                    pluses: equal(b'+'),
                    dots: equal(b'.'),
                    exponents: _mm512_cmpeq_epi8_mask(_mm512_or_si512(bytes, of(0x20)), of(b'e')),
                }
            }
        }

        #[inline(always)]
        fn parity(bits: u64) -> u64 {
            product_parity(bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Scan([u8; BLOCK]);

    impl Work for Scan {
        type Output = (Masks, bool, NumberMasks, u64);
        fn run<I: Isa>(self) -> Self::Output {
            let (masks, is_high) = I::masks(&self.0);
            let parity = I::parity(masks.quotes);
            (masks, is_high, I::numbers(&self.0), parity)
        }
    }

    /// The same, a byte at a time.
    fn obvious(block: &[u8; BLOCK]) -> (Masks, bool, NumberMasks, u64) {
        let bits = |is: fn(u8) -> bool| {
            (0..BLOCK)
                .filter(|at| is(block[*at]))
                .fold(0, |bits, at| bits | (1_u64 << at))
        };
        let masks = Masks {
            quotes: bits(|byte| byte == b'"'),
            backslashes: bits(|byte| byte == b'\\'),
            opens: bits(|byte| matches!(byte, b'{' | b'[')),
            closes: bits(|byte| matches!(byte, b'}' | b']')),
            colons: bits(|byte| byte == b':'),
            commas: bits(|byte| byte == b','),
            spaces: bits(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')),
            controls: bits(|byte| byte < 0x20),
        };
        let numbers = NumberMasks {
            digits: bits(|byte| byte.is_ascii_digit()),
            zeros: bits(|byte| byte == b'0'),
            minuses: bits(|byte| byte == b'-'),
            pluses: bits(|byte| byte == b'+'),
            dots: bits(|byte| byte == b'.'),
            exponents: bits(|byte| matches!(byte, b'e' | b'E')),
        };
        let mut odd = false;
        let parity = (0..BLOCK).fold(0, |parity, at| {
            odd ^= masks.quotes >> at & 1 == 1;
            parity | (u64::from(odd) << at)
        });
        let is_high = block.iter().any(|byte| *byte >= 0x80);
        (masks, is_high, numbers, parity)
    }

    proptest! {
        /// Every way this processor has to scan finds what an obvious loop finds.
        #[test]
        fn all_ways_to_scan_agree(block in prop::array::uniform32(any::<[u8; 2]>()), json in prop::array::uniform32("[\"\\\\{}\\[\\]:, \n\t0-9eE.+-]{2}")) {
            let mut raw = [0; BLOCK];
            let mut text = [0; BLOCK];
            for (at, pair) in block.iter().enumerate() {
                raw[2 * at..2 * at + 2].copy_from_slice(pair);
            }
            for (at, pair) in json.iter().enumerate() {
                text[2 * at..2 * at + 2].copy_from_slice(pair.as_bytes());
            }
            for block in [raw, text] {
                for features in Features::all() {
                    prop_assert_eq!(features.run(Scan(block)), obvious(&block), "{:?}", features);
                }
            }
        }
    }
}
