//! Finds the rule of a member by its name.
//!
//! Names are compared as they stand in the input, without being copied: the first 32 bytes as
//! four words under a mask, the rest (of the few that are longer) as a slice. A name that is
//! written with escapes is looked up by its unescaped form, in a list; that is rare and may
//! be slow.

/// Bytes of a name that are compared as words.
const INLINE: usize = 32;

/// The names of one object's members, each with a number.
#[derive(Debug, Clone, Default)]
pub(super) struct NameTable {
    /// Open addressing; 0 is a free place, n stands for `keys[n - 1]`.
    slots: Box<[u16]>,
    shift: u32,
    keys: Vec<Key>,
    /// Names that cannot stand in JSON text as they are.
    escaped: Vec<(Box<str>, usize)>,
}

#[derive(Debug, Clone)]
struct Key {
    words: [u64; 4],
    masks: [u64; 4],
    name: Box<str>,
    number: usize,
}

impl NameTable {
    /// A table of names, with their position as their number.
    pub(super) fn new<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> Self {
        let size = (names.len() * 4).next_power_of_two().max(8);
        let mut table = Self {
            slots: vec![0; size].into_boxed_slice(),
            shift: u64::BITS - size.trailing_zeros(),
            ..Self::default()
        };
        for (number, name) in names.enumerate() {
            if name
                .bytes()
                .any(|byte| matches!(byte, b'"' | b'\\' | ..0x20))
            {
                table.escaped.push((name.into(), number));
            } else {
                table.insert(name, number);
            }
        }
        table
    }

    fn insert(&mut self, name: &str, number: usize) {
        // As much in front of the name as a lookup can see in front of it.
        let mut text = vec![0; 8];
        text.extend_from_slice(name.as_bytes());
        let mut first = [0; INLINE];
        let mut mask = [0; INLINE];
        for (index, byte) in name.bytes().enumerate().take(INLINE) {
            first[index] = byte;
            mask[index] = u8::MAX;
        }
        let words = as_words(&first);
        let mut slot = self.slot(words[0], &text, name.len());
        while self.slots[slot] != 0 {
            slot = (slot + 1) % self.slots.len();
        }
        self.keys.push(Key {
            words,
            masks: as_words(&mask),
            name: name.into(),
            number,
        });
        self.slots[slot] =
            u16::try_from(self.keys.len()).expect("a shape has fewer than 65,535 members");
    }

    /// Where the search for a name starts: `text` ends with it and has at least 8 bytes.
    #[inline(always)]
    fn slot(&self, first: u64, text: &[u8], length: usize) -> usize {
        let short = 8 - length.min(8) as u32;
        let first = first & u64::MAX.checked_shr(8 * short).unwrap_or(0);
        let last = text.last_chunk::<8>().map_or(0, |l| u64::from_le_bytes(*l));
        let last = last.checked_shr(8 * short).unwrap_or(0);
        let mixed =
            (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> self.shift) as usize
    }

    /// The number of the name `text[start..end]`, which has no escapes. At least 8 bytes
    /// stand in front of it.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        let Some(first) = text.get(start..start + INLINE) else {
            return self.find_at_the_end(text, start, end);
        };
        let words = as_words(first.try_into().ok()?);
        self.find_words(words, &text[..end], end - start)
    }

    #[cold]
    #[inline(never)]
    fn find_at_the_end(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        let mut first = [0; INLINE];
        let there = &text[start..end.min(start + INLINE)];
        first[..there.len()].copy_from_slice(there);
        self.find_words(as_words(&first), &text[..end], end - start)
    }

    #[inline(always)]
    fn find_words(&self, words: [u64; 4], text: &[u8], length: usize) -> Option<usize> {
        let mut slot = self.slot(words[0], text, length);
        loop {
            let index = usize::from(*self.slots.get(slot)?);
            let key = self.keys.get(index.wrapping_sub(1))?;
            if key.name.len() == length && key.has(words, text) {
                return Some(key.number);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// The number of a name that was written with escapes.
    #[cold]
    #[inline(never)]
    pub(super) fn find_unescaped(&self, name: &str) -> Option<usize> {
        let plain = self.keys.iter().map(|key| (&key.name, key.number));
        let escaped = self.escaped.iter().map(|(name, number)| (name, *number));
        plain
            .chain(escaped)
            .find_map(|(known, number)| (**known == *name).then_some(number))
    }
}

impl Key {
    #[inline(always)]
    fn has(&self, words: [u64; 4], text: &[u8]) -> bool {
        let differs = ((words[0] ^ self.words[0]) & self.masks[0])
            | ((words[1] ^ self.words[1]) & self.masks[1])
            | ((words[2] ^ self.words[2]) & self.masks[2])
            | ((words[3] ^ self.words[3]) & self.masks[3]);
        differs == 0 && (self.name.len() <= INLINE || text.ends_with(self.name.as_bytes()))
    }
}

#[inline(always)]
fn as_words(bytes: &[u8; INLINE]) -> [u64; 4] {
    let (eights, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|index| u64::from_le_bytes(eights[index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(table: &NameTable, name: &str, behind: &str) -> Option<usize> {
        let text = format!("{{\"......\"{name}{behind}");
        let start = text.len() - behind.len() - name.len();
        table.find(text.as_bytes(), start, start + name.len())
    }

    #[test]
    fn names_are_found_whatever_stands_around_them() {
        let names = [
            "",
            "a",
            "imageDigest",
            "imageDigesT",
            "package_name_of_thirty_two_bytes",
            "package_name_of_thirty_three_byte",
            "package_name_of_thirty_three_bytf",
            "größe",
        ];
        let table = NameTable::new(names.iter().copied());
        for behind in [
            "",
            "\"",
            "\":\"a value that is longer than thirty-two bytes\"",
        ] {
            for (number, name) in names.iter().enumerate() {
                assert_eq!(find(&table, name, behind), Some(number), "{name} {behind}");
            }
            for other in [
                "b",
                "imageDiges",
                "imageDigest_",
                "package_name_of_thirty_two_byteS",
            ] {
                assert_eq!(find(&table, other, behind), None, "{other} {behind}");
            }
        }
    }

    #[test]
    fn names_that_need_escapes_are_only_found_unescaped() {
        let table = NameTable::new(["a\\b", "plain"].into_iter());
        assert_eq!(find(&table, "a\\b", "\":1"), None);
        assert_eq!(table.find_unescaped("a\\b"), Some(0));
        assert_eq!(table.find_unescaped("plain"), Some(1));
        assert_eq!(table.find_unescaped("a"), None);
    }
}
