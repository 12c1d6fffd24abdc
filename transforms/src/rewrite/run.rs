//! A run of blocks: what was found in them, and where.
//!
//! Every kind of token has a row of its own, with one word per block. So what is done to
//! each block is done to many at once: the compiler turns the loops over rows into vector
//! instructions.

use std::cell::Cell;

use super::brackets::Counts;
use super::scanner::{BLOCK, Masks};

/// Most blocks of a run.
pub(super) const BLOCKS: usize = 32;

/// Events written at a time.
const STEP: usize = 4;

/// One word for each block.
pub(super) type Row = [u64; BLOCKS];

/// The same, with the block before the run in front.
pub(super) type LongRow = [u64; BLOCKS + 1];

/// The places of brackets and colons, counted from the start of a run.
pub(super) type Events = [u16; BLOCKS * BLOCK + STEP];

/// Everything that is found out about a run before it is walked.
#[derive(Debug)]
pub(super) struct Run {
    // As the scanner found them, then outside strings only.
    pub(super) backslashes: Row,
    pub(super) closes: Row,
    pub(super) colons: Row,
    pub(super) commas: Row,
    pub(super) spaces: Row,
    pub(super) controls: Row,
    pub(super) opens: LongRow,
    pub(super) quotes: LongRow,
    // As the grammar derives them.
    pub(super) strings: Row,
    pub(super) brackets: Row,
    pub(super) structure: Row,
    pub(super) after_open: Row,
    pub(super) values: LongRow,
    pub(super) ends: LongRow,
    pub(super) scalars: LongRow,
    /// How many `:` and `,` stand before each block.
    pub(super) counts: [Counts; BLOCKS],
    pub(super) events: Events,
}

impl Default for Run {
    fn default() -> Self {
        let row = [0; BLOCKS];
        let long = [0; BLOCKS + 1];
        Self {
            backslashes: row,
            closes: row,
            colons: row,
            commas: row,
            spaces: row,
            controls: row,
            opens: long,
            quotes: long,
            strings: row,
            brackets: row,
            structure: row,
            after_open: row,
            values: long,
            ends: long,
            scalars: long,
            counts: [Counts::default(); BLOCKS],
            events: [0; BLOCKS * BLOCK + STEP],
        }
    }
}

thread_local! {
    /// One run is worked on at a time, but for values inside held values: so there is one,
    /// for all machines of a thread.
    static SPARE: Cell<Option<Box<Run>>> = const { Cell::new(None) };
}

impl Run {
    /// Room for a run, with whatever is left in it.
    #[inline]
    pub(super) fn take() -> Box<Self> {
        SPARE.take().unwrap_or_default()
    }

    /// Takes in what the scanner found in one block.
    #[inline(always)]
    pub(super) fn set(&mut self, index: usize, masks: &Masks) {
        self.quotes[index + 1] = masks.quotes;
        self.backslashes[index] = masks.backslashes;
        self.opens[index + 1] = masks.opens;
        self.closes[index] = masks.closes;
        self.colons[index] = masks.colons;
        self.commas[index] = masks.commas;
        self.spaces[index] = masks.spaces;
        self.controls[index] = masks.controls;
    }

    /// Lets another use it.
    #[inline]
    pub(super) fn give_back(self: Box<Self>) {
        SPARE.set(Some(self));
    }
}

/// The tokens of a run, for the walk.
#[derive(Clone, Copy)]
pub(super) struct Found<'r> {
    /// Where the run starts in the window.
    pub(super) start: usize,
    /// How many blocks it has.
    pub(super) blocks: usize,
    quotes: &'r LongRow,
    brackets: &'r Row,
    colons: &'r Row,
    commas: &'r Row,
    after_open: &'r Row,
    counts: &'r [Counts; BLOCKS],
}

impl<'r> Found<'r> {
    /// What was found, and room for the events.
    pub(super) fn new(run: &'r mut Run, start: usize, blocks: usize) -> (Self, &'r mut Events) {
        let found = Self {
            start,
            blocks: blocks.min(BLOCKS),
            quotes: &run.quotes,
            brackets: &run.brackets,
            colons: &run.colons,
            commas: &run.commas,
            after_open: &run.after_open,
            counts: &run.counts,
        };
        (found, &mut run.events)
    }

    /// Where the run ends in the window.
    pub(super) fn end(&self) -> usize {
        self.start + self.blocks * BLOCK
    }

    /// The block of a place, and its bit.
    #[inline(always)]
    fn at(&self, place: usize) -> (usize, usize) {
        let place = place - self.start;
        // The first never goes round: it saves the check that it does not.
        (place / BLOCK % BLOCKS, place % BLOCK)
    }

    /// The words of a row with the places where their blocks start, the last one first.
    fn backwards(&self, row: &'r [u64]) -> impl Iterator<Item = (u64, usize)> + Clone + use<'r> {
        let start = self.start;
        let words = row[..self.blocks].iter().enumerate().rev();
        words.map(move |(index, word)| (*word, start + index * BLOCK))
    }

    /// The quotes of the blocks, the last one first.
    pub(super) fn quotes_backwards(&self) -> impl Iterator<Item = (u64, usize)> + Clone + use<'r> {
        self.backwards(&self.quotes[1..])
    }

    /// The places of the brackets of a block.
    #[inline(always)]
    pub(super) fn brackets(&self, block: usize) -> Bits {
        Bits {
            bits: self.brackets[block],
            start: self.start + block * BLOCK,
        }
    }

    /// The places of the commas of a block.
    pub(super) fn commas(&self, block: usize) -> Bits {
        Bits {
            bits: self.commas[block],
            start: self.start + block * BLOCK,
        }
    }

    /// How many `:` and `,` stand before a place.
    #[inline(always)]
    pub(super) fn counts(&self, place: usize) -> Counts {
        let (block, bit) = self.at(place);
        let before = (1 << bit) - 1;
        self.counts[block].and(self.colons[block] & before, self.commas[block] & before)
    }

    /// Whether the token at a place comes right behind an opening bracket.
    #[inline(always)]
    pub(super) fn is_after_open(&self, place: usize) -> bool {
        let (block, bit) = self.at(place);
        self.after_open[block] >> bit & 1 == 1
    }

    /// The quotes among the 64 bytes before a place, the nearest in the highest bit.
    #[inline(always)]
    fn quotes_before(&self, place: usize) -> u64 {
        let (block, bit) = self.at(place);
        let [far, near] = [self.quotes[block], self.quotes[block + 1]];
        (((u128::from(near) << 64) | u128::from(far)) >> bit) as u64
    }

    /// The quotes of the name in front of a colon, if it is not far: `"name":`.
    #[inline(always)]
    pub(super) fn name_before(&self, bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
        let [b'"', b':'] = bytes.get(colon - 1..)?.first_chunk()? else {
            return None;
        };
        let close = colon - 1;
        if close < self.start {
            return None;
        }
        let back = self.quotes_before(close).leading_zeros() as usize;
        (back < BLOCK).then(|| (close - 1 - back, close))
    }

    /// The last comma of the run before a place.
    pub(super) fn comma_before(&self, place: usize) -> Option<usize> {
        self.backwards(self.commas).find_map(|(commas, start)| {
            let before = match place.checked_sub(start) {
                None | Some(0) => 0,
                Some(bits) => commas & (u64::MAX >> BLOCK.saturating_sub(bits)),
            };
            last_bit(before, start)
        })
    }

    /// Writes the places of all brackets and colons from a place on; answers with how many
    /// there are.
    #[inline(always)]
    pub(super) fn events(&self, from: usize, events: &mut Events) -> usize {
        let from = from - self.start;
        let mut mask = u64::MAX << (from % BLOCK);
        let mut count = 0;
        for block in from / BLOCK..self.blocks {
            let mut bits = (self.brackets[block] | self.colons[block]) & mask;
            mask = u64::MAX;
            let all = bits.count_ones() as usize;
            let mut at = count;
            count += all;
            // More than are meant, a fixed number each time: what is too much is written over.
            while at < count {
                let Some(room) = events[at..].first_chunk_mut::<STEP>() else {
                    break;
                };
                for place in room {
                    *place = (block * BLOCK) as u16 + bits.trailing_zeros() as u16;
                    bits &= bits.wrapping_sub(1);
                }
                at += STEP;
            }
        }
        count
    }
}

/// The places of the bits of a block.
pub(super) struct Bits {
    bits: u64,
    start: usize,
}

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.bits == 0 {
            return None;
        }
        let place = self.start + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(place)
    }
}

/// The place of the highest bit of a block.
pub(super) fn last_bit(bits: u64, start: usize) -> Option<usize> {
    Some(start + bits.checked_ilog2()? as usize)
}
