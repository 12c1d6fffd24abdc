//! Finds the rule of a member by its name.
//!
//! Names are compared as they stand in the input, without being copied: the first 32 bytes as
//! four words under a mask, the rest (of the few that are longer) as a slice. A name that is
//! written with escapes is looked up by its unescaped form, in a list; that is rare and may
//! be slow.

/// Bytes of a name that are compared as words.
const INLINE: usize = 32;

/// Places of the table.
const SLOTS: usize = 256;

/// The names of one object's members, each with a number.
#[derive(Debug, Clone)]
pub(super) struct NameTable {
    /// Index of the first key of each slot; 0 if there is none.
    slots: Box<[u16; SLOTS]>,
    /// The first is no name.
    keys: Vec<Key>,
    /// Names that cannot stand in JSON text as they are.
    escaped: Vec<(Box<str>, usize)>,
}

#[derive(Debug, Clone)]
struct Key {
    words: [u64; 4],
    masks: [u64; 4],
    length: usize,
    /// The next key of the slot; 0 if there is none.
    next: u16,
    name: Box<[u8]>,
    number: usize,
}

impl NameTable {
    /// A table of names, with their position as their number.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut table = Self {
            slots: Box::new([0; SLOTS]),
            keys: vec![Key {
                words: [0; 4],
                masks: [0; 4],
                // Nothing is that long.
                length: usize::MAX,
                next: 0,
                name: Box::default(),
                number: 0,
            }],
            escaped: Vec::new(),
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
        let mut text = [0; INLINE];
        let mut mask = [0; INLINE];
        for (index, byte) in name.bytes().enumerate().take(INLINE) {
            text[index] = byte;
            mask[index] = u8::MAX;
        }
        let slot = slot(as_words(&text), name.len());
        let index = u16::try_from(self.keys.len()).expect("a shape has fewer members");
        self.keys.push(Key {
            words: as_words(&text),
            masks: as_words(&mask),
            length: name.len(),
            next: std::mem::replace(&mut self.slots[slot], index),
            name: name.as_bytes().into(),
            number,
        });
    }

    /// The number of the name `text[start..end]`, which has no escapes.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        match text[start..].first_chunk() {
            Some(first) => self.find_words(as_words(first), text, start, end),
            None => self.find_at_the_end(text, start, end),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_at_the_end(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        let mut first = [0; INLINE];
        let there = &text[start..end.min(start + INLINE)];
        first[..there.len()].copy_from_slice(there);
        self.find_words(as_words(&first), text, start, end)
    }

    #[inline(always)]
    fn find_words(&self, words: [u64; 4], text: &[u8], start: usize, end: usize) -> Option<usize> {
        let length = end - start;
        let mut index = self.slots[slot(words, length)];
        loop {
            let key = &self.keys[usize::from(index)];
            if key.is(words, length) && (length <= INLINE || *key.name == text[start..end]) {
                return Some(key.number);
            }
            index = key.next;
            if index == 0 {
                return None;
            }
        }
    }

    /// The number of a name that was written with escapes.
    #[cold]
    #[inline(never)]
    pub(super) fn find_unescaped(&self, name: &str) -> Option<usize> {
        let plain = self.keys.iter().skip(1).map(|key| (&*key.name, key.number));
        let escaped = self.escaped.iter();
        let escaped = escaped.map(|(name, number)| (name.as_bytes(), *number));
        plain
            .chain(escaped)
            .find_map(|(known, number)| (known == name.as_bytes()).then_some(number))
    }
}

impl Key {
    #[inline(always)]
    fn is(&self, words: [u64; 4], length: usize) -> bool {
        let differs = ((words[0] ^ self.words[0]) & self.masks[0])
            | ((words[1] ^ self.words[1]) & self.masks[1])
            | ((words[2] ^ self.words[2]) & self.masks[2])
            | ((words[3] ^ self.words[3]) & self.masks[3])
            | (length ^ self.length) as u64;
        differs == 0
    }
}

/// Which bytes of the first two words belong to a name of a length.
const LENGTHS: [[u64; 2]; 17] = {
    let mut masks = [[0, 0]; 17];
    let mut length = 1;
    while length <= 16 {
        masks[length] = masks[length - 1];
        masks[length][(length - 1) / 8] |= 0xff << ((length - 1) % 8 * 8);
        length += 1;
    }
    masks
};

/// The slot of a name.
#[inline(always)]
fn slot(words: [u64; 4], length: usize) -> usize {
    let masks = LENGTHS[length.min(16)];
    let mixed = (words[0] & masks[0]) ^ (words[1] & masks[1]).rotate_left(29) ^ length as u64;
    let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
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
